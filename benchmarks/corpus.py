"""What the load consists of: the demo feed's headlines, each under a new id and about a company of its own."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import orjson

from engine.codec import news
from engine.config import ROOT
from engine.demo import stamped
from engine.errors import DeadLetterError

FEED = ROOT / "deploy/demo/feed.jsonl"


def headlines() -> list[str]:
    """The feed's headlines, in order; what is malformed or withdrawn is left out."""
    found, now = [], time.time()
    for line in FEED.read_bytes().splitlines():
        try:
            item = news.decode(stamped(line, now), now=now).item
        except DeadLetterError:
            continue
        if item.status == "usable":
            found.append(item.headline)
    return found


def items(count: int, run: str, seed: int) -> list[bytes]:
    """Plain messages ``run-0``, ``run-1`` … Companies never repeat, so dedup and cooldown never hide one."""
    draw, known, stamp = random.Random(seed), headlines(), datetime.now(UTC).isoformat()
    return [
        orjson.dumps(
            {
                "id": f"{run}-{number}",
                "source": "bench",
                "headline": draw.choice(known),
                "tickers": [f"{run}{number}"],
                "published": stamp,
            }
        )
        for number in range(count)
    ]
