"""Both ends in memory: what is put comes out, in order, and what the line notes can be read."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.io.memory import MemoryJournal, MemorySink, MemorySource
from engine.types import Alert, DeadLetter, Delivery, NewsItem, Origin
from tests.records import record
from tests.rules.rulesets import evaluator

ITEM = NewsItem("wire:1", "r1", "wire", "Acme cuts its forecast")


async def read_all(source: MemorySource) -> list[Delivery]:
    """Every delivery until the source ends."""
    found: list[Delivery] = []
    async with asyncio.timeout(10):
        while deliveries := await source.read():
            found += deliveries
    return found


async def test_order_in_is_order_out() -> None:
    """Messages come as they were put, null among them, numbered from 0, first seen when it was said or now."""
    source = MemorySource("feed", clock=lambda: 77.0)
    origins = [source.put(b"a", 5.0), source.put(None), source.put(b"c")]
    source.end()
    found = await read_all(source)
    assert [delivery.value for delivery in found] == [b"a", None, b"c"]
    assert [delivery.first_seen for delivery in found] == [5.0, 77.0, 77.0]
    assert [delivery.origin for delivery in found] == origins == [Origin("feed", 0, number) for number in range(3)]
    assert all(delivery.received and not delivery.held for delivery in found)


async def test_an_ended_source_stays_ended() -> None:
    """After its end every read is empty, at once."""
    source = MemorySource()
    source.end()
    assert await read_all(source) == []
    assert await source.read() == ()


async def test_a_read_waits_for_what_is_put_later() -> None:
    """A read that found nothing gives what is put while it waits."""
    source = MemorySource()
    reading = asyncio.ensure_future(source.read())
    await asyncio.sleep(0)
    source.put(b"late")
    assert [delivery.value for delivery in await asyncio.wait_for(reading, 10)] == [b"late"]


async def test_a_cancelled_read_loses_nothing() -> None:
    """What is put after a read was given up comes with the next."""
    source = MemorySource()
    reading = asyncio.ensure_future(source.read())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    source.put(b"kept")
    source.end()
    assert [delivery.value for delivery in await read_all(source)] == [b"kept"]


@pytest.mark.parametrize("ended", [False, True], ids=["more may come", "ended"])
async def test_a_held_item_comes_again_at_its_release(ended: bool) -> None:
    """Held, it comes with the release as its first sight; the source does not end before it."""
    source, until = MemorySource(), time.time() + 0.05
    source.put(b"secret")
    (delivery,) = await source.read()
    await source.hold(delivery, ITEM, until)
    if ended:
        source.end()
    (again,) = await asyncio.wait_for(source.read(), 10)
    assert time.time() >= until
    assert (again.value, again.held, again.first_seen, again.origin) == (b"secret", True, until, delivery.origin)
    source.release(again)
    assert source.released == [delivery.origin]


async def test_a_read_that_waits_for_a_release_still_sees_what_arrives() -> None:
    """News that comes while something is under embargo does not wait for the release."""
    source = MemorySource()
    await source.hold(Delivery(Origin("memory", 0, 0), b"secret", 0.0), ITEM, time.time() + 3_600)
    reading = asyncio.ensure_future(source.read())
    await asyncio.sleep(0)
    source.put(b"news")
    assert [delivery.value for delivery in await asyncio.wait_for(reading, 10)] == [b"news"]


def test_the_latest_commit_of_each_partition_counts() -> None:
    """Commits are remembered by partition."""
    source = MemorySource()
    for offsets in ({("a", 0): 3}, {("a", 0): 5}, {("a", 1): 1}):
        source.commit(offsets)
    assert source.committed == {("a", 0): 5, ("a", 1): 1}


async def test_journal_and_sink_keep_what_they_are_given() -> None:
    """Records, alerts and dead letters stand in lists, acknowledged; each alert is shown as it goes out."""
    shown: list[Alert] = []
    journal, sink, entry = MemoryJournal(), MemorySink(shown.append), record()
    (alert,) = evaluator().decide(entry, 1_000.0).alerts
    letter = DeadLetter(Delivery(entry.origin, b"\xff", 0.0), "decode", "NotJsonError", "not UTF-8")
    acks = [await journal.append(entry), await sink.publish(alert), await sink.dead_letter(letter)]
    assert all(ack.done() for ack in acks)
    assert (journal.records, sink.alerts, sink.dead_letters) == ([entry], [alert], [letter])
    assert shown == [alert]
