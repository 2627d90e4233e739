"""A real Apache Kafka for the session, and a pipeline of its own for every test."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
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
def topics(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names of topics that no other test has: ``topics("raw")``."""
    test, run = re.sub(r"[^a-zA-Z0-9-]+", "-", request.node.name).strip("-"), uuid.uuid4().hex[:6]
    return lambda name: f"{test}-{run}.{name}"


@pytest.fixture
def setup(kafka: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Topics, rules and configuration of a pipeline that no other test shares; its engines are stopped after it."""
    made = Setup(kafka.bootstrap, tmp_path, request.node.name.split("[")[0])
    yield made
    made.kill_all()
