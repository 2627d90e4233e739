"""Embargoed items until their release, earliest first. Each source decides where they are kept safe meanwhile."""

from __future__ import annotations

import heapq

from engine.types import Delivery, Instant, NewsItem


def hold_key(item: NewsItem) -> str:
    """What names a held version: sent again with another release, it is held until that one."""
    return f"{item.id}@{item.revision}"


class Holding:
    """What waits, by release time; pure, the time comes in as an argument."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Instant, Delivery]] = {}
        self._order: list[tuple[Instant, str]] = []

    def add(self, key: str, delivery: Delivery, until: Instant) -> None:
        """Keep a delivery, as it should re-enter, until this moment; it replaces what the key held."""
        self._held[key] = (until, delivery)
        heapq.heappush(self._order, (until, key))

    def due(self, now: Instant) -> list[Delivery]:
        """Take out what is released by now, in order of release."""
        released = []
        while self._order and self._order[0][0] <= now:
            until, key = heapq.heappop(self._order)
            if key in self._held and self._held[key][0] == until:  # Else it was moved to another release.
                released.append(self._held.pop(key)[1])
        return released

    def wait(self, now: Instant, at_most: float) -> float:
        """Seconds until the next release, but no more than ``at_most``."""
        return min(at_most, max(0.0, self._order[0][0] - now)) if self._order else at_most

    def __len__(self) -> int:
        return len(self._held)
