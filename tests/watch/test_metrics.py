"""Metrics: each item in exactly one fate, each rule's outcomes, times in seconds, and text that Prometheus reads."""

from __future__ import annotations

import time

from prometheus_client.parser import text_string_to_metric_families

from engine.rules import Decision
from engine.types import Delivery, Instant
from engine.watch.metrics import Metrics
from tests.records import COLD, record
from tests.rules.rulesets import FLASH, HEAD, evaluator


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus would parse the page."""
    return {
        ",".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def decided(metrics: Metrics, *records: tuple[str, dict[str, float], str], now: Instant = 1_002.0) -> None:
    """Decide items first seen at 1,000 s, and note each."""
    rules = evaluator(HEAD + FLASH + FLASH.replace("id: flash", "id: ghost\n    mode: shadow"))
    for item_id, scores, status in records:
        entry = record(item_id, scores=scores, status="withdrawn" if status == "withdrawn" else "usable")
        delivery = Delivery(entry.origin, b"", entry.first_seen, time.monotonic())
        metrics.decided(delivery, entry, rules.decide(entry, now), now)


HOT = {"urgency.high": 0.95, "sentiment.negative": 0.9}


def test_an_empty_page_parses() -> None:
    """Before anything happened the page is valid, and counts nothing."""
    assert samples(Metrics())["flashwire_unknown_fields_total"] == 0.0


def test_every_item_has_one_fate() -> None:
    """Decided, withdrawn, duplicate, late, dead or held: the sum is the number of items."""
    metrics = Metrics()
    decided(metrics, ("1", HOT, ""), ("2", COLD, ""), ("1", HOT, ""), ("1", HOT, "withdrawn"), ("1", HOT, ""))
    metrics.fate("dead_letter")
    metrics.fate("held")
    fates = {"decided": 2, "duplicate": 1, "withdrawn": 1, "late": 1, "dead_letter": 1, "held": 1}
    assert metrics.fates() == fates
    found = samples(metrics)
    assert {name: found[f"flashwire_items_total,fate={name}"] for name in fates} == fates
    assert found["flashwire_item_seconds_count"] == found["flashwire_line_seconds_count"] == 5


def test_rules_and_alerts_are_counted_by_name() -> None:
    """Outcomes by rule; alerts by rule, status and message type, shadow ones apart."""
    metrics = Metrics()
    decided(metrics, ("1", HOT, ""), ("2", {"trigger": 0.5}, ""), ("1", HOT, "withdrawn"))
    found = samples(metrics)
    for rule, status in (("flash", "actual"), ("ghost", "shadow")):
        for outcome in ("fired", "unknown", "cancel"):
            assert found[f"flashwire_rule_outcomes_total,outcome={outcome},rule={rule}"] == 1
        for msg_type in ("alert", "cancel"):
            assert found[f"flashwire_alerts_total,msg_type={msg_type},rule={rule},status={status}"] == 1


def test_times_are_in_seconds_and_never_negative() -> None:
    """An alert two seconds after its item is one of 2 s; where the broker's clock is ahead of ours it is one of 0 s."""
    metrics = Metrics()
    decided(metrics, ("1", HOT, ""), now=1_002.0)
    decided(metrics, ("2", COLD, ""), now=999.0)
    found = samples(metrics)
    assert (found["flashwire_item_seconds_sum"], found["flashwire_item_seconds_count"]) == (2.0, 2)
    assert found["flashwire_alert_seconds_sum"] == 4.0  # The rule and its shadow.
    assert found["flashwire_item_seconds_bucket,le=0.001"] == 1


def test_batches_oddities_and_reloads() -> None:
    """Batches by size and time, mended oddities by kind, unknown fields, reloads by result."""
    metrics = Metrics()
    metrics.batch(3, 0.012)
    metrics.decoded(("headline_cut", "url_dropped"), ("colour", "mood"))
    metrics.decoded((), ())
    for result in ("ok", "refused", "refused"):
        metrics.reloaded(result)
    found = samples(metrics)
    assert (found["flashwire_batch_items_sum"], found["flashwire_score_seconds_sum"]) == (3.0, 0.012)
    assert found["flashwire_item_flags_total,flag=headline_cut"] == 1
    assert found["flashwire_unknown_fields_total"] == 2
    assert found["flashwire_rules_reloads_total,result=refused"] == 2


def test_two_engines_in_one_process_count_apart() -> None:
    """The registry is the engine's own."""
    one, other = Metrics(), Metrics()
    one.fate("held")
    assert (one.fates(), other.fates()) == ({"held": 1}, {})


def test_a_replayed_item_without_a_receipt_has_no_line_time() -> None:
    """Where nothing says when this process received the item, its time in line is not made up."""
    metrics, entry = Metrics(), record()
    metrics.decided(Delivery(entry.origin, b"", entry.first_seen), entry, Decision("new"), 1_000.0)
    assert samples(metrics)["flashwire_line_seconds_count"] == 0
