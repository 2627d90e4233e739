"""The rules at work: one journal record in, the alerts it causes out. Pure: state moves on ``first_seen`` only.

``now`` is an argument and gates emission alone: an item too old to act on does not fire, and changes no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from engine.rules.book import Book
from engine.rules.build import Builder
from engine.rules.compile import Check, compile_condition
from engine.rules.facts import Facts
from engine.rules.lifecycle import Lifecycle, Standing
from engine.rules.schema import Mode, Rule, RuleSet
from engine.types import Alert, Instant, ItemRef, ModelRef, NewsItem, ScoredItem, Status

Outcome = Literal["fired", "update", "cancel", "repeated", "expired", "dedup", "cooldown", "unknown"]
_FORGET_EVERY = 1_000  # records; forgetting is a scan from the oldest, cheap but not free


class Decision(Struct, frozen=True):
    """What became of a record: how it stands to earlier versions, its alerts, and each rule's outcome."""

    standing: Standing
    alerts: list[Alert] = []
    outcomes: list[tuple[str, Outcome]] = []

    @property
    def counts(self) -> bool:
        """Whether the record is news to the rules: it belongs into the journal."""
        return self.standing in ("new", "newer", "redelivered")


class _Compiled(Struct, frozen=True):
    rule: Rule
    check: Check
    bypass: Callable[[Facts], bool | None]


class Evaluator:
    """The rules in force and what they remember.

    Args:
        pipeline: the pipeline's name, part of every alert's id.
        model: the model in force, named by every alert.
        memory: seconds of items and alerts to remember; at least the rules' longest window.
    """

    def __init__(self, pipeline: str, model: ModelRef, memory: float) -> None:
        self._builder = Builder(pipeline, model)
        self._memory = memory
        self._compiled: list[_Compiled] = []
        self._modes: dict[str, Mode] = {}
        self._books = {"live": Book(), "shadow": Book()}
        self._items = Lifecycle()
        self._since_forgotten = 0
        self.rules = RuleSet((), "")

    def adopt(self, rules: RuleSet) -> None:
        """Swap the rules between two items; what was said is kept and counted by the new rules' keys."""
        self._compiled = [_compile(rule) for rule in rules.rules if rule.mode != "off"]
        self._modes = {rule.id: rule.mode for rule in rules.rules}
        by_id = {rule.id: rule for rule in rules.rules}
        for book in self._books.values():
            book.adopt(by_id)
        self.rules = rules
        self._builder.rules_sha = rules.sha

    @property
    def horizon(self) -> float:
        """Seconds of the past that decisions can depend on: what recovery has to read back."""
        return max(self._memory, self.rules.longest_window)

    def decide(self, record: ScoredItem, now: Instant) -> Decision:
        """Evaluate every rule, in order, against one record."""
        self._forget(record.first_seen)
        item = record.item
        standing = self._items.admit(item, record.origin, record.first_seen)
        if standing in ("duplicate", "late"):
            return Decision(standing)
        decision = Decision(standing, [], [])
        if item.status == "usable":
            facts = Facts.of_record(record)
            for compiled in self._compiled:
                self._apply(compiled, record, facts, now, decision)
        self._cancel(record, now, decision)
        return decision

    def replay(self, record: ScoredItem) -> None:
        """Fold a record of the journal's tail into the state, with emission off."""
        self._items.admit(record.item, record.origin, record.first_seen)

    def published(self, alert: Alert) -> None:
        """Fold in an alert that the topic already holds."""
        self._books["shadow" if alert.status == "shadow" else "live"].record(alert)
        self._items.admit(_version_of(alert.item, alert), None, alert.t.first_seen)

    def _apply(self, compiled: _Compiled, record: ScoredItem, facts: Facts, now: Instant, decision: Decision) -> None:
        rule = compiled.rule
        value = compiled.check.test(facts)
        if value is not True:
            if value is None:
                decision.outcomes.append((rule.id, "unknown"))
            return
        book = self._books[rule.mode]
        last = book.said(record.item.id).get(rule.id)
        outcome = "fired" if last is None else _after(last, record.item)
        if outcome == "fired":
            outcome = self._gate(compiled, record, facts, now, book)
        decision.outcomes.append((rule.id, outcome))
        if outcome in ("fired", "update"):
            alert = self._builder.alert(rule, record, now, compiled.check.reasons(facts), last)
            book.record(alert)
            decision.alerts.append(alert)

    def _gate(self, compiled: _Compiled, record: ScoredItem, facts: Facts, now: Instant, book: Book) -> Outcome:
        """What stands between a hit and its alert, in the order of precedence."""
        rule, at, item = compiled.rule, record.first_seen, record.item.id
        if _expired(rule, record, now):
            return "expired"
        if (dedup := rule.dedup) and book.claimed("dedup", rule.id, facts.key(dedup.by), item, at, dedup.seconds):
            return "dedup"
        rest = rule.cooldown
        if (
            rest
            and book.claimed("cooldown", rule.id, facts.key(rest.by), item, at, rest.seconds)
            and compiled.bypass(facts) is not True
        ):
            return "cooldown"
        return "fired"

    def _cancel(self, record: ScoredItem, now: Instant, decision: Decision) -> None:
        """Take back what was said about the item and is not true of this version of it."""
        for last in self._fallen(record.item, decision):
            alert = self._builder.cancel(last, record, now)
            self._books["shadow" if alert.status == "shadow" else "live"].record(alert)
            decision.alerts.append(alert)
            decision.outcomes.append((alert.rule.id, "cancel"))

    def _fallen(self, item: NewsItem, decision: Decision) -> Iterator[Alert]:
        holds = {rule for rule, outcome in decision.outcomes if outcome in ("fired", "update", "repeated")}
        for name, book in self._books.items():
            for rule, last in list(book.said(item.id).items()):
                still = rule in holds and self._modes.get(rule) == name  # One moved into shadow no longer speaks live.
                if not still and last.msg_type != "cancel" and last.item.revision != item.revision:
                    yield last

    def _forget(self, first_seen: Instant) -> None:
        self._since_forgotten += 1
        if self._since_forgotten >= _FORGET_EVERY:
            self._since_forgotten = 0
            self._items.forget(first_seen - self.horizon)
            for book in self._books.values():
                book.forget(first_seen - self.horizon)


def _compile(rule: Rule) -> _Compiled:
    bypass = rule.cooldown.bypass if rule.cooldown else None
    return _Compiled(rule, compile_condition(rule.when), compile_condition(bypass).test if bypass else lambda _: False)


def _after(last: Alert, item: NewsItem) -> Outcome:
    """What a further hit of one rule on one item is: the same version again, or a new one."""
    return "repeated" if last.item.revision == item.revision else "update"


def _expired(rule: Rule, record: ScoredItem, now: Instant) -> bool:
    item = record.item
    newest = min(record.first_seen, record.first_seen if item.published is None else item.published)
    old_story = item.first_created is not None and record.first_seen - item.first_created > rule.max_story_age
    return now - newest > rule.max_age or old_story


def _version_of(ref: ItemRef, alert: Alert) -> NewsItem:
    status: Status = "withdrawn" if alert.msg_type == "cancel" and not alert.scores else "usable"
    return NewsItem(
        ref.id, ref.revision, ref.source, alert.headline, ref.version, status, published=alert.t.published
    )  # fmt: skip
