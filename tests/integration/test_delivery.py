"""Nothing lost, nothing told twice: through a real Kafka, with kills, drains and embargoes on the way."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import orjson
import pytest

from benchmarks.process import until
from engine.codec import journal
from tests.integration.console import Record, read_topic
from tests.integration.running import Setup
from tests.integration.wire import Stream, news, stream

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]
BIG = b"{" + b"\xfe" * 1_048_000  # As large as the topic takes; with its headers larger than that.


def wait_for_all(setup: Setup, count: int, timeout: float = 120.0) -> None:
    """Wait until every item has a fate: a journal record or a dead letter."""

    def fates() -> int:
        scored = {record.value for record in read_topic(setup.bootstrap, setup.topic("scored"))}
        origins = {journal.decode(value).origin for value in scored}
        return len(origins) + len(read_topic(setup.bootstrap, setup.topic("dead_letters")))

    until(lambda: fates() >= count, timeout, lambda: f"{fates()} of {count} have a fate")


def check(setup: Setup, sent: Stream) -> list[Record]:
    """Every expected alert once per id and key, every poison byte for byte."""
    alerts = read_topic(setup.bootstrap, setup.topic("alerts"))
    ids = Counter(record.headers["ce_id"] for record in alerts)
    assert set(ids.values()) <= {1}, f"told twice: {[i for i, n in ids.items() if n > 1]}"
    keys = Counter(record.headers["ce_dedupkey"] for record in alerts)
    assert set(keys.values()) <= {1}, "two ids for one dedup key"
    told = [orjson.loads(record.value or b"")["item"]["id"] for record in alerts]
    assert len(sent.groups) > 100
    missing = {group: items for group, items in sent.groups.items() if len(items & set(told)) != 1}
    assert not missing
    assert len(told) == len(sent.groups)
    dead = Counter(record.value for record in read_topic(setup.bootstrap, setup.topic("dead_letters")))
    assert set(dead) == set(sent.poison)
    return alerts


async def test_two_thousand_items(setup: Setup) -> None:
    """2,000 mixed items, 1% poison and one as large as the broker takes: each alert once, each poison as it came."""
    setup.engine().ready()
    sent = stream(2_000, seed=1, big=[BIG])
    await setup.send(sent.messages)
    wait_for_all(setup, len(sent.messages))
    alerts = check(setup, sent)
    assert {record.headers["ce_type"] for record in alerts} == {"flashwire.alert.v1"}
    assert {record.headers["content-type"] for record in alerts} == {"application/json"}
    letters = read_topic(setup.bootstrap, setup.topic("dead_letters"))
    assert Counter(record.value for record in letters) == Counter(sent.poison)
    assert {record.headers["__connect.errors.topic"] for record in letters} == {setup.topic("raw")}


async def test_two_thousand_items_and_ten_kills(setup: Setup) -> None:
    """The same with the engine killed ten times on the way, at moments drawn by chance."""
    engine = setup.engine().ready()
    sent = stream(2_000, seed=2)
    sending = asyncio.ensure_future(setup.send(sent.messages, per_second=130))
    draw = random.Random(3)
    for _ in range(10):
        await asyncio.sleep(draw.uniform(0.2, 1.2))
        await asyncio.to_thread(engine.kill)
        engine = await asyncio.to_thread(setup.engine().ready)
    await sending
    await asyncio.to_thread(wait_for_all, setup, len(sent.messages))
    assert engine.stop() == 0
    check(setup, sent)


async def test_a_drain_loses_nothing(setup: Setup) -> None:
    """SIGTERM in the middle of a burst: out within five seconds, and the next engine goes on where it stopped."""
    engine = setup.engine().ready()
    sent = stream(1_500, seed=4)
    await setup.send(sent.messages)
    until(lambda: engine.metric('flashwire_items_total{fate="decided"}') > 50, 20, engine.text)
    assert engine.stop() == 0  # A drain that takes longer than drain_s ends with 8.
    before = len(read_topic(setup.bootstrap, setup.topic("scored")))
    assert before < 1_485
    setup.engine().ready()
    wait_for_all(setup, len(sent.messages))
    check(setup, sent)
    origins = [journal.decode(record.value).origin for record in read_topic(setup.bootstrap, setup.topic("scored"))]
    assert len(origins) == len(set(origins)) == 1_485


async def test_an_embargo_outlives_the_engine(setup: Setup) -> None:
    """A held item waits in its topic while the engine is killed, fires once at its release, and then is gone."""
    engine = setup.engine().ready()
    release = time.time() + 8
    item = news("e1", "Acme files for bankruptcy protection", "ACME", embargo=release)
    await setup.send([item])
    until(lambda: bool(read_topic(setup.bootstrap, setup.topic("held"))), 10, engine.text)
    engine.kill()
    engine = setup.engine().ready()
    for topic in ("scored", "alerts", "shadow", "dead_letters"):
        assert read_topic(setup.bootstrap, setup.topic(topic)) == []
    assert "bankruptcy" not in engine.text()
    until(lambda: len(read_topic(setup.bootstrap, setup.topic("alerts"))) == 1, 20, engine.text)
    assert time.time() >= release
    until(lambda: read_topic(setup.bootstrap, setup.topic("held"))[-1].value is None, 10, engine.text)
    engine.kill()
    setup.engine().ready()
    await asyncio.sleep(1)
    assert len(read_topic(setup.bootstrap, setup.topic("alerts"))) == 1
