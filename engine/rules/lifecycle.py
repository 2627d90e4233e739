"""The life of an item: versions, repeats, withdrawals. The highest version counts; a withdrawal leaves a tombstone."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engine.types import Instant, NewsItem, Origin

Standing = Literal["new", "newer", "redelivered", "duplicate", "late"]
Rank = tuple[int, float]


class _Seen(Struct):
    rank: Rank
    revision: str
    origin: Origin | None
    first_seen: Instant
    withdrawn: bool


def rank(item: NewsItem) -> Rank:
    """What orders an item's versions: the feed's number, else the publisher's stamp of this version."""
    return (item.version, item.published or 0.0)


def _noted(item: NewsItem, first_seen: Instant) -> Rank:
    """The rank that later versions are held against: a withdrawal without a stamp is as late as it was seen."""
    if item.status == "withdrawn" and item.published is None:
        return (item.version, first_seen)
    return rank(item)


class Lifecycle:
    """What was seen of each item within the memory; pure, moved by ``first_seen`` alone."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def admit(self, item: NewsItem, origin: Origin | None, first_seen: Instant) -> Standing:
        """Note a version and say how it stands to what came before.

        ``redelivered`` is the same message again after a restart, ``duplicate`` the same version sent again
        by the feed, ``late`` a version below one that was seen. An ``origin`` of None means that only the
        alert of this version is known, so its message may still come.
        """
        seen = self._seen.get(item.id)
        if seen is None:
            self._note(item, origin, first_seen, _noted(item, first_seen))
            return "new"
        standing = self._standing(item, origin, seen)
        if standing in ("newer", "redelivered"):
            self._seen.pop(item.id)  # Re-inserted at the end, so that the oldest stand first.
            self._note(item, origin or seen.origin, first_seen, max(_noted(item, first_seen), seen.rank))
        return standing

    def forget(self, before: Instant) -> None:
        """Drop what was last touched before this moment."""
        for item_id, seen in list(self._seen.items()):
            if seen.first_seen >= before:
                break
            del self._seen[item_id]

    def __len__(self) -> int:
        return len(self._seen)

    def _standing(self, item: NewsItem, origin: Origin | None, seen: _Seen) -> Standing:
        if item.revision == seen.revision:
            known = origin is None or seen.origin is None or seen.origin == origin
            return "redelivered" if known else "duplicate"
        if item.status == "withdrawn" and not item.version:
            return "newer"  # A withdrawal without a number withdraws whatever came before it.
        mine = rank(item)
        if mine < seen.rank or (seen.withdrawn and mine == seen.rank):
            return "late"
        return "newer"

    def _note(self, item: NewsItem, origin: Origin | None, first_seen: Instant, at: Rank) -> None:
        self._seen[item.id] = _Seen(at, item.revision, origin, first_seen, item.status == "withdrawn")
