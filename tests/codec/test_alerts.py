"""Alerts as CloudEvents, there and back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.codec import alerts
from engine.errors import DeadLetterError, NotJsonError, SchemaError
from engine.types import Alert, Entity, ItemRef, ModelRef, RuleRef, Symbol, Times

NOW = 1_772_458_200.0  # 2026-03-02T13:30:00Z
ALERT = Alert(
    id="3f2a9c51d07be846",
    dedup_key="neg-flash|ACME",
    sequence=2,
    expires=NOW + 60,
    msg_type="update",
    references=("0011223344556677",),
    status="actual",
    severity="high",
    desk="us-equities",
    rule=RuleRef("neg-flash", "aa11"),
    model=ModelRef("news-flash", "bb22"),
    entity=Entity("ACME", (Symbol("ACME", "XNAS"), Symbol("ACME")), 0.94),
    also=("BETA",),
    scores={"urgency.high": 0.9712, "trigger": 0.93},
    headline="Acme « cuts » guidance",
    item=ItemRef("reuters:1", "3971c78b8ce796ed", "reuters", 1, "https://example.com/1"),
    t=Times(NOW - 0.75, NOW - 0.01, NOW - 0.002, NOW - 0.000001),
    reasons=("urgency.high >= 0.90 (0.97)",),
)
SOURCE = "/flashwire/us-desk"


def test_headers() -> None:
    """The attributes stand in the headers, so that a subscriber can choose without reading the value."""
    key, _, headers = alerts.encode(ALERT, source=SOURCE)
    assert key == b"ACME"
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"3f2a9c51d07be846",
        "ce_type": b"flashwire.alert.v1",
        "ce_source": b"/flashwire/us-desk",
        "ce_time": b"2026-03-02T13:29:59.999999Z",
        "ce_subject": b"ACME",
        "ce_dataschema": b"urn:flashwire:alert:v1",
        "ce_expirytime": b"2026-03-02T13:31:00.000000Z",
        "ce_dedupkey": b"neg-flash|ACME",
        "ce_sequence": b"2",
        "ce_msgtype": b"update",
        "ce_severity": b"high",
        "ce_desk": b"us-equities",
        "content-type": b"application/json",
    }
    assert len(headers) == 14


def test_value() -> None:
    """The value is the JSON of the docs, every field written out."""
    assert orjson.loads(alerts.encode(ALERT, source=SOURCE)[1]) == {
        "msg_type": "update",
        "references": ["0011223344556677"],
        "status": "actual",
        "severity": "high",
        "desk": "us-equities",
        "rule": {"id": "neg-flash", "sha": "aa11"},
        "model": {"id": "news-flash", "sha": "bb22"},
        "entity": {
            "id": "ACME",
            "symbols": [{"symbol": "ACME", "exchange": "XNAS"}, {"symbol": "ACME", "exchange": ""}],
            "relevance": 0.94,
        },
        "also": ["BETA"],
        "scores": {"urgency.high": 0.9712, "trigger": 0.93},
        "headline": "Acme « cuts » guidance",
        "item": {
            "id": "reuters:1",
            "revision": "3971c78b8ce796ed",
            "source": "reuters",
            "version": 1,
            "url": "https://example.com/1",
        },
        "t": {
            "published": "2026-03-02T13:29:59.250000Z",
            "first_seen": "2026-03-02T13:29:59.990000Z",
            "scored": "2026-03-02T13:29:59.998000Z",
            "emitted": "2026-03-02T13:29:59.999999Z",
        },
        "reasons": ["urgency.high >= 0.90 (0.97)"],
    }


@pytest.mark.parametrize("desk", ["us-equities", "aktien-zürich", ""])
def test_the_cloudevents_sdk_reads_it(desk: str) -> None:
    """The reference SDK finds a valid CloudEvent in the message."""
    key, value, headers = alerts.encode(structs.replace(ALERT, desk=desk), source=SOURCE)
    event = from_kafka_event(KafkaMessage(headers=dict(headers), key=key, value=value))
    assert (event.get_specversion(), event.get_id(), event.get_type()) == ("1.0", ALERT.id, alerts.TYPE)
    assert (event.get_source(), event.get_subject(), event.get_dataschema()) == (SOURCE, "ACME", alerts.SCHEMA)
    time = event.get_time()
    assert time is not None
    assert time.timestamp() == ALERT.t.emitted
    assert event.get_extension("partitionkey") == "ACME"
    assert event.get_extension("desk") == desk
    assert event.get_data() == orjson.loads(value)


INSTANTS = st.integers(0, 4_102_444_800_000_000).map(lambda microseconds: microseconds / 1e6)  # until 2100
SCORES = st.dictionaries(st.text(), st.integers(0, 10_000).map(lambda score: score / 10_000), max_size=4)
ALERTS = st.builds(
    Alert,
    sequence=st.integers(0, 2**53),
    expires=INSTANTS,
    entity=st.builds(
        Entity,
        symbols=st.lists(st.builds(Symbol, exchange=st.text(max_size=4)), max_size=2).map(tuple),
        relevance=st.floats(0, 1),
    ),
    scores=SCORES,
    item=st.builds(ItemRef, version=st.integers(0, 2**53), url=st.text(max_size=8)),
    t=st.builds(Times, st.none() | INSTANTS, INSTANTS, INSTANTS, INSTANTS),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ALERTS)
def test_round_trip(alert: Alert) -> None:
    """An alert read back is the one that was written: times to the microsecond, scores to four decimals."""
    _, value, headers = alerts.encode(alert, source=SOURCE)
    assert alerts.decode(value, headers) == alert


def test_scores_are_rounded() -> None:
    """Scores have four decimals; the journal has them in full."""
    alert = structs.replace(ALERT, scores={"trigger": 0.93456789})
    assert alerts.decode(*alerts.encode(alert, source=SOURCE)[1:]).scores == {"trigger": 0.9346}


def test_additions_are_passed_over() -> None:
    """A reader of this version reads what a later one adds fields and headers to."""
    _, value, headers = alerts.encode(ALERT, source=SOURCE)
    later = orjson.dumps({**orjson.loads(value), "story": {"id": "s"}})
    assert alerts.decode(later, [*headers, ("ce_traceparent", b"00-1"), ("x", b"\xff")]) == ALERT


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ce_id", None),
        ("ce_id", b"\xff"),
        ("ce_type", None),
        ("ce_type", b"flashwire.alert.v2"),
        ("ce_dedupkey", None),
        ("ce_sequence", b"one"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"9" * 5000),
        ("ce_expirytime", b"soon"),
    ],
)
def test_bad_headers_are_refused(name: str, text: bytes | None) -> None:
    """A message without the headers of an alert is none; the message names the header."""
    _, value, headers = alerts.encode(ALERT, source=SOURCE)
    others = [header for header in headers if header[0] != name]
    with pytest.raises(SchemaError, match=name):
        alerts.decode(value, others if text is None else [*others, (name, text)])


@pytest.mark.parametrize(
    "change",
    [
        {"msg_type": "shout"},
        {"scores": {"trigger": None}},
        {"t": {"published": None}},
        {"t": {"published": None, **dict.fromkeys(("first_seen", "scored", "emitted"), "2026-03-02T13:30:00")}},
        {"rule": "neg-flash"},
    ],
)
def test_bad_values_are_refused(change: dict[str, Any]) -> None:
    """A value that is no alert is refused, a time without a zone too."""
    _, value, headers = alerts.encode(ALERT, source=SOURCE)
    with pytest.raises(SchemaError):
        alerts.decode(orjson.dumps({**orjson.loads(value), **change}), headers)


@pytest.mark.parametrize(
    ("value", "error"), [(None, SchemaError), (b"", SchemaError), (b"{}", SchemaError), (b"{", NotJsonError)]
)
def test_no_alert_at_all(value: bytes | None, error: type[DeadLetterError]) -> None:
    """Neither a tombstone nor broken JSON passes for an alert."""
    with pytest.raises(error):
        alerts.decode(value, alerts.encode(ALERT, source=SOURCE)[2])
