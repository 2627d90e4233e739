"""Money is estimated, counted and held back."""

from __future__ import annotations

import asyncio

import pytest

from models.label.order import Heads
from models.label.price import Price, Purse, SpentError, at_worst, ceiling, estimate
from models.label.prompt import Message, answer, make_prompt

PRICE = Price(2.0, 8.0)


def test_an_estimate_counts_the_opening_for_every_request(heads: Heads) -> None:
    """Twice the requests, about twice the guideline's tokens; thinking is paid as output."""
    prompt = make_prompt("word " * 700, heads, [])
    one = estimate([["A headline"] * 4], prompt, heads, PRICE)
    two = estimate([["A headline"] * 2] * 2, prompt, heads, PRICE)
    assert (one.requests, two.requests) == (1, 2)
    assert 1000 < one.tokens_in < 1500
    assert 1.9 < two.tokens_in / one.tokens_in < 2.1
    assert estimate([["A"]] * 3, prompt, heads, PRICE, thinking=500).tokens_out > 1500
    assert one.money == pytest.approx((one.tokens_in * 2 + one.tokens_out * 8) / 1e6)


def test_what_is_held_covers_the_longest_answer(heads: Heads) -> None:
    """A token a byte for the answer, and for the question half as many tokens as bytes."""
    longest = answer([{"urgency": "medium", "sentiment": "negative", "event": "legal_regulatory"}] * 5, heads)
    assert ceiling(heads, 5) >= len(longest)
    assert at_worst([Message("user", "ü" * 100)], 50, PRICE) >= PRICE.of(100, 50)


def test_prices_of_zero_are_known() -> None:
    """A server of one's own costs nothing, which is not the same as nobody knows."""
    assert Price(0.0, 0.0).known
    assert not Price(None, 1.0).known


async def test_a_limit_is_never_exceeded_by_requests_in_flight() -> None:
    """Eight at once with room for three: the others wait for what those leave over, and then they are refused."""
    purse, paid = Purse(1.0), []

    async def request() -> None:
        async with purse.hold(0.3):
            await asyncio.sleep(0)
            purse.pay(0.25)
            paid.append(purse.spent)

    results = await asyncio.gather(*(request() for _ in range(8)), return_exceptions=True)
    assert len(paid) == 3
    assert purse.spent == pytest.approx(0.75)
    assert [type(error) for error in results if error] == [SpentError] * 5


async def test_money_that_was_held_in_vain_comes_free() -> None:
    """Requests that cost less than they might make room for more."""
    purse = Purse(1.0)
    for _ in range(9):
        async with purse.hold(0.2):
            purse.pay(0.1)
    with pytest.raises(SpentError, match=r"the next request may cost 0\.2000 and the limit is 1\.0000"):
        async with purse.hold(0.2):
            pass


async def test_without_a_limit_everything_fits() -> None:
    """And is counted all the same."""
    purse = Purse()
    async with purse.hold(1e9):
        purse.pay(5.0)
    assert purse.spent == 5.0
