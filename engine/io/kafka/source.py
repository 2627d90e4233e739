"""News from a topic, every partition of it, and the embargoed items that wait in another.

Guarantee: at least once, in order per partition. Partitions are assigned by hand and the lease keeps a second
engine away, so there are no rebalances, and a restart after a crash reads on at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from engine.config import KafkaConfig
from engine.errors import RetryError
from engine.io.holding import Holding
from engine.io.kafka.client import connect, consumer, partitions_of, stop
from engine.io.kafka.held import HeldTopic
from engine.ports import Offsets
from engine.types import Delivery, Instant, NewsItem, Origin

_LOG_APPEND_TIME = 1
_COMMIT_SECONDS = 0.1  # A commit costs client and broker a request; what it saves is work after a crash.
_RETRY_SECONDS = 1.0
_POLL_SECONDS = 0.5  # How often an idle read looks for new partitions and for its broker's sign of life.
log = structlog.get_logger("kafka")


class KafkaSource:
    """The raw topic, from the committed offsets on."""

    def __init__(self, config: KafkaConfig, raw_limit: int, clock: Callable[[], Instant] = time.time) -> None:
        self._config, self._topic, self._clock = config, config.topics.raw, clock
        self._consumer: AIOKafkaConsumer = consumer(config, "news", group_id=config.group)
        self._held = HeldTopic(config, raw_limit)
        self._holding: Holding = self._held.holding
        self._to_commit: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None
        self.last_seen: Instant = 0.0

    async def start(self) -> dict[tuple[str, int], int]:
        """Take every partition at its committed offset, and return these offsets."""
        await self._held.start()
        await connect(self._consumer.start(), self._config.brokers)
        partitions = await partitions_of(self._consumer, self._topic)
        self._consumer.assign(partitions)
        offsets = {partition: await self._consumer.committed(partition) for partition in partitions}
        fresh = [partition for partition, offset in offsets.items() if offset is None]
        if fresh:
            ends = self._consumer.beginning_offsets if self._config.start == "earliest" else self._consumer.end_offsets
            offsets |= await ends(fresh)
            await self._consumer.commit(offsets)  # So that a crash before the first commit loses nothing.
        for partition, offset in offsets.items():
            self._consumer.seek(partition, offset)
        self.last_seen = self._clock()
        return {(partition.topic, partition.partition): offset for partition, offset in offsets.items()}

    async def read(self) -> Sequence[Delivery]:
        """The next deliveries; those released from embargo first."""
        while True:
            if released := self._holding.due(self._clock()):
                return released
            seconds = self._holding.wait(self._clock(), at_most=_POLL_SECONDS)
            found = await self._consumer.getmany(timeout_ms=int(seconds * 1000), max_records=256)
            self._look_around()
            if found:
                received = time.monotonic()
                return [self._delivery(record, received) for records in found.values() for record in records]

    async def hold(self, delivery: Delivery, item: NewsItem, until: Instant) -> asyncio.Future[None]:
        """Move the item to the held topic; done once that is acknowledged."""
        return await self._held.put(delivery, item, until)

    def release(self, delivery: Delivery) -> None:
        """Take the item out of the held topic."""
        self._held.remove(delivery)

    def commit(self, offsets: Offsets) -> None:
        """Commit in the background, a few times a second, each time the latest offsets."""
        self._to_commit |= {TopicPartition(*partition): offset for partition, offset in offsets.items()}
        if self._committing is None or self._committing.done():
            self._committing = asyncio.get_running_loop().create_task(self._commit())

    async def stop(self) -> None:
        """Finish the last commit and close."""
        if self._committing is not None:
            self._committing.cancel()
            await stop("commit", self._commit_now())
        await stop("held", self._held.stop())
        await stop("news", self._consumer.stop())

    async def _commit(self) -> None:
        while self._to_commit:
            await asyncio.sleep(_COMMIT_SECONDS)
            await self._commit_now()

    async def _commit_now(self) -> None:
        if not (offsets := dict(self._to_commit)):
            return
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:  # What is not committed comes again after a restart; ids make that harmless.
            log.warning("commit failed", error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)
            return
        self._to_commit = {place: at for place, at in self._to_commit.items() if at != offsets.get(place)}

    def _look_around(self) -> None:
        """Note the broker's last sign of life, and take partitions that were added."""
        assigned = self._consumer.assignment()
        stamps = [self._consumer.last_poll_timestamp(partition) or 0 for partition in assigned]
        self.last_seen = max(self.last_seen, max(stamps, default=0) / 1000)
        added = set(self._consumer.partitions_for_topic(self._topic) or ()) - {p.partition for p in assigned}
        if added:
            raise PartitionsAddedError(f"{self._topic}: partitions {sorted(added)} are new")

    def _delivery(self, record: ConsumerRecord, received: float) -> Delivery:
        seen = record.timestamp / 1000 if record.timestamp_type == _LOG_APPEND_TIME else self._clock()
        origin = Origin(record.topic, record.partition, record.offset)
        return Delivery(origin, record.value, seen, received, record.key, tuple(record.headers))


class PartitionsAddedError(RetryError):
    """The topic has grown; the engine starts its line anew to take the new partitions, and loses nothing."""
