"""Alerts, journal records and dead letters onto their topics.

Guarantee: a future is done when all in-sync replicas have the message. Alerts have a producer of their own,
because a producer keeps one request in flight per broker and a burst of journal records would delay them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from engine.codec import alerts, dead_letters, journal
from engine.config import KafkaConfig
from engine.io.kafka.client import connect, producer, stop
from engine.io.kafka.topics import HEADROOM
from engine.types import Alert, DeadLetter, Instant, ScoredItem

SOURCE = "ce_source"
"""The header that says whose an alert or a journal record is: pipelines may share topics."""


def source_name(pipeline: str) -> str:
    """A pipeline as a CloudEvents source."""
    return f"/flashwire/{pipeline}"


class KafkaSink:
    """Sink and journal of one pipeline."""

    def __init__(
        self, config: KafkaConfig, pipeline: str, raw_limit: int, clock: Callable[[], Instant] = time.time
    ) -> None:
        self._config, self._clock, self._source = config, clock, source_name(pipeline)
        self._alerts = producer(config, "alerts", 1024 * 1024)
        self._bulk: AIOKafkaProducer = producer(config, "bulk", raw_limit + HEADROOM)

    async def start(self) -> None:
        """Connect both producers."""
        await connect(self._alerts.start(), self._config.brokers)
        await connect(self._bulk.start(), self._config.brokers)

    async def publish(self, alert: Alert) -> asyncio.Future[None]:
        """Send an alert: actual ones to the alert topic, shadow ones to theirs."""
        key, value, headers = alerts.encode(alert, source=self._source)
        topics = self._config.topics
        if alert.status == "actual":
            return await self._send(self._alerts, topics.alerts, value, key, headers)
        return await self._send(self._bulk, topics.shadow, value, key, headers)

    async def append(self, record: ScoredItem) -> asyncio.Future[None]:
        """Send a journal record; the topic has one partition, so its order is the order of decisions."""
        key, value = journal.encode(record)
        return await self._send(self._bulk, self._config.topics.scored, value, key, [(SOURCE, self._source.encode())])

    async def dead_letter(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Send the original bytes with the reason in the headers."""
        key, value, headers = dead_letters.encode(letter, now=self._clock())
        return await self._send(self._bulk, self._config.topics.dead_letters, value, key, headers)

    async def stop(self) -> None:
        """Send what is buffered and close."""
        await asyncio.gather(stop("alerts", self._alerts.stop()), stop("bulk", self._bulk.stop()))

    async def _send(
        self,
        through: AIOKafkaProducer,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        headers: list[tuple[str, bytes]],
    ) -> asyncio.Future[None]:
        sent: asyncio.Future[None] = await through.send(topic, value, key=key, headers=headers)
        return sent
