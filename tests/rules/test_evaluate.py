"""Decisions: what fires, what is held back and why, and what is taken back."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recover import recover
from engine.rules import Evaluator
from engine.types import Alert, Origin, ScoredItem
from tests.records import COLD, HOT, record
from tests.rules.rulesets import FLASH, HEAD, evaluator, ruleset

GUARDED = (
    HEAD
    + FLASH
    + """
    dedup: {by: [entity, headline], window: 30m}
    cooldown: {by: entity, for: 5m, bypass: urgency.high >= 0.98}
"""
)


def told(rules: Evaluator, *records: ScoredItem) -> list[tuple[str, str]]:
    """What goes out for these records, each decided a second after it was first seen."""
    alerts = [alert for each in records for alert in rules.decide(each, each.first_seen + 1).alerts]
    return [(alert.msg_type, alert.item.id) for alert in alerts]


def test_a_hit_becomes_an_alert_that_explains_itself() -> None:
    """An alert carries scores, reasons, model and rules hashes, its times, and an expiry."""
    (alert,) = evaluator().decide(record(at=1_000.0), now=1_002.0).alerts
    assert alert.reasons == ("urgency.high >= 0.9 (0.95)", "sentiment.negative >= 0.75 (0.90)")
    assert (alert.severity, alert.desk, alert.status, alert.entity.id) == ("high", "us", "actual", "ACME")
    assert (alert.t.first_seen, alert.t.emitted, alert.expires) == (1_000.0, 1_002.0, 1_062.0)
    assert alert.scores == HOT
    assert len(alert.rule.sha) == 16


def test_ids_depend_on_the_item_and_not_on_where_it_stood() -> None:
    """The same version of the same item has the same alert id at another offset; another version has another."""
    ids = {
        evaluator().decide(record(version=version, origin=Origin("news.raw", 3, offset)), 1_000.0).alerts[0].id
        for version, offset in ((1, 5), (1, 900), (2, 5))
    }
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        (record("2", "UPDATE 1-Acme cuts its FORECAST", at=1_060.0, source="other"), "dedup"),
        (record("2", "Acme loses its chief", at=1_060.0), "cooldown"),
        (record("2", "Acme loses its chief", at=1_060.0, scores=HOT | {"urgency.high": 0.99}), "fired"),
        (record("2", "Acme loses its chief", at=1_301.0), "fired"),
        (record("2", "Beta cuts its forecast", at=1_060.0, entity="BETA"), "fired"),
        (record("2", "Acme cuts its forecast", at=2_799.0), "dedup"),
        (record("2", "Acme cuts its forecast", at=2_800.0), "fired"),
    ],
)
def test_dedup_and_cooldown(second: ScoredItem, outcome: str) -> None:
    """After an alert at 1,000 s a reprint is deduped and another story rests, unless urgent or about another."""
    rules = evaluator(GUARDED)
    assert told(rules, record("1", at=1_000.0)) == [("alert", "wire:1")]
    assert rules.decide(second, second.first_seen).outcomes == [("flash", outcome)]


def test_what_was_held_back_starts_no_window() -> None:
    """A hit that was suppressed or expired changes no state: the next one fires when the first window is over."""
    rules = evaluator(GUARDED)
    late = record("0", "Acme cuts its forecast", at=900.0, published=800.0)
    assert rules.decide(late, 900.0).outcomes == [("flash", "expired")]
    told(rules, record("1", at=1_000.0), record("2", "Acme loses its chief", at=1_299.0))
    assert told(rules, record("3", "Acme loses its chief", at=1_301.0)) == [("alert", "wire:3")]


@pytest.mark.parametrize(
    "stale",
    [
        record(published=960.0),
        record(at=960.0, published=999.0),
        record(first_created=1_000.0 - 6 * 365 * 86_400),
    ],
    ids=["published long ago", "seen long ago", "an old story under a new stamp"],
)
def test_old_news_does_not_fire(stale: ScoredItem) -> None:
    """An item too old by any of its clocks is counted as expired and never becomes an alert."""
    decision = evaluator().decide(stale, now=1_000.0)
    assert (decision.alerts, decision.outcomes) == ([], [("flash", "expired")])


def test_a_correction_updates_or_cancels() -> None:
    """A corrected version that still holds is an update, one that does not is a cancel; both refer to what was said."""
    rules = evaluator()
    (first,) = rules.decide(record(version=1), 1_000.0).alerts
    (update,) = rules.decide(record(version=2, headline="Acme cuts forecast by half", at=1_010.0), 1_010.0).alerts
    (cancel,) = rules.decide(record(version=3, headline="Acme keeps it", scores=COLD, at=1_020.0), 1_020.0).alerts
    assert [(a.msg_type, a.sequence) for a in (first, update, cancel)] == [("alert", 0), ("update", 1), ("cancel", 2)]
    assert cancel.references == (first.id, update.id)
    assert len({first.dedup_key, update.dedup_key, cancel.dedup_key}) == 3
    assert told(rules, record(version=4, headline="Acme keeps it, still", scores=COLD, at=1_030.0)) == []


def test_a_correction_that_turns_bad_is_an_alert() -> None:
    """Where the original did not fire and its correction does, that is an alert."""
    rules = evaluator()
    assert told(rules, record(version=1, scores=COLD), record(version=2, at=1_005.0)) == [("alert", "wire:1")]


def test_a_correction_before_its_original() -> None:
    """The lower version that comes late is dropped."""
    rules = evaluator()
    rules.decide(record(version=2, scores=COLD), 1_000.0)
    assert rules.decide(record(version=1, at=1_001.0), 1_001.0).standing == "late"


def test_a_withdrawal_cancels_and_leaves_a_tombstone() -> None:
    """A withdrawn item's alert is cancelled, and the item cannot come back at its old version."""
    rules = evaluator()
    assert told(rules, record(), record(status="withdrawn", at=1_005.0)) == [("alert", "wire:1"), ("cancel", "wire:1")]
    assert rules.decide(record(at=1_000.0), 1_006.0).standing == "late"
    assert told(rules, record("9", status="withdrawn")) == []


