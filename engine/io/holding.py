"""Embargoed items until their release, earliest first. Each source decides where they are kept safe meanwhile."""

from __future__ import annotations

import heapq

from engine.types import Delivery, Instant


class Holding:
    """What waits, by release time; pure, the time comes in as an argument."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Instant, int, Delivery]] = []
        self._counter = 0

    def add(self, delivery: Delivery, until: Instant) -> None:
        """Keep a delivery, as it should re-enter, until this moment."""
        heapq.heappush(self._waiting, (until, self._counter, delivery))
        self._counter += 1

    def due(self, now: Instant) -> list[Delivery]:
        """Take out what is released by now, in order of release."""
        released = []
        while self._waiting and self._waiting[0][0] <= now:
            released.append(heapq.heappop(self._waiting)[2])
        return released

    def wait(self, now: Instant, at_most: float) -> float:
        """Seconds until the next release, but no more than ``at_most``."""
        return min(at_most, max(0.0, self._waiting[0][0] - now)) if self._waiting else at_most

    def __len__(self) -> int:
        return len(self._waiting)
