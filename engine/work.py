"""One item on its way down the line, from its delivery to its journal record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from engine.enrich.entities import locate
from engine.ports import Scorer
from engine.types import Delivery, Instant, NewsItem, ScoredItem, Scores


class Work(Struct):
    """A decoded delivery. ``record`` is set where a former life already scored and journalled it."""

    delivery: Delivery
    item: NewsItem
    record: ScoredItem | None = None
    scores: Scores | Exception | None = None

    @property
    def needs_scores(self) -> bool:
        """A withdrawn item says nothing that could be scored; a journalled one is never scored again."""
        return self.record is None and self.item.status == "usable"

    @property
    def tokens(self) -> int:
        """About how many tokens the headline has, without tokenizing it: 4 letters a token on newswire text."""
        return len(self.item.headline) // 4 + 3 if self.needs_scores else 0

    def to_record(self, model: str, scored: Instant, now: Instant) -> ScoredItem:
        """The journal record: made once, here; read back where one was journalled before."""
        if self.record is not None:
            return self.record
        entity, also = locate(self.item)
        scores = dict(self.scores) if isinstance(self.scores, Mapping) else {}
        first_seen, origin = self.delivery.first_seen, self.delivery.origin
        return ScoredItem(self.item, entity, first_seen, scored, now, origin, also, scores, model)


def released(item: NewsItem) -> NewsItem:
    """An embargoed item counts as published at its release: nobody could act on it before."""
    if item.embargo is None:
        return item
    return structs.replace(item, published=max(item.published or item.embargo, item.embargo))


def score_all(scorer: Scorer, batch: Sequence[Work]) -> None:
    """Fill in the scores. If the batch fails, its items are tried alone, so that one cannot fail the rest."""
    waiting = [work for work in batch if work.needs_scores]
    try:
        for work, scores in zip(waiting, scorer.score([work.item.headline for work in waiting]), strict=True):
            work.scores = scores
    except Exception as error:
        for work in waiting:
            work.scores = error
            if len(waiting) > 1:
                score_all(scorer, [work])
