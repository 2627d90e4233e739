"""What rules may look at: the same view of a scored item and of an alert that was published."""

from __future__ import annotations

from collections.abc import Mapping

from engine.enrich.headlines import fingerprint
from engine.types import Alert, ScoredItem


class Facts:
    """One item as conditions and keys see it."""

    __slots__ = ("entity", "headline", "item", "language", "scores", "source", "tickers")

    def __init__(
        self,
        item: str,
        source: str,
        entity: str,
        headline: str,
        scores: Mapping[str, float],
        tickers: frozenset[str],
        language: str,
    ) -> None:
        self.item, self.source, self.entity, self.headline = item, source, entity, headline
        self.scores, self.tickers, self.language = scores, tickers, language

    @classmethod
    def of_record(cls, record: ScoredItem) -> Facts:
        """The view of a journal record."""
        item = record.item
        tickers = frozenset(symbol.symbol.upper() for symbol in item.symbols)
        return cls(item.id, item.source, record.entity.id, item.headline, record.scores, tickers, item.language.lower())

    @classmethod
    def of_alert(cls, alert: Alert) -> Facts:
        """The view of an alert, enough for its keys."""
        item = alert.item
        return cls(item.id, item.source, alert.entity.id, alert.headline, alert.scores, frozenset(), "")

    @property
    def event(self) -> str:
        """The likeliest event's label; empty without event scores."""
        events = [(value, name) for name, value in self.scores.items() if name.startswith("event.")]
        return max(events)[1].removeprefix("event.") if events else ""

    def values(self, field: str) -> frozenset[str]:
        """The values of a field; empty where the item does not have it."""
        if field == "ticker":
            return self.tickers
        value = self.entity.upper() if field == "entity" else str(getattr(self, field)).lower()
        return frozenset([value]) if value else frozenset()

    def key(self, by: tuple[str, ...]) -> tuple[str, ...]:
        """The values that dedup and cooldown count by."""
        return tuple(fingerprint(self.headline) if part == "headline" else str(getattr(self, part)) for part in by)
