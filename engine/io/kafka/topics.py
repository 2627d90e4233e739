"""The topics the engine needs: created where that is allowed, and checked at every start."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec import Struct

from engine.config import KafkaConfig
from engine.errors import TopicError
from engine.io.kafka.client import connect, security

HEADROOM = 64 * 1024
"""Bytes that headers may add to a dead letter or a held item above the input's own limit."""
_PROPAGATION = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0)
log = structlog.get_logger("kafka")


class TopicSpec(Struct, frozen=True):
    """A topic as it is created. ``grows``: takes whole input messages plus headers; ``single``: has one partition."""

    name: str
    partitions: int = 1
    settings: dict[str, str] = {}
    grows: bool = False
    single: bool = False


def specs(config: KafkaConfig) -> list[TopicSpec]:
    """All topics of a pipeline."""
    topics = config.topics
    append_time = {"message.timestamp.type": "LogAppendTime"}
    return [
        TopicSpec(topics.raw, config.partitions, append_time),
        TopicSpec(topics.scored, 1, append_time, single=True),
        TopicSpec(topics.alerts),
        TopicSpec(topics.shadow),
        TopicSpec(topics.dead_letters, grows=True),
        TopicSpec(topics.held, 1, {"cleanup.policy": "compact"}, grows=True, single=True),
    ]


async def prepare(config: KafkaConfig) -> int:
    """Check every topic, after creating what is missing where the config says so.

    Returns:
        The largest message in bytes that the raw topic takes.

    Raises:
        TopicError: a topic is missing or set up so that news could be lost or told in the wrong order.
        BrokerError: no broker answers.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=config.brokers, client_id="flashwire-admin", **security(config))
    await connect(admin.start(), config.brokers)
    try:
        wanted = specs(config)
        present = set(await admin.list_topics())
        missing = [spec for spec in wanted if spec.name not in present]
        if missing and not config.create_topics:
            names = ", ".join(spec.name for spec in missing)
            raise TopicError(
                f"topics missing on {config.brokers}: {names}; create them or set kafka.create_topics: true"
            )
        raw_limit = 0
        for spec in wanted:
            settings = await _settings(admin, config.topics.raw) if spec.grows else {}
            if spec in missing:
                await _create(admin, spec, config, int(settings.get("max.message.bytes", 0)))
            found = await _settings(admin, spec.name)
            raw_limit = raw_limit or int(found["max.message.bytes"])
            _check(spec, found, raw_limit)
        await _check_layout(admin, wanted)
        return raw_limit
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, spec: TopicSpec, config: KafkaConfig, raw_limit: int) -> None:
    settings = dict(spec.settings)
    if spec.grows:
        settings["max.message.bytes"] = str(raw_limit + HEADROOM)
    topic = NewTopic(spec.name, spec.partitions, config.replication, topic_configs=settings)
    response = await admin.create_topics([topic])
    for name, code, *message in response.topic_errors:
        if code not in (0, 36):  # 36: another engine was quicker.
            raise TopicError(f"cannot create topic {name}: error {code} {' '.join(filter(None, message))}")
    log.info("topic created", topic=spec.name, partitions=spec.partitions, settings=settings)


def _check(spec: TopicSpec, found: dict[str, str], raw_limit: int) -> None:
    """Refuse what would break a promise; the message carries the command that mends it."""
    for key, value in spec.settings.items():
        if found.get(key, "") != value:
            raise TopicError(_mend(spec.name, key, value, found.get(key, "")))
    needed = raw_limit + HEADROOM
    if spec.grows and int(found["max.message.bytes"]) < needed:
        raise TopicError(_mend(spec.name, "max.message.bytes", str(needed), found["max.message.bytes"]))


def _mend(topic: str, key: str, value: str, found: str) -> str:
    command = f"kafka-configs.sh --alter --entity-type topics --entity-name {topic} --add-config {key}={value}"
    return f"topic {topic}: {key} is {found!r} and must be {value!r}: {command}"


async def _settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    for wait in _PROPAGATION:  # A topic just created is not known to every part of the broker at once.
        responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        for code, _message, _type, _name, entries in (row for response in responses for row in response.resources):
            if code == 0:
                return {entry[0]: entry[1] or "" for entry in entries}
        await asyncio.sleep(wait)
    raise TopicError(f"topic {topic}: its settings cannot be read (error {code})")


async def _check_layout(admin: AIOKafkaAdminClient, wanted: list[TopicSpec]) -> None:
    """Refuse partitions where order needs one; warn where one broker's loss would lose what was acknowledged."""
    single = {spec.name for spec in wanted if spec.single}
    described: list[dict[str, Any]] = await admin.describe_topics([spec.name for spec in wanted])
    frail = []
    for topic in described:
        if topic["topic"] in single and len(topic["partitions"]) != 1:
            count = len(topic["partitions"])
            raise TopicError(f"topic {topic['topic']}: has {count} partitions and must have 1; create it anew")
        in_sync = (await _settings(admin, topic["topic"])).get("min.insync.replicas", "1")
        copies = min((len(partition["replicas"]) for partition in topic["partitions"]), default=0)
        if copies < 2 or int(in_sync) < 2:
            frail.append(f"{topic['topic']} (replicas {copies}, min.insync.replicas {in_sync})")
    if frail:
        log.warning("the loss of one broker can lose what it acknowledged", topics=sorted(frail))
