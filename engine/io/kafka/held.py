"""Embargoed items in a compacted topic until their release: safe across restarts, and nowhere else.

Guarantee: an item is held once its record is acknowledged, and released by a tombstone once its re-entry is
acknowledged; a crash in between makes it re-enter again, with the same origin and so the same alert ids.
"""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import RecordMetadata

from engine.config import KafkaConfig
from engine.io.holding import Holding, hold_key
from engine.io.kafka.client import connect, producer
from engine.io.kafka.history import tail
from engine.io.kafka.topics import HEADROOM
from engine.types import Delivery, Instant, NewsItem, Origin

_RELEASE = "flashwire-release"


class HeldTopic:
    """The topic and, in memory, what waits in it."""

    def __init__(self, config: KafkaConfig, raw_limit: int) -> None:
        self._config, self._topic = config, config.topics.held
        self._producer: AIOKafkaProducer = producer(config, "held", raw_limit + HEADROOM)
        self._removing: set[asyncio.Task[None]] = set()
        self.holding = Holding()

    async def start(self) -> None:
        """Connect, and read what is held and not yet released."""
        await connect(self._producer.start(), self._config.brokers)
        records: dict[bytes, ConsumerRecord] = {}
        async for record in tail(self._config, self._topic):
            records[record.key or b""] = record
        for record in records.values():
            if record.value is not None:
                until = float(dict(record.headers).get(_RELEASE, b"0"))
                self._wait(record.partition, record.offset, record.key, record.value, until)

    async def put(self, delivery: Delivery, item: NewsItem, until: Instant) -> asyncio.Future[None]:
        """Write the original bytes; the item waits in memory once that is acknowledged."""
        key = hold_key(item).encode()
        headers = [*delivery.headers, (_RELEASE, repr(until).encode())]
        sent: asyncio.Future[RecordMetadata] = await self._producer.send(
            self._topic, delivery.value, key=key, headers=headers
        )

        def acknowledged(done: asyncio.Future[RecordMetadata]) -> None:
            if not done.cancelled() and done.exception() is None:
                self._wait(done.result().partition, done.result().offset, key, delivery.value, until)

        sent.add_done_callback(acknowledged)
        return sent

    def remove(self, delivery: Delivery) -> None:
        """Write the tombstone, in the background."""
        task = asyncio.get_running_loop().create_task(self._tombstone(delivery))
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)

    async def stop(self) -> None:
        """Wait for the tombstones on their way, and close."""
        await asyncio.gather(*self._removing)
        await self._producer.stop()

    async def _tombstone(self, delivery: Delivery) -> None:
        await self._producer.send_and_wait(self._topic, None, key=delivery.key)

    def _wait(self, partition: int, offset: int, key: bytes | None, value: bytes | None, until: Instant) -> None:
        origin = Origin(self._topic, partition, offset)
        self.holding.add((key or b"").decode(), Delivery(origin, value, until, key=key, held=True), until)
