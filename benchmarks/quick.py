"""``make bench-quick``: produce-to-alert latency over Kafka at half of capacity, beside a bare echo in the same run.

Engine and echo take turns, so that a machine whose speed drifts treats both alike; every figure is the median over
the turns, with their range.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import orjson
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import items
from benchmarks.load import PARTITIONS, Route, drive
from benchmarks.process import Engine, until
from engine.config import ROOT

_ECHO_IN, _ECHO_OUT = "bench.echo.in", "bench.echo.out"
RULES = """
version: 1
defaults: {max_age: 1d}
rules:
  - id: bench
    when: {all: [urgency.high >= 0.75, sentiment.negative >= 0.75]}
    emit: {severity: high, desk: bench}
"""


class QuickConfig(Struct, frozen=True):
    """``capacity_items`` are sent at once to measure capacity; each of ``turns`` lasts ``seconds``."""

    brokers: str
    folder: Path
    overrides: Sequence[str] = ()
    capacity_items: int = 3_000
    turns: int = 3
    seconds: float = 8.0
    seed: int = 1


class Turn(Struct, frozen=True):
    """One turn's figures, in milliseconds."""

    count: int
    p50: float
    p99: float


class Result(Struct, frozen=True):
    """What a run found. ``capacity`` and ``rate`` in items a second."""

    capacity: float
    rate: float
    engine: list[Turn]
    echo: list[Turn]


def measure(config: QuickConfig, console: Console) -> Result:
    """Start engine and echo, measure capacity, then latency turn by turn."""
    asyncio.run(_topics(config.brokers))
    engine = Engine(_configuration(config), config.folder / "engine.log", *config.overrides).ready()
    command = [sys.executable, "-m", "benchmarks.echo", config.brokers, _ECHO_IN, _ECHO_OUT]
    echo = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert echo.stdout is not None  # noqa: S101  # it was asked for
        echo.stdout.readline()
        return asyncio.run(_take_turns(config, engine, console))
    finally:
        echo.kill()
        echo.wait()
        engine.kill()


def table(result: Result) -> Table:
    """The figures beside each other."""
    out = Table(title=f"produce → alert over Kafka at {result.rate:.0f} items/s (half of {result.capacity:.0f})")
    for name in ("", "p50 ms", "p99 ms", "measured"):
        out.add_column(name, justify="right" if name else "left", no_wrap=True)
    for label, turns in (("bare two-hop echo", result.echo), ("flashwire", result.engine)):
        count = str(sum(turn.count for turn in turns))
        out.add_row(label, _spread([turn.p50 for turn in turns]), _spread([turn.p99 for turn in turns]), count)
    pairs = list(zip(result.engine, result.echo, strict=True))
    p50, p99 = median(a.p50 - b.p50 for a, b in pairs), median(a.p99 - b.p99 for a, b in pairs)
    out.add_row("flashwire adds", f"{p50:.1f}", f"{p99:.1f}", "")
    return out


async def _take_turns(config: QuickConfig, engine: Engine, console: Console) -> Result:
    capacity = await _capacity(config, engine)
    rate = capacity / 2
    console.print(f"capacity {capacity:.0f} items/s, measured on {config.capacity_items} at once")
    result = Result(capacity, rate, [], [])
    routes = {"echo": (_echo_route(config), result.echo), "flashwire": (_route(config), result.engine)}
    for turn in range(config.turns):
        for name, (route, figures) in routes.items():
            console.print(f"turn {turn + 1} of {config.turns}: {name}, {rate:.0f} items/s for {config.seconds:.0f} s")
            messages = items(int(rate * config.seconds), f"t{turn}", config.seed + turn)
            figures.append(_turn(await drive(route, messages, rate, config.seed + turn)))
    return result


def _spread(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _turn(latencies: list[float]) -> Turn:
    p50, p99 = np.percentile(np.asarray(latencies) * 1000, [50, 99])
    return Turn(len(latencies), float(p50), float(p99))


async def _capacity(config: QuickConfig, engine: Engine) -> float:
    """Items a second while the queue never runs dry, counted by the engine itself."""
    count = config.capacity_items
    producer = AIOKafkaProducer(bootstrap_servers=config.brokers, linger_ms=5)
    await producer.start()
    for number, value in enumerate(items(count, "c", config.seed)):
        await producer.send("bench.news.raw", value, partition=number % PARTITIONS)
    await producer.flush()
    await producer.stop()
    before, started = engine.metric('flashwire_items_total{fate="decided"}'), time.monotonic()

    def decided() -> float:
        return engine.metric('flashwire_items_total{fate="decided"}')

    await asyncio.to_thread(until, lambda: decided() >= count, 120, engine.text, engine.process)
    return (count - before) / (time.monotonic() - started)


def _route(config: QuickConfig) -> Route:
    def number(record: ConsumerRecord) -> int | None:
        name = orjson.loads(record.value)["item"]["id"].removeprefix("bench:")
        return int(name.rpartition("-")[2]) if name.startswith("t") else None

    return Route(config.brokers, "bench.news.raw", "bench.alerts", number)


def _echo_route(config: QuickConfig) -> Route:
    return Route(config.brokers, _ECHO_IN, _ECHO_OUT, lambda record: int(record.key))


async def _topics(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    await admin.create_topics([NewTopic(_ECHO_IN, PARTITIONS, 1), NewTopic(_ECHO_OUT, 1, 1)])
    await admin.close()


def _configuration(config: QuickConfig) -> Path:
    rules, path = config.folder / "rules.yaml", config.folder / "engine.yaml"
    rules.write_text(RULES, "utf-8")
    names = {"raw": "news.raw", "scored": "news.scored", "alerts": "alerts", "shadow": "alerts.shadow"}
    names |= {"dead_letters": "news.dlq", "held": "news.held"}
    topics = {key: f"bench.{name}" for key, name in names.items()}
    kafka = {"brokers": config.brokers, "group": "bench", "create_topics": True, "topics": topics}
    path.write_text(json.dumps({"pipeline": "bench", "kafka": kafka, "rules": {"files": [str(rules)]}}), "utf-8")
    return path
