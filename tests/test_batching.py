"""Micro-batches: at once when idle, what waited when busy, first in first out, within bounds."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from engine.batching import Batcher, BatchLimits, Speed


async def test_an_idle_model_takes_one_item_at_once() -> None:
    """There is no timer: a lone item is a batch."""
    batcher: Batcher[str] = Batcher(BatchLimits())
    taking = asyncio.ensure_future(batcher.take())
    await asyncio.sleep(0)
    await batcher.put("a", 10)
    assert await taking == ["a"]


async def test_what_waited_forms_the_next_batch() -> None:
    """Everything that waits is taken together, in order, up to the token bound."""
    batcher: Batcher[str] = Batcher(BatchLimits(max_tokens=25, max_ms=1e9))
    for name in "abcd":
        await batcher.put(name, 10)
    assert await batcher.take() == ["a", "b"]
    assert await batcher.take() == ["c", "d"]


async def test_predicted_time_bounds_a_batch() -> None:
    """At 2 ms a token, 8 ms hold four tokens."""
    batcher: Batcher[str] = Batcher(BatchLimits(max_tokens=1_000, max_ms=8.0))
    batcher.speed = Speed(ms_per_token=2.0)
    for name in "abc":
        await batcher.put(name, 2)
    assert await batcher.take() == ["a", "b"]


async def test_one_item_always_fits() -> None:
    """An item larger than the bounds is a batch of its own, not a deadlock."""
    batcher: Batcher[str] = Batcher(BatchLimits(max_tokens=5))
    await batcher.put("huge", 500)
    assert await batcher.take() == ["huge"]


async def test_a_full_queue_makes_the_reader_wait() -> None:
    """The queue is bounded: the writer goes on when the model has taken something."""
    batcher: Batcher[int] = Batcher(BatchLimits(queue=2))
    for number in range(2):
        await batcher.put(number, 1)
    blocked = asyncio.ensure_future(batcher.put(2, 1))
    await asyncio.sleep(0)
    assert not blocked.done()
    await batcher.take()
    await asyncio.wait_for(blocked, 1)


async def test_the_end_gives_what_is_left_then_nothing() -> None:
    """After ``end`` the rest is taken and every later batch is empty."""
    batcher: Batcher[str] = Batcher(BatchLimits())
    await batcher.put("a", 1)
    batcher.end()
    assert [await batcher.take(), await batcher.take()] == [["a"], []]


def test_speed_follows_what_it_sees() -> None:
    """The learnt cost moves towards the measured one."""
    speed = Speed(ms_per_token=1.0)
    for _ in range(200):
        speed.learn(tokens=100, ms=10.0)
    assert abs(speed.ms_per_token - 0.1) < 0.01


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_order_is_kept_and_nothing_is_lost(sizes: list[int]) -> None:
    """Whatever the sizes, the batches one after another are the items in the order they came."""

    async def play() -> list[int]:
        batcher: Batcher[int] = Batcher(BatchLimits(max_tokens=64, queue=100))
        for number, size in enumerate(sizes):
            await batcher.put(number, size)
        batcher.end()
        taken: list[int] = []
        while batch := await batcher.take():
            taken += batch
        return taken

    assert asyncio.run(play()) == list(range(len(sizes)))
