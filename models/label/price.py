"""What labelling costs: estimated before it starts, counted as the server reports it, held below a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import ceil

from msgspec import Struct

from models.errors import LabelError
from models.label.order import Heads
from models.label.prompt import Message, Prompt, answer

_BYTES_PER_TOKEN = 3.5
"""English headlines take 3.5 to 4.5 bytes a token in today's vocabularies; the lower end, to err on the dear side."""
_BYTES_PER_TOKEN_AT_WORST = 2.0
_TURN = 5
"""Tokens that a chat template puts around a turn."""


class Price(Struct, frozen=True):
    """Money per million tokens, in and out; None where it is not known."""

    tokens_in: float | None
    tokens_out: float | None

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Money for that many tokens; 0 where no price is known."""
        return (tokens_in * (self.tokens_in or 0.0) + tokens_out * (self.tokens_out or 0.0)) / 1e6

    @property
    def known(self) -> bool:
        """Whether both prices are given; 0 is a price."""
        return self.tokens_in is not None and self.tokens_out is not None


class Estimate(Struct):
    """What the work will take if no request has to be repeated."""

    requests: int
    tokens_in: int
    tokens_out: int
    money: float


class SpentError(LabelError):
    """The next request could exceed the limit."""


def estimate(batches: Sequence[list[str]], prompt: Prompt, heads: Heads, price: Price, thinking: int = 0) -> Estimate:
    """Requests, tokens and money for these batches of texts; ``thinking`` tokens are added to each request's answer."""
    opening = sum(_tokens(message) for message in prompt.opening)
    tokens_in = sum(opening + _tokens(prompt.messages(batch)[-1]) for batch in batches)
    tokens_out = sum(ceil(_longest(heads, len(batch)) / _BYTES_PER_TOKEN) + thinking for batch in batches)
    return Estimate(len(batches), tokens_in, tokens_out, price.of(tokens_in, tokens_out))


def ceiling(heads: Heads, rows: int, thinking: int = 0) -> int:
    """Most tokens an answer of so many rows may take: one a byte, so that indented JSON fits, too."""
    return _longest(heads, rows) + 64 + thinking


def at_worst(messages: Sequence[Message], answer_tokens: int, price: Price) -> float:
    """The most that a request may cost: a token for every two bytes, and the whole answer it is allowed."""
    size = sum(len(message.content.encode()) for message in messages)
    tokens_in = ceil(size / _BYTES_PER_TOKEN_AT_WORST) + 4 * _TURN * len(messages)
    return price.of(tokens_in, answer_tokens)


class Purse:
    """Counts what is spent; with a limit, money is held for each request in flight before it may start.

    So a limit is kept even with many requests in flight: what they may cost at worst is never above what is left.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._held = 0.0
        self._flying = 0
        self._room = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, money: float) -> AsyncIterator[None]:
        """Hold ``money`` while a request is out; waits where only what others hold stands in the way.

        Raises:
            SpentError: it does not fit, and nobody holds anything that could come free.
        """
        async with self._room:
            while not self._fits(money):
                if not self._flying:
                    raise SpentError(f"the next request may cost {money:.4f} and the limit is {self.limit:.4f}")
                await self._room.wait()
        self._held, self._flying = self._held + money, self._flying + 1
        try:
            yield
        finally:
            self._held, self._flying = self._held - money, self._flying - 1
            async with self._room:
                self._room.notify_all()

    def pay(self, money: float) -> None:
        """Count what a request has cost."""
        self.spent += money

    def _fits(self, money: float) -> bool:
        return self.limit is None or self.spent + self._held + money <= self.limit


def _tokens(message: Message) -> int:
    return ceil(len(message.content.encode()) / _BYTES_PER_TOKEN) + _TURN


def _longest(heads: Heads, rows: int) -> int:
    """Bytes of the longest answer: every row with the longest label of each head."""
    labels = {head: max(labels, key=len) for head, labels in heads.items()}
    return len(answer([labels] * rows, heads).encode())
