"""Source, journal and sink in memory: for the demo, for tests, and for anyone who embeds the line.

Guarantee: none across a restart; within the process, order in is order out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from msgspec import structs

from engine.io.holding import Holding, hold_key
from engine.ports import Offsets
from engine.types import Alert, DeadLetter, Delivery, Instant, NewsItem, Origin, ScoredItem


def done() -> asyncio.Future[None]:
    """An acknowledgement that has already come."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


class MemorySource:
    """Deliveries as they are put; ends after ``end``, once what is embargoed has been released."""

    def __init__(self, topic: str = "memory", clock: Callable[[], Instant] = time.time) -> None:
        self._topic, self._clock, self._offset = topic, clock, 0
        self._queue: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._holding, self._ended = Holding(), False
        self.committed: dict[tuple[str, int], int] = {}
        self.released: list[Origin] = []

    def put(self, value: bytes | None, first_seen: Instant | None = None) -> Origin:
        """Add one message; it was first seen now unless told otherwise."""
        origin = Origin(self._topic, 0, self._offset)
        self._offset += 1
        seen = self._clock() if first_seen is None else first_seen
        self._queue.put_nowait(Delivery(origin, value, seen, time.monotonic()))
        return origin

    def end(self) -> None:
        """No more will be put."""
        self._queue.put_nowait(None)

    async def read(self) -> Sequence[Delivery]:
        """The next deliveries; those released from embargo first."""
        while True:
            if released := self._holding.due(self._clock()):
                return released
            if self._ended and not self._holding:
                return ()
            if arrived := await self._arrived(self._holding.wait(self._clock(), at_most=3600.0)):
                return arrived

    async def hold(self, delivery: Delivery, item: NewsItem, until: Instant) -> asyncio.Future[None]:
        """Keep the item until its release."""
        again = structs.replace(delivery, held=True, first_seen=until)
        self._holding.add(hold_key(item), again, until)
        return done()

    def commit(self, offsets: Offsets) -> None:
        """Remember the offsets."""
        self.committed.update(offsets)

    def release(self, delivery: Delivery) -> None:
        """Remember that the item is held no longer."""
        self.released.append(delivery.origin)

    async def _arrived(self, seconds: float) -> list[Delivery]:
        if self._ended:
            await asyncio.sleep(seconds)
            return []
        try:
            async with asyncio.timeout(seconds):
                arrived = [await self._queue.get()]
        except TimeoutError:
            return []
        while not self._queue.empty():
            arrived.append(self._queue.get_nowait())
        self._ended = arrived[-1] is None
        return [delivery for delivery in arrived if delivery is not None]


class MemoryJournal:
    """Records in a list."""

    def __init__(self) -> None:
        self.records: list[ScoredItem] = []

    async def append(self, record: ScoredItem) -> asyncio.Future[None]:
        """Keep the record."""
        self.records.append(record)
        return done()


class MemorySink:
    """Alerts and dead letters in lists; ``on_alert`` is called with each alert as it goes out."""

    def __init__(self, on_alert: Callable[[Alert], None] = lambda _: None) -> None:
        self.alerts: list[Alert] = []
        self.dead_letters: list[DeadLetter] = []
        self._on_alert = on_alert

    async def publish(self, alert: Alert) -> asyncio.Future[None]:
        """Keep the alert."""
        self.alerts.append(alert)
        self._on_alert(alert)
        return done()

    async def dead_letter(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Keep the letter."""
        self.dead_letters.append(letter)
        return done()
