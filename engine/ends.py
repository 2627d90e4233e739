"""The two ends of the line, opened as the configuration says, and closed in the reverse order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import structlog
from aiokafka import ConsumerRecord
from msgspec import Struct

from engine.codec import alerts, journal
from engine.config import EngineConfig
from engine.errors import DeadLetterError
from engine.io.files import FileSink, FileSource
from engine.io.kafka.history import tail
from engine.io.kafka.lease import Lease
from engine.io.kafka.sink import SOURCE, KafkaSink, source_name
from engine.io.kafka.source import KafkaSource
from engine.io.kafka.topics import prepare
from engine.ports import Journal, Sink, Source
from engine.recover import Committed, recover
from engine.rules import Evaluator
from engine.types import Alert, Instant, Origin, ScoredItem

T = TypeVar("T")
log = structlog.get_logger("engine")


class Ends(Struct, frozen=True):
    """Where news comes from and where alerts go.

    ``lost`` is done when another engine took over; ``last_seen`` tells when the source last gave a sign of life.
    """

    source: Source
    sink: Sink
    journal: Journal
    lost: asyncio.Future[None]
    last_seen: Callable[[], Instant] = time.time
    journalled: Mapping[Origin, ScoredItem] = {}


@asynccontextmanager
async def open_ends(config: EngineConfig, rules: Evaluator) -> AsyncIterator[Ends]:
    """Open both ends and bring the rules' state up to date with what the topics hold.

    Raises:
        StopError: the operator must act: topics, lease, files.
        BrokerError: no broker answers.
    """
    async with AsyncExitStack() as stack:
        raw_limit = await prepare(config.kafka) if "kafka" in (config.source, config.sink) else 0
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if config.source == "kafka":
            lease = Lease(config.kafka)
            stack.push_async_callback(lease.stop)
            await lease.acquire()
            lost = lease.lost
        sink = await _sink(config, raw_limit, stack)
        if config.source == "file":
            yield Ends(FileSource(config.file.news), sink, sink, lost)
            return
        source = KafkaSource(config.kafka, raw_limit)
        stack.push_async_callback(source.stop)
        committed = await source.start()
        journalled = await _recover(config, rules, committed) if config.sink == "kafka" else {}
        yield Ends(source, sink, sink, lost, lambda: source.last_seen, journalled)


async def _sink(config: EngineConfig, raw_limit: int, stack: AsyncExitStack) -> KafkaSink | FileSink:
    if config.sink == "file":
        files = FileSink(config.file, config.pipeline)
        stack.push_async_callback(files.stop)
        return files
    sink = KafkaSink(config.kafka, config.pipeline, raw_limit)
    stack.push_async_callback(sink.stop)
    await sink.start()
    return sink


async def _recover(config: EngineConfig, rules: Evaluator, committed: Committed) -> dict[Origin, ScoredItem]:
    started, topics = time.monotonic(), config.kafka.topics
    told = [alert for topic in (topics.alerts, topics.shadow) async for alert in _past(config, rules, topic, _alert)]
    records = [record async for record in _past(config, rules, topics.scored, _journalled)]
    again = recover(rules, told, records, committed)
    seconds = round(time.monotonic() - started, 3)
    log.info("recovered", alerts=len(told), records=len(records), delivered_again=len(again), seconds=seconds)
    return again


async def _past(
    config: EngineConfig, rules: Evaluator, topic: str, decode: Callable[[ConsumerRecord], T]
) -> AsyncIterator[T]:
    """What this pipeline wrote within the rules' horizon; others may share the topic."""
    ours = source_name(config.pipeline).encode()
    async for record in tail(config.kafka, topic, time.time() - rules.horizon):
        if dict(record.headers).get(SOURCE) != ours:
            continue
        try:
            yield decode(record)
        except DeadLetterError as error:
            log.warning("cannot be read back; passed over", topic=topic, offset=record.offset, error=str(error))


def _alert(record: ConsumerRecord) -> Alert:
    return alerts.decode(record.value, record.headers)


def _journalled(record: ConsumerRecord) -> ScoredItem:
    return journal.decode(record.value)
