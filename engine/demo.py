"""``flashwire demo``: a bundled feed through the very line that runs in production, with both ends in memory."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.io.memory import MemoryJournal, MemorySink, MemorySource
from engine.pipeline import Parts, Pipeline
from engine.rules import Evaluator, RuleSet
from engine.scoring.scorer import OnnxScorer
from engine.terminal import alert_line, label
from engine.types import Alert, Instant
from engine.watch.metrics import Metrics

_STAMP = re.compile(rb"@now(?:([+-]\d+)([smhd]))?")
_UNIT = {b"s": 1, b"m": 60, b"h": 3600, b"d": 86400}
_ROWS = 14


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
    standings: Counter[str]


def stamped(line: bytes, now: Instant) -> bytes:
    """A line of the feed with ``@now-3s`` replaced by the ISO-8601 stamp of that moment."""

    def stamp(found: re.Match[bytes]) -> bytes:
        shift = int(found[1]) * _UNIT[found[2]] if found[1] else 0
        return datetime.fromtimestamp(now + shift, UTC).isoformat(timespec="milliseconds").encode()

    return _STAMP.sub(stamp, line)


async def replay(config: DemoConfig, scorer: OnnxScorer, rules: RuleSet, screen: Screen) -> Outcome:
    """Replay the feed at a steady mean rate with random gaps (seeded), and show alerts as they fire."""
    lines = [line for line in config.feed.read_bytes().splitlines() if line.strip()]
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
    return Outcome(len(lines), sink.alerts, len(sink.dead_letters), latencies, metrics.fates())


class Screen:
    """Alerts as they fire: a live table on a terminal, one line each elsewhere."""

    def __init__(self, console: Console, total: int) -> None:
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
            self._console.print(alert_line(alert, f"{seconds * 1000:7.1f} ms"), soft_wrap=True)

    def _table(self) -> Table:
        title = f"Flashwire demo · {self._items} of {self._total} items · {self._fired} alerts"
        table = Table(title=title, expand=True, pad_edge=False, show_lines=False)
        for name, width in (("ms", 6), ("what", 7), ("rule", 12), ("entity", 8)):
            table.add_column(name, width=width, no_wrap=True, justify="right" if name == "ms" else "left")
        table.add_column("headline", ratio=5, no_wrap=True, overflow="ellipsis")
        table.add_column("because", ratio=4, no_wrap=True, overflow="ellipsis", style="dim")
        for alert, seconds in self._rows:
            table.add_row(
                f"{seconds * 1000:.1f}", label(alert), alert.rule.id, alert.entity.id[:8],
                Text(alert.headline), Text("; ".join(alert.reasons)),
            )  # fmt: skip
        return table


def summary(outcome: Outcome) -> Table:
    """The replay's figures, as a table."""
    table = Table(title="Summary", show_header=False, title_justify="left")
    table.add_row("items", str(outcome.items))
    for standing, count in sorted(outcome.standings.items()):
        table.add_row(f"  {standing.replace('_', ' ')}", str(count))
    told = Counter((alert.rule.id, alert.status, alert.msg_type) for alert in outcome.alerts)
    table.add_row("alerts", str(sum(count for (_, status, _), count in told.items() if status == "actual")))
    for (rule, status, msg_type), count in sorted(told.items()):
        table.add_row(f"  {rule}, {msg_type}{' (shadow, not sent)' if status == 'shadow' else ''}", str(count))
    table.add_row("dead letters", str(outcome.dead_letters))
    if outcome.latencies:
        ordered = sorted(outcome.latencies)
        p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.50, 0.99))
        table.add_row("arrival to alert", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    return table
