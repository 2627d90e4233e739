"""What every Kafka client of the engine has in common, and how their stops are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from engine.config import KafkaConfig
from engine.errors import BrokerError, TopicError

_STOP_SECONDS = 2.0  # With the broker gone a stop takes over 10 s by itself (aiokafka #1101).
log = structlog.get_logger("kafka")


def producer(config: KafkaConfig, name: str, max_bytes: int) -> AIOKafkaProducer:
    """A producer that never reorders or doubles, and sends at once. ``max_bytes`` bounds one message."""
    return AIOKafkaProducer(
        bootstrap_servers=config.brokers,
        client_id=f"flashwire-{name}",
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_request_size=max_bytes,
        **config.client,
    )


def consumer(config: KafkaConfig, name: str, **more: object) -> AIOKafkaConsumer:
    """A consumer that fetches as soon as there is a byte and commits only when told to."""
    settings: dict[str, object] = {
        "bootstrap_servers": config.brokers,
        "client_id": f"flashwire-{name}",
        "enable_auto_commit": False,
        "fetch_min_bytes": 1,
        "fetch_max_wait_ms": 50,
        "max_partition_fetch_bytes": 4 * 1024 * 1024,
        "metadata_max_age_ms": 30_000,
        "auto_offset_reset": "earliest",
    }
    return AIOKafkaConsumer(**{**settings, **config.client, **more})


async def connect(start: Coroutine[Any, Any, None], brokers: str) -> None:
    """Await a client's ``start()``.

    Raises:
        BrokerError: nobody answers at ``brokers``.
    """
    try:
        await start
    except (KafkaConnectionError, OSError):
        raise BrokerError(f"no broker answers at {brokers}") from None
    except KafkaError as error:
        raise BrokerError(f"{brokers}: {type(error).__name__}: {error}") from None


async def partitions_of(reader: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The topic's partitions, as the brokers have them now.

    Raises:
        TopicError: there is no such topic.
    """
    # A consumer without a subscription knows no topics, and its public calls tell only what it knows.
    cluster = await reader._client.fetch_all_metadata()
    numbers = cluster.partitions_for_topic(topic)
    if not numbers:
        raise TopicError(f"topic {topic!r} does not exist; create it, or run the engine with kafka.create_topics: true")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


async def stop(what: str, stopping: Coroutine[Any, Any, None], seconds: float = _STOP_SECONDS) -> None:
    """Await a client's ``stop()``, but not for ever, and never fail: there is nothing left to do about it."""
    # In a task of its own: with the broker gone aiokafka lets the CancelledError of an inner task escape.
    task = asyncio.get_running_loop().create_task(stopping)
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        task.cancel()
        log.warning("client did not stop in time", client=what, seconds=seconds)
    elif task.cancelled() or task.exception() is not None:
        error = "cancelled" if task.cancelled() else repr(task.exception())
        log.warning("client stopped with an error", client=what, error=error)
