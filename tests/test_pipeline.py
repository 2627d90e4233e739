"""The whole line in memory: bytes in, alerts, records and dead letters out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from engine.batching import BatchLimits
from engine.io.memory import MemoryJournal, MemorySink, MemorySource
from engine.pipeline import Parts, Pipeline
from engine.types import Scores
from engine.watch.metrics import Metrics
from tests.records import COLD, HOT
from tests.rules.rulesets import evaluator


class WordScorer:
    """Scores by words: "crash" is hot, anything else cold; "poison" cannot be scored."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """One dictionary per text."""
        self.batches.append(len(texts))
        if any("poison" in text for text in texts):
            raise ValueError("cannot score poison")
        return [HOT if "crash" in text else COLD for text in texts]


def news(item_id: str, headline: str, **more: Any) -> bytes:
    """A plain message, published now."""
    stamp = datetime.now(UTC).isoformat()
    return orjson.dumps({"id": item_id, "source": "wire", "headline": headline, "published": stamp, **more})


LIMITS = BatchLimits()


class Bench:
    """A pipeline with both ends in memory."""

    def __init__(self, limits: BatchLimits = LIMITS) -> None:
        self.source, self.journal, self.sink = MemorySource(), MemoryJournal(), MemorySink()
        self.scorer, self.metrics = WordScorer(), Metrics()
        self.pipeline = Pipeline(
            Parts(self.source, self.scorer, evaluator(), self.journal, self.sink, self.metrics, "m", limits=limits)
        )

    async def play(self, *messages: bytes | None) -> Bench:
        """Put the messages, end the source, run to the end."""
        for message in messages:
            self.source.put(message)
        self.source.end()
        async with asyncio.timeout(10):
            await self.pipeline.run()
        return self

    @property
    def alerted(self) -> list[tuple[str, str]]:
        """What went out: message type and item."""
        return [(alert.msg_type, alert.item.id) for alert in self.sink.alerts]


async def test_an_item_becomes_an_alert_and_a_record() -> None:
    """A hot item is alerted, journalled with its scores, and committed; a cold one is journalled and committed."""
    bench = await Bench().play(news("1", "Acme shares crash", tickers=["XNAS:ACME"]), news("2", "Acme opens a shop"))
    assert bench.alerted == [("alert", "wire:1")]
    assert bench.sink.alerts[0].entity.id == "ACME"
    assert [record.item.id for record in bench.journal.records] == ["wire:1", "wire:2"]
    assert bench.journal.records[0].scores == HOT
    assert bench.source.committed == {("memory", 0): 2}


POISON = [
    b"not json",
    b'{"id": "1", "headl',
    b"[1, 2]",
    b"{}",
    b'{"id":"1","source":"wire","headline":7}',
    b'{"id":"1","source":"wire","headline":"   "}',
    b'{"id":"1","source":"wire"}',
    b'{"id":"1","source":"wire","headline":"\xff\xfe"}',
    b'{"id":"1","source":"wire","headline":"x","version":NaN}',
    b'{"id":"1","source":"wire","headline":"x","published":"soon"}',
    b"[" * 100_000,
    None,
    b"",
    b'{"id":"1","source":"wire","body":"' + b"x" * 1_000_000 + b'"}',
]


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
async def test_poison_is_set_aside_byte_for_byte(poison: bytes | None) -> None:
    """What cannot be read goes to the dead letters as it came, and the line goes on."""
    bench = await Bench().play(news("0", "all quiet"), poison, news("2", "Acme shares crash"))
    (letter,) = bench.sink.dead_letters
    assert (letter.delivery.value, letter.stage) == (poison, "decode")
    assert letter.message
    assert bench.alerted == [("alert", "wire:2")]
    assert bench.source.committed == {("memory", 0): 3}


async def test_one_item_that_cannot_be_scored_does_not_fail_its_batch() -> None:
    """The model's error sets that item aside; its batch-mates are scored."""
    bench = await Bench().play(news("1", "a crash"), news("2", "poison"), news("3", "another crash"))
    assert [letter.stage for letter in bench.sink.dead_letters] == ["score"]
    assert bench.alerted == [("alert", "wire:1"), ("alert", "wire:3")]


async def test_a_large_body_is_no_reason_to_refuse() -> None:
    """A body of a megabyte is passed over; the headline is scored."""
    bench = await Bench().play(news("1", "Acme shares crash", body="x" * 1_200_000))
    assert bench.alerted == [("alert", "wire:1")]


async def test_unknown_fields_are_kept_out_and_counted() -> None:
    """Fields that no format knows are counted and reach neither journal nor alert."""
    bench = await Bench().play(news("1", "Acme shares crash", colour="red", mood=3))
    assert b"flashwire_unknown_fields_total 2.0" in bench.metrics.render()
    assert "colour" not in repr(bench.journal.records)