def test_a_withdrawal_before_its_original() -> None:
    """An item withdrawn before it was seen, without number or stamp, does not fire when it comes."""
    rules = evaluator()
    gone = record(status="withdrawn", at=1_001.0)
    bare = msgspec.structs.replace(gone, item=msgspec.structs.replace(gone.item, published=None))
    assert rules.decide(bare, 1_001.0).standing == "new"
    assert rules.decide(record(at=1_002.0, published=1_000.0), 1_002.0).standing == "late"


def test_a_rule_moved_into_shadow_takes_its_live_alert_back() -> None:
    """What it said live is not left standing when the next version is told in shadow only."""
    rules = evaluator()
    rules.decide(record(version=1), 1_000.0)
    rules.adopt(ruleset(HEAD + FLASH + "    mode: shadow\n"))
    said = rules.decide(record(version=2, headline="Acme cuts it again"), 1_001.0).alerts
    assert {(alert.status, alert.msg_type) for alert in said} == {("shadow", "alert"), ("actual", "cancel")}


def test_a_repeat_by_the_feed_is_a_duplicate() -> None:
    """The same version sent again, at another place, is dropped."""
    rules = evaluator()
    rules.decide(record(), 1_000.0)
    assert rules.decide(record(), 1_001.0).standing == "duplicate"


def test_shadow_rules_speak_apart_and_change_nothing() -> None:
    """A shadow rule's alerts are marked so, and its windows are its own."""
    shadow = GUARDED.replace("id: flash", "id: ghost\n    mode: shadow") + FLASH
    rules = evaluator(shadow)
    statuses = [(a.rule.id, a.status) for a in rules.decide(record(), 1_000.0).alerts]
    assert statuses == [("ghost", "shadow"), ("flash", "actual")]
    again = rules.decide(record("2", at=1_001.0), 1_001.0)
    assert again.outcomes == [("ghost", "dedup"), ("flash", "fired")]


def test_a_rule_switched_off_stops_at_once() -> None:
    """After a reload without it, or with it off, a rule says nothing more, but what it said can still be taken back."""
    rules = evaluator()
    rules.decide(record(), 1_000.0)
    rules.adopt(ruleset(HEAD + FLASH + "    mode: off\n"))
    assert told(rules, record("2", at=1_001.0)) == []
    assert told(rules, record(status="withdrawn", at=1_005.0)) == [("cancel", "wire:1")]


