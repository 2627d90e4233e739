"""Alerts out: CloudEvents 1.0, Kafka protocol binding, binary mode. Attributes are headers, the data is the value.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import orjson
from msgspec import Meta, Struct, structs
from msgspec.json import Decoder

from engine.codec.parsing import parse
from engine.codec.times import read, write
from engine.errors import SchemaError
from engine.types import Alert, AlertStatus, Entity, ItemRef, ModelRef, MsgType, RuleRef, Severity, Times

TYPE = "flashwire.alert.v1"
SCHEMA = "urn:flashwire:alert:v1"
Headers = list[tuple[str, bytes]]
_Moment = Annotated[datetime, Meta(tz=True)]
_DIGITS = 4  # decimals of a score


class _Moments(Struct, frozen=True):
    published: _Moment | None
    first_seen: _Moment
    scored: _Moment
    emitted: _Moment


class _Body(Struct, frozen=True):
    """The value; its names are those of ``Alert``."""

    msg_type: MsgType
    references: tuple[str, ...]
    status: AlertStatus
    severity: Severity
    desk: str
    rule: RuleRef
    model: ModelRef
    entity: Entity
    also: tuple[str, ...]
    scores: dict[str, float]
    headline: str
    item: ItemRef
    t: _Moments
    reasons: tuple[str, ...]


_DECODER = Decoder(_Body)


def encode(alert: Alert, *, source: str) -> tuple[bytes, bytes, Headers]:
    """Key (the entity's id), value and headers. ``source`` is a URI reference such as ``/flashwire/us-desk``.

    Times are written to the microsecond, scores to four decimals.
    """
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": alert.id,
        "ce_type": TYPE,
        "ce_source": source,
        "ce_time": write(alert.t.emitted),
        "ce_subject": alert.entity.id,
        "ce_dataschema": SCHEMA,
        "ce_expirytime": write(alert.expires),
        "ce_dedupkey": alert.dedup_key,
        "ce_sequence": str(alert.sequence),
        "ce_msgtype": alert.msg_type,
        "ce_severity": alert.severity,
        "ce_desk": alert.desk,
        "content-type": "application/json",
    }
    headers = [(name, text.encode()) for name, text in attributes.items()]
    return alert.entity.id.encode(), orjson.dumps(_body(alert)), headers


def decode(value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Alert:
    """The alert that ``encode`` wrote. Unknown fields and headers are passed over.

    Raises:
        NotJsonError: the value is not JSON.
        SchemaError: it is not an alert of this version; the message names the header or the path.
    """
    attributes = dict(headers)
    if (kind := _text(attributes, "ce_type")) != TYPE:
        raise SchemaError(f"ce_type: {kind!r} is not {TYPE!r}")
    body = parse(_DECODER, value or b"null")
    fields: dict[str, Any] = structs.asdict(body)
    fields["t"] = Times(*(moment and moment.timestamp() for moment in structs.astuple(body.t)))
    return Alert(
        id=_text(attributes, "ce_id"),
        dedup_key=_text(attributes, "ce_dedupkey"),
        sequence=_number(attributes, "ce_sequence"),
        expires=read(_text(attributes, "ce_expirytime"), "ce_expirytime")[0],
        **fields,
    )


def _body(alert: Alert) -> dict[str, object]:
    """Every field is written, defaults too: readers in other languages should not need to know our defaults."""
    times = structs.asdict(alert.t)
    return {
        "msg_type": alert.msg_type,
        "references": alert.references,
        "status": alert.status,
        "severity": alert.severity,
        "desk": alert.desk,
        "rule": structs.asdict(alert.rule),
        "model": structs.asdict(alert.model),
        "entity": structs.asdict(alert.entity) | {"symbols": [structs.asdict(each) for each in alert.entity.symbols]},
        "also": alert.also,
        "scores": {name: round(score, _DIGITS) for name, score in alert.scores.items()},
        "headline": alert.headline,
        "item": structs.asdict(alert.item),
        "t": {name: None if instant is None else write(instant) for name, instant in times.items()},
        "reasons": alert.reasons,
    }


def _text(headers: dict[str, bytes], name: str) -> str:
    try:
        return headers[name].decode()
    except KeyError:
        raise SchemaError(f"{name}: this header is missing") from None
    except (UnicodeDecodeError, AttributeError):
        raise SchemaError(f"{name}: this header is not text in UTF-8") from None


def _number(headers: dict[str, bytes], name: str) -> int:
    text = _text(headers, name)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise SchemaError(f"{name}: {text[:60]!r} is not a number")
    return int(text)
