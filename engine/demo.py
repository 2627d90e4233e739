"""``flashwire demo``: a bundled feed through the very line that runs in production, with both ends in memory."""

from __future__ import annotations

import asyncio
import io
import random
import re
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec import Struct
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.config import ROOT
from engine.io.memory import MemoryJournal, MemorySink, MemorySource
from engine.pipeline import Parts, Pipeline
from engine.rules import Evaluator, RuleSet
from engine.scoring.scorer import OnnxScorer
from engine.terminal import alert_line, brief, label
from engine.types import Alert, Instant
from engine.watch.metrics import Metrics

_STAMP = re.compile(rb"@now(?:([+-]\d+)([smhd]))?")
_UNIT = {b"s": 1, b"m": 60, b"h": 3600, b"d": 86400}
_ROWS = 14
_PICTURE_WIDTH = 150


class Show(Struct, frozen=True):
    """What the demo of one profile replays, by which rules and model, and how its table is headed.

    ``about`` is what stands beside a rule: the item's entity, or its source where items are about nobody in
    particular. ``text`` is what a headline is called there.
    """

    feed: Path
    rules: Path
    artifact: str
    about: Literal["entity", "source"] = "source"
    text: str = "headline"


_DEMO, _RULES = ROOT / "deploy/demo", ROOT / "deploy/rules"
NEWS = Show(_DEMO / "feed.jsonl", _RULES / "default.yaml", "models/artifacts/news", "entity")
SHOWS = {
    "news": NEWS,
    "tickets": Show(_DEMO / "tickets.jsonl", _RULES / "tickets.yaml", "models/artifacts/tickets", text="message"),
    "tweets": Show(_DEMO / "tweets.jsonl", _RULES / "tweets.yaml", "models/artifacts/tweets", text="tweet"),
}


class DemoConfig(Struct, frozen=True):
    """The feed's file, and how many seconds it takes to replay."""

    feed: Path
    seconds: float = 9.0
    seed: int = 7


class Outcome(Struct):
    """What a replay came to. ``latencies``: seconds from arrival to alert."""

    items: int
    alerts: list[Alert]
    dead_letters: int
    latencies: list[float]
    fates: Counter[str]
    outcomes: Counter[str]


def read_feed(path: Path) -> list[bytes]:
    """The feed's messages; blank lines are none."""
    return [line for line in path.read_bytes().splitlines() if line.strip()]


def stamped(line: bytes, now: Instant) -> bytes:
    """A line of the feed with ``@now-3s`` replaced by the ISO-8601 stamp of that moment."""

    def stamp(found: re.Match[bytes]) -> bytes:
        shift = int(found[1]) * _UNIT[found[2]] if found[1] else 0
        return datetime.fromtimestamp(now + shift, UTC).isoformat(timespec="milliseconds").encode()

    return _STAMP.sub(stamp, line)


async def replay(config: DemoConfig, scorer: OnnxScorer, rules: RuleSet, screen: Screen) -> Outcome:
    """Replay the feed at a steady mean rate with random gaps (seeded), and show alerts as they fire."""
    lines = read_feed(config.feed)
    source, journal, metrics = MemorySource("demo"), MemoryJournal(), Metrics()
    sink = MemorySink(lambda alert: screen.show(alert, time.time() - alert.t.first_seen))
    evaluator = Evaluator("demo", scorer.model, memory=3600.0)
    evaluator.adopt(rules)
    parts = Parts(source, scorer, evaluator, journal, sink, metrics, scorer.model.sha)
    async with asyncio.TaskGroup() as group:
        group.create_task(Pipeline(parts).run())
        gaps = random.Random(config.seed)
        for line in lines:
            await asyncio.sleep(gaps.expovariate(len(lines) / config.seconds))
            now = time.time()
            source.put(stamped(line, now), now)
            screen.count()
        source.end()
    latencies = [alert.t.emitted - alert.t.first_seen for alert in sink.alerts]
    return Outcome(len(lines), sink.alerts, len(sink.dead_letters), latencies, metrics.fates(), metrics.outcomes())


class Screen:
    """Alerts as they fire: a live table on a terminal, one line each elsewhere."""

    def __init__(self, console: Console, total: int, show: Show = NEWS) -> None:
        self._headed = show
        self._console, self._total, self._items, self._fired = console, total, 0, 0
        self._rows: deque[tuple[Alert, float]] = deque(maxlen=_ROWS)
        self._live = Live(console=console, refresh_per_second=12, get_renderable=self._table)

    def __enter__(self) -> Screen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def count(self) -> None:
        """One more item was sent."""
        self._items += 1

    def show(self, alert: Alert, seconds: float) -> None:
        """An alert went out, so long after its item came in."""
        if alert.status == "shadow":
            return
        self._fired += 1
        self._rows.append((alert, seconds))
        if not self._console.is_terminal:
            self._console.print(alert_line(alert, f"{seconds * 1000:7.1f} ms", self._about(alert)), soft_wrap=True)

    def save(self, path: Path, below: Table) -> None:
        """Draw the last screen as an SVG."""
        console = Console(record=True, width=_PICTURE_WIDTH, file=io.StringIO())
        console.print(self._table(), below)
        console.save_svg(str(path), title="make demo")

    def _about(self, alert: Alert) -> str:
        return alert.item.source if self._headed.about == "source" else alert.entity.id

    def _table(self) -> Table:
        title = f"Flashwire demo · {self._items} of {self._total} items · {self._fired} alerts"
        table = Table(title=title, expand=True, pad_edge=False, box=SIMPLE_HEAD)
        for name, width in (("ms", 5), ("alert", 9), ("rule", 12), (self._headed.about, 7)):
            table.add_column(name, width=width, no_wrap=True, justify="right" if name == "ms" else "left")
        table.add_column(self._headed.text, ratio=3, no_wrap=True, overflow="ellipsis")
        table.add_column("because", ratio=2, no_wrap=True, overflow="ellipsis", style="dim")
        for alert, seconds in self._rows:
            table.add_row(
                f"{seconds * 1000:.1f}", label(alert), alert.rule.id, Text(self._about(alert)[:8]),
                Text(alert.headline), Text(brief(alert)),
            )  # fmt: skip
        return table


def summary(outcome: Outcome) -> Table:
    """The replay's figures, as a table."""
    table = Table(title="Summary", title_justify="left", show_header=False, box=SIMPLE_HEAD)
    table.add_row("items", f"{outcome.items}", _listed(outcome.fates))
    told = Counter(_what(alert) for alert in outcome.alerts if alert.status == "actual")
    table.add_row("alerts", f"{told.total()}", _listed(told))
    quiet = Counter(_what(alert) for alert in outcome.alerts if alert.status == "shadow")
    table.add_row("in shadow, not sent", f"{quiet.total()}", _listed(quiet))
    kept = Counter({name: outcome.outcomes[name] for name in ("dedup", "cooldown", "expired")})
    table.add_row("hits held back", f"{kept.total()}", _listed(kept))
    table.add_row("dead letters", f"{outcome.dead_letters}", "malformed messages, kept byte for byte")
    if outcome.latencies:
        p50, p99 = np.percentile(np.asarray(outcome.latencies) * 1000, [50, 99])
        table.add_row("arrival to alert", f"p50 {p50:.1f} ms", f"p99 {p99:.1f} ms")
    return table


def _what(alert: Alert) -> str:
    return alert.rule.id if alert.msg_type == "alert" else f"{alert.rule.id} {alert.msg_type}s"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(counts.items()) if count)
