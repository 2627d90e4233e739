"""A topic's past, read to its present end: the journal's tail, what the alert topics hold, what is embargoed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from engine.config import KafkaConfig
from engine.io.kafka.client import connect, consumer, partitions_of, stop
from engine.types import Instant


async def tail(config: KafkaConfig, topic: str, since: Instant | None = None) -> AsyncIterator[ConsumerRecord]:
    """Every record appended since a moment (None: since ever) and before this call, partition by partition.

    Reads without a group, so nobody's offsets move. Ends also where the last offsets hold no records
    (compacted away, or transaction markers).
    """
    reader: AIOKafkaConsumer = consumer(config, "history", max_poll_records=5_000)
    await connect(reader.start(), config.brokers)
    try:
        for partition in await partitions_of(reader, topic):
            reader.assign([partition])
            end = (await reader.end_offsets([partition]))[partition]
            start = await _start(reader, partition, since)
            if start is None or start >= end:
                continue
            reader.seek(partition, start)
            while await reader.position(partition) < end:
                for record in (await reader.getmany(partition, timeout_ms=200)).get(partition, ()):
                    if record.offset < end:
                        yield record
    finally:
        await stop("history", reader.stop())


async def _start(reader: AIOKafkaConsumer, partition: TopicPartition, since: Instant | None) -> int | None:
    if since is None:
        return int((await reader.beginning_offsets([partition]))[partition])
    found = (await reader.offsets_for_times({partition: int(since * 1000)}))[partition]
    return None if found is None else int(found.offset)
