"""A stream of news for the integration tests, and what it must lead to, by the shipped model's own scores."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from engine.config import ROOT
from engine.scoring.scorer import load_scorer

HOT = [
    "{} files for bankruptcy protection",
    "{} shares halted after auditor resigns over fraud",
    "{} cuts full-year profit forecast, suspends dividend",
    "Regulator opens criminal fraud probe into {}",
    "{} drug fails late-stage trial",
]
CALM = [
    "{} opens a shop in Lisbon",
    "{} to present at investor conference",
    "{} names new head of marketing",
    "Five things to know about {}",
    "{} sponsors youth football cup",
]
POISON = [b"not json at all \xff\x00\n", b'{"id":"x","source":"w"', b"[]", b'{"id":"x","headline":7}', b"null"]


class Stream(NamedTuple):
    """Messages in order; which groups of hot items must each bring one alert; the poison among them."""

    messages: list[bytes]
    groups: dict[str, set[str]]
    poison: list[bytes]


def news(item_id: str, headline: str, ticker: str, **more: object) -> bytes:
    """One plain message, published now."""
    stamp = datetime.now(UTC).isoformat()
    item = {"id": item_id, "source": "wire", "headline": headline, "tickers": [ticker], "published": stamp}
    return orjson.dumps({**item, **more})


def stream(count: int, seed: int, poison_share: float = 0.01, big: Iterable[bytes] = ()) -> Stream:
    """Mixed news: about one in six hot, some of these run twice by different sources, one in a hundred poison."""
    draw = random.Random(seed)
    messages: list[bytes] = []
    hot: dict[str, tuple[str, set[str]]] = {}
    poison = [draw.choice(POISON) + b" %d" % number for number in range(int(count * poison_share))] + list(big)
    for number in range(count - len(poison)):
        ticker = f"T{draw.randrange(400)}"
        if draw.random() < 1 / 6:
            headline = draw.choice(HOT).format(f"{ticker} Industries")
            source = draw.choice(["harborwire", "northgate"])
            hot.setdefault(f"{ticker}|{headline}", (headline, set()))[1].add(f"{source}:{number}")
        else:
            headline, source = draw.choice(CALM).format(f"{ticker} Industries"), "harborwire"
        messages.append(news(str(number), headline, ticker, source=source))
    for value in poison:
        messages.insert(draw.randrange(len(messages)), value)
    return Stream(messages, _expected(hot), poison)


def _expected(hot: dict[str, tuple[str, set[str]]]) -> dict[str, set[str]]:
    """Groups whose headline the shipped model scores over the rule's thresholds."""
    scored = load_scorer(ROOT / "models/artifacts/news").score([headline for headline, _ in hot.values()])
    return {
        group: items
        for (group, (_, items)), scores in zip(hot.items(), scored, strict=True)
        if scores["urgency.high"] >= 0.75 and scores["sentiment.negative"] >= 0.75
    }