def test_new_rules_count_what_the_old_ones_said() -> None:
    """A reload keeps the past: the new window counts from the alert that the old rules sent."""
    rules = evaluator(GUARDED)
    rules.decide(record(), 1_000.0)
    rules.adopt(ruleset(GUARDED.replace("for: 5m", "for: 10m")))
    assert rules.decide(record("2", "Acme loses its chief", at=1_500.0), 1_500.0).outcomes == [("flash", "cooldown")]


def test_unknowns_are_counted_and_never_fire() -> None:
    """A record without the scores a rule rests on is unknown to it."""
    blank = {"event.other": 0.9}
    assert evaluator().decide(record(scores=blank), 1_000.0).outcomes == [("flash", "unknown")]


Sketch = tuple[int, int, dict[str, float], str, int, bool]
ITEMS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 3),
        st.sampled_from([HOT, COLD]),
        st.sampled_from(["A", "B"]),
        st.integers(0, 400),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
WINDOW = 1_800.0


def stream(items: list[Sketch], *, versions: bool) -> list[ScoredItem]:
    """Records in journal order, some time apart; where asked for, some are versions or withdrawals of others."""
    at, made = 1_000.0, []
    for place, (number, version, scores, entity, gap, withdrawn) in enumerate(items):
        at += gap
        made.append(
            record(
                str(number if versions else place),
                f"{entity} story {number}",
                scores,
                at=at,
                entity=entity,
                version=version if versions else 0,
                status="withdrawn" if versions and withdrawn and version == 3 else "usable",
                origin=Origin("news.raw", 0, place),
            )
        )
    return made


def sent(rules: Evaluator, records: list[ScoredItem]) -> list[Alert]:
    """Every alert for the records, each decided when it was first seen."""
    return [alert for each in records for alert in rules.decide(each, each.first_seen).alerts]


@given(ITEMS)
def test_replay_in_journal_order_gives_the_same_alerts(items: list[Sketch]) -> None:
    """Two evaluators that see the same records say the same, to the last field."""
    records = stream(items, versions=True)
    assert sent(evaluator(GUARDED), records) == sent(evaluator(GUARDED), records)


@given(ITEMS, st.data())
def test_a_crash_anywhere_changes_nothing_that_is_said(items: list[Sketch], data: st.DataObject) -> None:
    """However far journal, alerts and commits had come at the crash: in the end the same alerts went out."""
    records = stream(items, versions=False)
    seen = data.draw(st.integers(0, len(records)), label="decided before the crash")
    committed = data.draw(st.integers(0, seen), label="committed")
    journalled = data.draw(st.integers(committed, seen), label="journalled")
    told_to = data.draw(st.integers(committed, seen), label="alerts published up to")
    published = sent(evaluator(GUARDED), records[:told_to])
    rules = evaluator(GUARDED)
    recover(rules, published, records[:journalled], {("news.raw", 0): committed})
    after = sent(rules, records[committed:])
    whole = sent(evaluator(GUARDED), records)
    assert [alert.id for alert in published + after] == [alert.id for alert in whole]


@given(ITEMS, st.data())
def test_no_crash_gives_one_key_two_ids(items: list[Sketch], data: st.DataObject) -> None:
    """Whatever was lost and in whatever order it comes again: within its window a dedup key has one alert."""
    records = stream(items, versions=True)
    seen = data.draw(st.integers(0, len(records)), label="decided before the crash")
    published = [a for a in sent(evaluator(GUARDED), records[:seen]) if data.draw(st.booleans())]
    journalled = [each for each in records[:seen] if data.draw(st.booleans())]
    rules = evaluator(GUARDED)
    recover(rules, published, journalled, {})
    after = sent(rules, data.draw(st.permutations(records)))
    firsts = {alert.id: alert for alert in published + after if alert.msg_type == "alert"}.values()
    for one, other in itertools.combinations(firsts, 2):
        apart = abs(one.t.first_seen - other.t.first_seen)
        assert one.dedup_key != other.dedup_key or apart >= WINDOW or one.item.id == other.item.id
