"""The seams of the line: what the pipeline asks of the world. These are the only Protocols in the engine.

The clock is no port: it is a plain callable ``() -> Instant`` handed to whoever needs the time.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.types import Alert, DeadLetter, Delivery, Instant, NewsItem, ScoredItem, Scores

Offsets = Mapping[tuple[str, int], int]
"""For every (topic, partition): the next offset to read, all before it being acknowledged."""


class Source(Protocol):
    """Where news comes from. At least once: what was not committed is delivered again after a restart."""

    async def read(self) -> Sequence[Delivery]:
        """The next messages, in order, at least one; an empty sequence once the source has ended."""

    async def hold(self, delivery: Delivery, item: NewsItem, until: Instant) -> Future[None]:
        """Keep an embargoed item until its release, when ``read`` delivers it again with ``held`` set."""

    def commit(self, offsets: Offsets) -> None:
        """Note that all before these offsets is acknowledged. Never blocks; the latest call wins."""

    def release(self, delivery: Delivery) -> None:
        """Note that a held item re-entered and is acknowledged: it is held no longer. Never blocks."""


class Scorer(Protocol):
    """Texts to probabilities. Called in a worker thread; a text's scores depend on nothing but the text."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """One ``Scores`` per text, in order."""


class Journal(Protocol):
    """Every scored item, in the order of decisions. Written once, read by recovery, backtest and explain."""

    async def append(self, record: ScoredItem) -> Future[None]:
        """Hand the record over; the future is done once it is acknowledged, and carries the error if never."""


class Sink(Protocol):
    """Where alerts and dead letters go."""

    async def publish(self, alert: Alert) -> Future[None]:
        """Hand the alert over; the future is done once it is acknowledged."""

    async def dead_letter(self, letter: DeadLetter) -> Future[None]:
        """Set the message aside with its original bytes; the future is done once it is acknowledged."""
