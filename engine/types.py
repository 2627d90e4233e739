"""The values that flow down the line, frozen. Nothing here does I/O or imports another room.

Times are ``Instant``: seconds since the Unix epoch, UTC, as a float (microsecond resolution).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Instant = float
Scores = Mapping[str, float]
"""Probabilities by head and label, as the artefact's manifest names them: ``urgency.high``, ``trigger``."""

Status = Literal["usable", "withdrawn"]
MsgType = Literal["alert", "update", "cancel"]
AlertStatus = Literal["actual", "shadow", "test"]
Severity = Literal["low", "medium", "high", "critical"]


class Origin(Struct, frozen=True):
    """Where a message stands in its source: topic (or file), partition, offset (or line number)."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Delivery(Struct, frozen=True):
    """One message as it came, before anyone has looked inside.

    ``first_seen`` is the broker's append time (or our receipt) and the only clock that moves state;
    ``received`` is this process's monotonic clock in seconds, for stage timings.
    ``held`` marks the re-entry of an embargoed item at its release.
    """

    origin: Origin
    value: bytes | None
    first_seen: Instant
    received: float = 0.0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    held: bool = False


class Symbol(Struct, frozen=True, omit_defaults=True):
    """A security: ticker and, where the feed says so, the market identifier code (``XNAS``)."""

    symbol: str
    exchange: str = ""


class NewsItem(Struct, frozen=True, omit_defaults=True):
    """One version of one news item, validated.

    ``id`` is namespaced by source (``reuters:urn:…``). ``revision`` is a hash of what the item says,
    so it names a version even where the feed numbers none. ``version`` is the feed's number, 0 without one.
    ``published`` is the publisher's claim; ``first_created`` the claim for the item's first version.
    """

    id: str
    revision: str
    source: str
    headline: str
    version: int = 0
    status: Status = "usable"
    published: Instant | None = None
    first_created: Instant | None = None
    embargo: Instant | None = None
    symbols: tuple[Symbol, ...] = ()
    language: str = ""
    url: str = ""


class Entity(Struct, frozen=True, omit_defaults=True):
    """What an item is about: a ticker, or a pseudo-entity, so that keys are never null."""

    id: str
    symbols: tuple[Symbol, ...] = ()
    relevance: float = 1.0


class ScoredItem(Struct, frozen=True, omit_defaults=True):
    """One record of the journal: all that rules may look at, written once and never scored again.

    ``decided`` is the wall clock at the decision (the ``now`` that gated emission), so that a replay
    repeats it. ``scores`` is empty for a withdrawn item.
    """

    item: NewsItem
    entity: Entity
    first_seen: Instant
    scored: Instant
    decided: Instant
    origin: Origin
    also: tuple[str, ...] = ()
    scores: dict[str, float] = {}
    model: str = ""


class RuleRef(Struct, frozen=True):
    """Which rule fired, and the hash of the rule set it stood in."""

    id: str
    sha: str


class ModelRef(Struct, frozen=True):
    """Which model scored, and the hash of its weights."""

    id: str
    sha: str


class ItemRef(Struct, frozen=True, omit_defaults=True):
    """The item an alert is about."""

    id: str
    revision: str
    source: str
    version: int = 0
    url: str = ""


class Times(Struct, frozen=True):
    """The alert's four moments, ``published`` being the publisher's claim."""

    published: Instant | None
    first_seen: Instant
    scored: Instant
    emitted: Instant


class Alert(Struct, frozen=True):
    """What a desk receives. ``id``, ``dedup_key``, ``sequence`` and ``expires`` travel as CloudEvents attributes."""

    id: str
    dedup_key: str
    sequence: int
    expires: Instant
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
    t: Times
    reasons: tuple[str, ...]


class DeadLetter(Struct, frozen=True):
    """A message that cannot be used, with the reason. ``value`` is what came, byte for byte."""

    delivery: Delivery
    stage: str
    error: str
    message: str
