"""Open-loop load over Kafka: messages go out at their intended times, and latency is counted from those.

A sender that waits for answers would hide exactly the delays it is meant to measure (coordinated omission, G. Tene).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from msgspec import Struct

PARTITIONS = 4


class Route(Struct, frozen=True):
    """Where load goes in, where it comes out, and which number a record that came out answers (None: not ours)."""

    brokers: str
    into: str
    out: str
    number: Callable[[ConsumerRecord], int | None]


async def drive(
    route: Route, messages: Sequence[bytes], per_second: float, seed: int, patience: float = 3.0
) -> list[float]:
    """Send at Poisson times and collect what comes out.

    Args:
        route: topics in and out.
        messages: what is sent, once each.
        per_second: the offered rate.
        seed: of the times.
        patience: seconds to wait for stragglers after the last message.

    Returns:
        Seconds from intended send to arrival, one for every message that came out, warm-up (the first second) left out.
    """
    producer = AIOKafkaProducer(bootstrap_servers=route.brokers, acks="all", enable_idempotence=True, linger_ms=0)
    consumer = AIOKafkaConsumer(
        route.out, bootstrap_servers=route.brokers, auto_offset_reset="latest", fetch_min_bytes=1, fetch_max_wait_ms=50
    )
    await producer.start()
    await consumer.start()
    try:
        await consumer.seek_to_end()
        intended = _times(len(messages), per_second, seed)
        arrived: dict[int, float] = {}
        collecting = asyncio.ensure_future(_collect(consumer, route, arrived))
        start = time.monotonic() + 0.2
        for number, (value, at) in enumerate(zip(messages, intended, strict=True)):
            if (ahead := start + at - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            await producer.send(route.into, value, key=str(number).encode(), partition=number % PARTITIONS)
        await producer.flush()
        await asyncio.sleep(patience)
        collecting.cancel()
        return [at - start - intended[number] for number, at in sorted(arrived.items()) if intended[number] > 1.0]
    finally:
        await producer.stop()
        await consumer.stop()


async def _collect(consumer: AIOKafkaConsumer, route: Route, arrived: dict[int, float]) -> None:
    async for record in consumer:
        number = route.number(record)
        if number is not None:
            arrived.setdefault(number, time.monotonic())


def _times(count: int, per_second: float, seed: int) -> list[float]:
    draw, at, times = random.Random(seed), 0.0, []
    for _ in range(count):
        at += draw.expovariate(per_second)
        times.append(at)
    return times
