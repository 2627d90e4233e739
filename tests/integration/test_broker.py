"""The local broker and the clients that check on it: every other test here rests on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import yaml
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.broker import Broker, BrokerFailedError, answers, free_port
from engine.config import ROOT
from tests.integration.console import read_topic

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
VALUES = [b"plain", b"two\nlines\r\n", b"\xff\xfe\x1c\x1d\x1e\\x41", b"nul\0in", None, b"", os.urandom(900_000)]
TEXT = {"ce_id": "x, y and z", "empty": "", "name": "Zürich"}
RAW = ("raw", b"\0\xff\n\x1e,\x1d,y=z")
COMMAND = [sys.executable, "-m", "deploy.kafka.broker"]


async def produce(broker: Broker, topic: str, *values: bytes | None, raw: bool = False) -> None:
    """Make the topic where it is missing, and send each value with a key and headers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    headers = [*((name, text.encode()) for name, text in TEXT.items()), *([RAW] if raw else [])]
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        for number, value in enumerate(values):
            await producer.send_and_wait(topic, value, key=b"k\n\0%d" % number, headers=headers)
        await producer.send_and_wait(topic, b"no key, no headers")


@pytest.mark.parametrize("client", ["kcat", "java"])
async def test_a_round_trip_byte_for_byte(
    kafka: Broker, topics: Callable[[str], str], client: Literal["kcat", "java"]
) -> None:
    """Both clients read what was sent: any bytes, null and empty values, 900 kB; headers as far as they can."""
    await produce(kafka, topics("any"), *VALUES, raw=client == "java")
    *records, bare = read_topic(kafka.bootstrap, topics("any"), client=client)
    assert [record.value for record in records] == VALUES
    assert [record.key for record in records] == [b"k\n\0%d" % number for number in range(len(VALUES))]
    for record in records:
        raw = record.headers.pop("raw", "").encode("utf-8", "surrogateescape")
        assert raw == (RAW[1] if client == "java" else b"")
        assert record.headers == TEXT
    assert (bare.key, bare.value, bare.headers) == (None, b"no key, no headers", {})


async def test_what_was_acknowledged_outlives_stops_and_kills(tmp_path: Path) -> None:
    """After a stop as after a kill the same folder and ports serve the same records."""
    quick = {"broker.session.timeout.ms": "1500", "broker.heartbeat.interval.ms": "300"}
    with Broker(tmp_path / "kafka", settings=quick) as broker:
        await produce(broker, "kept", b"1")
        broker.stop()
        broker.start()
        await produce(broker, "kept", b"2")
        broker.kill()
        assert not answers(broker.port)
        broker.start()
        values = [record.value for record in read_topic(broker.bootstrap, "kept") if record.key]
        assert values == [b"1", b"2"]


def test_a_start_that_cannot_work_says_why(kafka: Broker, tmp_path: Path) -> None:
    """A port that a broker has already and a setting that Kafka refuses are named."""
    with pytest.raises(BrokerFailedError, match=f"another broker answers on {kafka.bootstrap}"):
        Broker(tmp_path, kafka.port).start()
    with pytest.raises(BrokerFailedError, match=r"Invalid value never for configuration log\.retention\.ms"):
        Broker(tmp_path, settings={"log.retention.ms": "never"}).start()


def test_the_command_takes_its_broker_with_it(tmp_path: Path) -> None:
    """SIGTERM to the command in the foreground stops the broker as well, which has a session of its own."""
    port = free_port()
    command = [*COMMAND, "--port", str(port), "--folder", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"Kafka answers on 127.0.0.1:{port}" in process.stdout.readline()
        assert answers(port)
        process.terminate()
        assert process.wait(20) == 0
    assert not answers(port)


def test_a_stop_spares_strangers(tmp_path: Path) -> None:
    """A pid file from before a reboot may name anybody's process; ``--stop`` leaves it alone."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "pid").write_text(str(stranger.pid), "utf-8")
        done = subprocess.run(
            [*COMMAND, "--folder", str(tmp_path), "--stop"], cwd=ROOT, capture_output=True, check=True
        )
        assert b"no broker runs from" in done.stdout
        assert stranger.poll() is None
        stranger.kill()


def test_compose_sets_what_the_local_broker_sets() -> None:
    """Who uses Docker gets the same broker; only addresses and the data's place differ."""
    (service,) = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))["services"].values()
    pairs = service["environment"].items()
    compose = {name.removeprefix("KAFKA_").lower().replace("_", "."): str(value) for name, value in pairs}
    local = Broker(Path("unused")).properties()
    places = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
    assert {key: compose.get(key) for key in local.keys() - places} == {
        key: local[key] for key in local.keys() - places
    }
    assert service["ports"] == ["127.0.0.1:9092:9092"]
