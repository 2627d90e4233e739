"""The line, and nothing else: bytes → item → scores → rules → alert.

    Source ─▶ read ─▶ [batcher] ─▶ score ─▶ [scored] ─▶ decide ─▶ Sink
              codec                worker              rules └──▶ Journal
                                   thread

Three tasks joined by bounded queues, and the ledger, which collects acknowledgements and lets the source
commit what lies behind them. No task waits for an acknowledgement before it takes the next item.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from engine.batching import Batcher, BatchLimits
from engine.codec import news
from engine.errors import DeadLetterError, ScoringError
from engine.ledger import Ledger
from engine.ports import Journal, Scorer, Sink, Source
from engine.rules import Evaluator
from engine.types import DeadLetter, Delivery, Instant, Origin, ScoredItem
from engine.watch.metrics import Metrics
from engine.work import Work, released, score_all

_SCORED_BATCHES = 4  # Finished batches that may wait for decide; more would only hide that it is the slow one.


class Parts(Struct, frozen=True):
    """What the line is made of. ``feed``: the source of items that name none; ``journalled``: see ``recover``."""

    source: Source
    scorer: Scorer
    rules: Evaluator
    journal: Journal
    sink: Sink
    metrics: Metrics
    model: str
    feed: str = ""
    limits: BatchLimits = BatchLimits()
    clock: Callable[[], Instant] = time.time
    journalled: Mapping[Origin, ScoredItem] = {}


class Pipeline:
    """One run of the line, from the first read to the last acknowledgement."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._batcher: Batcher[Work] = Batcher(parts.limits)
        self._scored: asyncio.Queue[tuple[Sequence[Work], Instant]] = asyncio.Queue(_SCORED_BATCHES)
        self._ledger = Ledger(parts.source)
        self._reader: asyncio.Task[None] | None = None
        self._waiting = self._draining = False

    @property
    def unacknowledged(self) -> int:
        """How many items are read and not yet safe to commit."""
        return self._ledger.pending

    async def run(self) -> None:
        """Run until the source ends or ``drain`` is called, and all that was read is acknowledged."""
        with ThreadPoolExecutor(1, thread_name_prefix="score") as worker:
            async with asyncio.TaskGroup() as group:
                self._reader = group.create_task(self._read())
                group.create_task(self._score(worker))
                group.create_task(self._decide())
                group.create_task(self._ledger.settle())

    def drain(self) -> None:
        """Read no more; what was read is decided and acknowledged, then ``run`` returns."""
        self._draining = True
        if self._reader is not None and self._waiting:  # Never in the middle of an item.
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            while deliveries := await self._next():
                for delivery in deliveries:
                    if self._draining:
                        return
                    self._ledger.open(delivery)
                    await self._admit(delivery)
        finally:
            self._batcher.end()

    async def _next(self) -> Sequence[Delivery]:
        self._waiting = True
        try:
            return await self._parts.source.read()
        finally:
            self._waiting = False

    async def _admit(self, delivery: Delivery) -> None:
        """Decode one message and send it on its way: to the model, to the dead letters, or into holding."""
        try:
            decoded = news.decode(delivery.value, source=self._parts.feed, now=delivery.first_seen)
        except DeadLetterError as error:
            self._ledger.close_after(delivery, [await self._dead_letter(delivery, "decode", error)])
            return
        self._parts.metrics.decoded(decoded.flags, decoded.unknown)
        if decoded.item.embargo is not None and not delivery.held and decoded.item.embargo > self._parts.clock():
            self._parts.metrics.fate("held")
            held = await self._parts.source.hold(delivery, decoded.item, decoded.item.embargo)
            self._ledger.close_after(delivery, [held])
            return
        work = Work(delivery, released(decoded.item), self._parts.journalled.get(delivery.origin))
        await self._batcher.put(work, work.tokens)

    async def _score(self, worker: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while batch := await self._batcher.take():
            started = time.perf_counter()
            await loop.run_in_executor(worker, score_all, self._parts.scorer, batch)
            seconds = time.perf_counter() - started
            self._batcher.speed.learn(sum(work.tokens for work in batch), seconds * 1000)
            self._parts.metrics.batch(len(batch), seconds)
            await self._scored.put((batch, self._parts.clock()))
        await self._scored.put(((), 0.0))

    async def _decide(self) -> None:
        batch, scored = await self._scored.get()
        while batch:
            for work in batch:
                self._ledger.close_after(work.delivery, await self._settle(work, scored))
            batch, scored = await self._scored.get()
        self._ledger.end()

    async def _settle(self, work: Work, scored: Instant) -> list[asyncio.Future[None]]:
        """Alert first, then journal: the item is committed only when both are acknowledged."""
        if isinstance(work.scores, Exception):
            return [await self._dead_letter(work.delivery, "score", ScoringError(str(work.scores)))]
        now = self._parts.clock()
        record = work.to_record(self._parts.model, scored, now)
        decision = self._parts.rules.decide(record, now)
        acks = [await self._parts.sink.publish(alert) for alert in decision.alerts]
        if decision.counts and work.record is None:
            acks.append(await self._parts.journal.append(record))
        self._parts.metrics.decided(work.delivery, record, decision, now)
        return acks

    async def _dead_letter(self, delivery: Delivery, stage: str, error: DeadLetterError) -> asyncio.Future[None]:
        self._parts.metrics.fate("dead_letter")
        return await self._parts.sink.dead_letter(DeadLetter(delivery, stage, type(error).__name__, str(error)))
