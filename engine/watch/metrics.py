"""What an SRE reads off the engine, as Prometheus metrics. Every item ends in exactly one ``fate``."""

from __future__ import annotations

import time
from collections import Counter as TallyCounter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.rules import Decision
from engine.types import Delivery, Instant, ScoredItem

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The engine's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._fates = self._counter("flashwire_items", "Items by what became of them", "fate")
        self._flags = self._counter("flashwire_item_flags", "Oddities that were mended, by kind", "flag")
        self._unknown = self._counter("flashwire_unknown_fields", "Fields of items that no format knows")
        self._outcomes = self._counter("flashwire_rule_outcomes", "Hits and unknowns by rule", "rule", "outcome")
        self._alerts = self._counter("flashwire_alerts", "Alerts that went out", "rule", "status", "msg_type")
        self._reloads = self._counter("flashwire_rules_reloads", "Reloads of the rules", "result")
        self._batches = Histogram("flashwire_batch_items", "Items a batch", buckets=_SIZES, registry=self.registry)
        self._inference = self._histogram("flashwire_score_seconds", "Tokenizing and inference of one batch")
        self._to_decision = self._histogram("flashwire_item_seconds", "First seen to decided, every item")
        self._to_alert = self._histogram("flashwire_alert_seconds", "First seen to alert handed to the sink")
        self._in_line = self._histogram("flashwire_line_seconds", "Received by this process to decided, every item")
        self.last_seen = self._gauge("flashwire_source_last_seen_timestamp_seconds", "Last sign of life of the source")
        self.unacknowledged = self._gauge("flashwire_items_unacknowledged", "Read, and not yet safe to commit")

    def fate(self, name: str) -> None:
        """Count an item's end."""
        self._fates.labels(name).inc()

    def fates(self) -> TallyCounter[str]:
        """How many items ended in which fate."""
        return _tally(self._fates, "fate")

    def outcomes(self) -> TallyCounter[str]:
        """How often rules came to which outcome, all rules together."""
        return _tally(self._outcomes, "outcome")

    def decoded(self, flags: tuple[str, ...], unknown: tuple[str, ...]) -> None:
        """Count what was odd about an item that could be used."""
        for flag in flags:
            self._flags.labels(flag).inc()
        if unknown:
            self._unknown.inc(len(unknown))

    def batch(self, items: int, seconds: float) -> None:
        """Note one batch."""
        self._batches.observe(items)
        self._inference.observe(seconds)

    def decided(self, delivery: Delivery, record: ScoredItem, decision: Decision, now: Instant) -> None:
        """Note one decision: the item's fate, each rule's outcome, and how long it took."""
        fate = "decided" if decision.counts else decision.standing
        self.fate("withdrawn" if decision.counts and record.item.status == "withdrawn" else fate)
        for rule, outcome in decision.outcomes:
            self._outcomes.labels(rule, outcome).inc()
        for alert in decision.alerts:
            self._alerts.labels(alert.rule.id, alert.status, alert.msg_type).inc()
            self._to_alert.observe(max(0.0, now - record.first_seen))
        self._to_decision.observe(max(0.0, now - record.first_seen))
        if delivery.received:
            self._in_line.observe(time.monotonic() - delivery.received)

    def reloaded(self, result: str) -> None:
        """Count a reload of the rules, ``ok`` or ``refused``."""
        self._reloads.labels(result).inc()

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, buckets=_SECONDS, registry=self.registry)


def _tally(counter: Counter, label: str) -> TallyCounter[str]:
    tally: TallyCounter[str] = TallyCounter()
    for family in counter.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                tally[sample.labels[label]] += int(sample.value)
    return tally
