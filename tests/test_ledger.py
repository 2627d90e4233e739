"""The ledger: commits follow acknowledgements, and never pass one that is missing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.io.memory import MemorySource
from engine.ledger import Ledger
from engine.types import Delivery, Origin


def delivery(offset: int, partition: int = 0, *, held: bool = False) -> Delivery:
    """A delivery at this place."""
    return Delivery(Origin("news.raw", partition, offset), b"{}", 0.0, held=held)


async def test_commits_wait_for_the_oldest() -> None:
    """An acknowledgement commits nothing while an earlier one of its partition is missing."""
    source = MemorySource()
    ledger = Ledger(source)
    acks = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for offset, ack in enumerate(acks):
        ledger.open(delivery(offset))
        ledger.close_after(delivery(offset), [ack])
    acks[1].set_result(None)
    acks[2].set_result(None)
    await asyncio.sleep(0)
    assert source.committed == {}
    acks[0].set_result(None)
    await asyncio.sleep(0)
    assert source.committed == {("news.raw", 0): 3}


async def test_all_acknowledgements_of_an_item_count() -> None:
    """An item with an alert and a journal record is closed when both are acknowledged."""
    source = MemorySource()
    ledger = Ledger(source)
    alert, record = (asyncio.get_running_loop().create_future() for _ in range(2))
    ledger.open(delivery(7))
    ledger.close_after(delivery(7), [alert, record])
    alert.set_result(None)
    await asyncio.sleep(0)
    assert ledger.pending == 1
    record.set_result(None)
    await asyncio.sleep(0)
    assert (ledger.pending, source.committed) == (0, {("news.raw", 0): 8})


async def test_a_failed_acknowledgement_breaks_the_ledger() -> None:
    """The error surfaces in ``settle`` and the offset stays where it was."""
    source = MemorySource()
    ledger = Ledger(source)
    ack: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ledger.open(delivery(0))
    ledger.close_after(delivery(0), [ack])
    ack.set_exception(OSError("broker gone"))
    with pytest.raises(OSError, match="broker gone"):
        await ledger.settle()
    assert source.committed == {}


async def test_a_held_item_is_released_by_itself() -> None:
    """The re-entry of an embargoed item commits no offset; it is released."""
    source = MemorySource()
    ledger = Ledger(source)
    ledger.open(delivery(3, held=True))
    ledger.close_after(delivery(3, held=True), [])
    ledger.end()
    await ledger.settle()
    assert (source.committed, source.released) == ({}, [Origin("news.raw", 0, 3)])


@given(st.permutations(range(12)))
def test_whatever_the_order_the_prefix_is_contiguous(order: list[int]) -> None:
    """After every acknowledgement the committed offset is the first that is not acknowledged."""

    async def play() -> None:
        source = MemorySource()
        ledger = Ledger(source)
        acks = {offset: asyncio.get_running_loop().create_future() for offset in range(12)}
        for offset, ack in acks.items():
            ledger.open(delivery(offset))
            ledger.close_after(delivery(offset), [ack])
        done: set[int] = set()
        for offset in order:
            acks[offset].set_result(None)
            done.add(offset)
            await asyncio.sleep(0)
            expected = next(at for at in range(13) if at not in done)
            assert source.committed.get(("news.raw", 0), 0) == expected

    asyncio.run(play())
