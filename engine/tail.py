"""``flashwire tail``: a desk's subscriber. Follows the alert topic and shows what the desk asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import orjson
from aiokafka import ConsumerRecord
from msgspec import Struct
from rich.console import Console

from engine.codec import alerts
from engine.config import KafkaConfig
from engine.errors import DeadLetterError
from engine.io.kafka.client import connect, consumer, partitions_of, stop
from engine.terminal import alert_line
from engine.types import Alert

SEVERITIES = ("low", "medium", "high", "critical")


class TailConfig(Struct, frozen=True):
    """What to show. ``severity`` is the least; empty ``desks`` and ``tickers`` mean all; ``limit`` 0 never ends."""

    severity: str = "low"
    desks: Sequence[str] = ()
    tickers: Sequence[str] = ()
    from_start: bool = False
    expired: bool = False
    json: bool = False
    limit: int = 0


async def follow(kafka: KafkaConfig, config: TailConfig) -> None:
    """Print matching alerts as they come, to standard output."""
    console, shown = Console(highlight=False, soft_wrap=True), 0
    async for record in _records(kafka, config.from_start):
        try:
            alert = alerts.decode(record.value, record.headers)
        except DeadLetterError as error:
            Console(stderr=True, markup=False).print(f"offset {record.offset}: not an alert: {error}", style="yellow")
            continue
        if not wanted(alert, config, time.time()):
            continue
        if config.json:
            sys.stdout.buffer.write(orjson.dumps({"id": alert.id, **orjson.loads(record.value)}) + b"\n")
            sys.stdout.buffer.flush()
        else:
            clock = datetime.fromtimestamp(alert.t.emitted, UTC).strftime("%H:%M:%S.%f")[:-3]
            console.print(alert_line(alert, f"{clock}Z"))
        shown += 1
        if shown == config.limit:
            return


def wanted(alert: Alert, config: TailConfig, now: float) -> bool:
    """Whether the desk asked for this alert; one past its expiry only where it was asked for, too."""
    tickers = {alert.entity.id.upper(), *(other.upper() for other in alert.also)}
    return (
        SEVERITIES.index(alert.severity) >= SEVERITIES.index(config.severity)
        and (not config.desks or alert.desk in config.desks)
        and (not config.tickers or not tickers.isdisjoint(ticker.upper() for ticker in config.tickers))
        and (config.expired or config.from_start or alert.expires > now)
    )


async def _records(kafka: KafkaConfig, from_start: bool) -> AsyncIterator[ConsumerRecord]:
    """Every partition of the alert topic, without a group: any number of desks may follow."""
    reader = consumer(kafka, "tail")
    try:
        await connect(reader.start(), kafka.brokers)
        partitions = await partitions_of(reader, kafka.topics.alerts)
        reader.assign(partitions)
        await (reader.seek_to_beginning(*partitions) if from_start else reader.seek_to_end(*partitions))
        async for record in reader:
            yield record
    finally:
        await stop("tail", reader.stop())
