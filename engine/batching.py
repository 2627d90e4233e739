"""Work-conserving micro-batches: what waits when the model falls idle forms the next batch. There is no timer.

First in, first out; bounded by tokens and by the time the batch is predicted to take, not by count.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")


class BatchLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds: ``max_tokens`` and ``max_ms`` of one batch (one item always fits), ``queue`` items waiting."""

    max_tokens: Annotated[int, Meta(ge=1)] = 1024
    max_ms: Annotated[float, Meta(gt=0)] = 8.0
    queue: Annotated[int, Meta(ge=1)] = 512


class Speed:
    """Milliseconds a token, learnt online: an exponential mean over batches, seeded with a cautious guess."""

    def __init__(self, ms_per_token: float = 0.1, weight: float = 0.05) -> None:
        self.ms_per_token, self._weight = ms_per_token, weight

    def learn(self, tokens: int, ms: float) -> None:
        """Take in one batch's figures."""
        self.ms_per_token += self._weight * (ms / max(tokens, 1) - self.ms_per_token)


class Batcher(Generic[T]):
    """A bounded queue whose reader takes as much as one batch may hold."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._waiting: deque[tuple[T, int]] = deque()
        self._ended = False
        self._arrival, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self.speed = Speed()

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, item: T, tokens: int) -> None:
        """Add an item of about so many tokens; waits while the queue is full."""
        while len(self._waiting) >= self._limits.queue:
            self._room.clear()
            await self._room.wait()
        self._waiting.append((item, tokens))
        self._arrival.set()

    def end(self) -> None:
        """No more will be put: ``take`` gives what is left, then empty batches."""
        self._ended = True
        self._arrival.set()

    async def take(self) -> list[T]:
        """The next batch, at once where anything waits; empty only after ``end``."""
        while not self._waiting and not self._ended:
            self._arrival.clear()
            await self._arrival.wait()
        batch: list[T] = []
        budget = min(self._limits.max_tokens, self._limits.max_ms / self.speed.ms_per_token)
        while self._waiting and (not batch or self._waiting[0][1] <= budget):
            item, tokens = self._waiting.popleft()
            budget -= tokens
            batch.append(item)
        self._room.set()
        return batch
