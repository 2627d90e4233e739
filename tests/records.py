"""Journal records for tests: short to write, the rest filled in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from engine.types import Entity, Instant, NewsItem, Origin, ScoredItem, Status, Symbol

_OFFSETS = itertools.count()
HOT = {"urgency.high": 0.95, "sentiment.negative": 0.9, "trigger": 0.85, "event.credit": 0.1, "event.earnings": 0.8}
COLD = {"urgency.high": 0.05, "sentiment.negative": 0.1, "trigger": 0.01, "event.credit": 0.1, "event.other": 0.8}


def record(
    item_id: str = "1",
    headline: str = "Acme cuts its forecast",
    scores: Mapping[str, float] = HOT,
    *,
    at: Instant = 1_000.0,
    entity: str = "ACME",
    source: str = "wire",
    version: int = 0,
    status: Status = "usable",
    published: Instant | None = None,
    first_created: Instant | None = None,
    origin: Origin | None = None,
) -> ScoredItem:
    """A record first seen ``at`` seconds, published then, too, unless told otherwise."""
    text = headline if status == "usable" else ""
    item = NewsItem(
        f"{source}:{item_id}",
        f"{version}/{status}/{text}",
        source,
        text,
        version,
        status,
        published=at if published is None else published,
        first_created=first_created,
        symbols=(Symbol(entity),) if entity else (),
    )
    place = origin or Origin("news.raw", 0, next(_OFFSETS))
    have = dict(scores) if status == "usable" else {}
    return ScoredItem(item, Entity(entity, item.symbols), at, at, at, place, (), have, "m")