@pytest.mark.parametrize(
    ("stamp", "flag", "fires"),
    [
        ({"published": ...}, "published_without_zone", True),
        ({"published": "2199-01-01T00:00:00Z"}, "published_in_future", True),
        ({"published": "2008-09-07T10:00:00Z"}, "", False),
        ({"first_created": "2002-12-10T10:00:00Z"}, "", False),
    ],
    ids=["no zone", "future", "years old", "an old story under a new stamp"],
)
async def test_odd_timestamps(stamp: dict[str, Any], flag: str, fires: bool) -> None:
    """No zone means UTC; a stamp in the future is not believed; old news never fires; each is counted."""
    without_zone = datetime.now(UTC).replace(tzinfo=None).isoformat()
    stamp = {name: without_zone if value is ... else value for name, value in stamp.items()}
    bench = await Bench().play(news("1", "Acme shares crash", **stamp))
    assert bool(bench.sink.alerts) is fires
    text = bench.metrics.render().decode()
    assert f'flag="{flag}"' in text if flag else 'outcome="expired"' in text


async def test_an_embargoed_item_waits_and_fires_at_its_release() -> None:
    """Until its release nothing of the item is scored or journalled; at it, it is as fresh as any."""
    bench = Bench()
    release = time.time() + 0.4
    bench.source.put(news("1", "Acme shares crash", embargo=release, published=time.time() - 3_600))
    bench.source.put(news("2", "all quiet"))
    bench.source.end()
    running = asyncio.ensure_future(bench.pipeline.run())
    await asyncio.sleep(0.2)
    assert [record.item.id for record in bench.journal.records] == ["wire:2"]
    assert bench.source.committed == {("memory", 0): 2}
    await asyncio.wait_for(running, 5)
    (alert,) = bench.sink.alerts
    assert (alert.item.id, alert.t.first_seen, alert.t.published) == ("wire:1", release, release)
    assert len(bench.source.released) == 1


async def test_an_embargo_that_has_passed_is_no_embargo() -> None:
    """An item whose release lies behind us goes straight through."""
    bench = await Bench().play(news("1", "Acme shares crash", embargo=time.time() - 1))
    assert bench.alerted == [("alert", "wire:1")]


async def test_withdrawal_and_correction_through_the_line() -> None:
    """A correction before its original wins over it; a withdrawal takes the alert back."""
    bench = await Bench().play(
        news("1", "Acme shares crash", version=1),
        news("1", "", version=2, status="withdrawn"),
        news("2", "Beta is well", version=2),
        news("2", "Beta shares crash", version=1),
        news("3", "Gamma shares crash", status="withdrawn"),
    )
    assert bench.alerted == [("alert", "wire:1"), ("cancel", "wire:1")]
    assert bench.metrics.fates() == {"decided": 2, "withdrawn": 2, "late": 1}
    assert bench.scorer.batches == [3]


async def test_draining_finishes_what_was_read() -> None:
    """After ``drain`` every item that was read is decided and committed, and the run ends."""
    bench = Bench()
    for number in range(20):
        bench.source.put(news(str(number), "Acme shares crash"))
    running = asyncio.ensure_future(bench.pipeline.run())
    await asyncio.sleep(0.1)
    bench.pipeline.drain()
    await asyncio.wait_for(running, 5)
    assert bench.source.committed == {("memory", 0): len(bench.journal.records)}
    assert len(bench.journal.records) == 20


async def test_a_broken_sink_stops_the_line() -> None:
    """An alert that can never be acknowledged ends the run with its error, and its item is not committed."""

    class Broken(MemorySink):
        async def publish(self, alert: Any) -> asyncio.Future[None]:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.set_exception(OSError("no broker"))
            return future

    bench = Bench()
    bench.sink = Broken()
    bench.pipeline = Pipeline(
        Parts(bench.source, bench.scorer, evaluator(), bench.journal, bench.sink, bench.metrics, "m")
    )
    bench.source.put(news("1", "Acme shares crash"))
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(bench.pipeline.run(), 5)
    assert raised.group_contains(OSError, match="no broker")
    assert bench.source.committed == {}


async def test_replaying_the_journal_gives_the_same_alerts() -> None:
    """The journal is enough: its records, decided at the moments they name, give the alerts that went out."""
    words = ["crash", "calm", "gain"]
    messages = [
        news(str(number % 40), f"Acme {words[number % 3]} {number % 7}", version=number) for number in range(120)
    ]
    bench = await Bench().play(*messages)
    again = evaluator()
    replayed = [alert for record in bench.journal.records for alert in again.decide(record, record.decided).alerts]
    assert [alert.id for alert in replayed] == [alert.id for alert in bench.sink.alerts]
    assert replayed
