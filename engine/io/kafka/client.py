"""What every Kafka client of the engine has in common, and how their stops are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.helpers import create_ssl_context

from engine.config import KafkaConfig
from engine.errors import BrokerError, ConfigError, TopicError
from engine.located import nearest

_TLS_FILES = {"ssl_cafile": "cafile", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile", "ssl_password": "password"}
_CLIENT_KEYS = (
    "security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password",
    "sasl_kerberos_service_name", "sasl_kerberos_domain_name", "request_timeout_ms", "connections_max_idle_ms",
)  # fmt: skip
_STOP_SECONDS = 2.0  # With the broker gone a stop takes over 10 s by itself (aiokafka #1101).
log = structlog.get_logger("kafka")


def security(config: KafkaConfig) -> dict[str, Any]:
    """``kafka.client`` as the client takes it: the files of ``ssl_…`` keys become a TLS context.

    Raises:
        ConfigError: a key that is not for the client, or a file that cannot be read.
    """
    given = dict(config.client)
    for key in given:
        if key not in _CLIENT_KEYS and key not in _TLS_FILES:
            raise ConfigError(f"kafka.client: unknown key {key!r}{nearest(key, [*_CLIENT_KEYS, *_TLS_FILES])}")
    files = {name: given.pop(key) for key, name in _TLS_FILES.items() if key in given}
    if str(given.get("security_protocol", "")).endswith("SSL"):
        try:
            given["ssl_context"] = create_ssl_context(**files)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError.
            raise ConfigError(f"kafka.client: {', '.join(map(str, files.values()))}: {error}") from None
    return given


def producer(config: KafkaConfig, name: str, max_bytes: int) -> AIOKafkaProducer:
    """A producer that never reorders or doubles, and sends at once. ``max_bytes`` bounds one message."""
    return AIOKafkaProducer(
        bootstrap_servers=config.brokers,
        client_id=f"flashwire-{name}",
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_request_size=max_bytes,
        **security(config),
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
    return AIOKafkaConsumer(**{**settings, **security(config), **more})


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
