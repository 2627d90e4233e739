"""A real Apache Kafka for the session, and a pipeline of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from tests.integration.running import Setup


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker on free loopback ports, with its own data folder."""
    with Broker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def setup(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Topics, rules and configuration of a pipeline that no other test shares; its engines are stopped after it."""
    made = Setup(kafka.bootstrap, tmp_path, request.node.name.split("[")[0])
    yield made
    made.kill_all()
