"""The work: batches to the server, a bounded number at a time; answers checked, kept, and asked again where faulty."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from models.errors import LabelError
from models.label.answer import read_answer, response_format
from models.label.cache import Cache
from models.label.client import Client, Reply
from models.label.order import Heads, Server
from models.label.plan import Batch
from models.label.price import Price, Purse, at_worst, ceiling, estimate
from models.label.prompt import Prompt

TRIES = 3
_HOPELESS = 20


class Tally(Struct):
    """What a run did. ``unreported`` requests came without usage: their tokens are estimated."""

    requests: int = 0
    retries: int = 0
    labelled: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unreported: int = 0
    rejects: dict[str, str] = field(default_factory=dict)
    """Cache key → why no answer could be had."""


class Work(Struct, frozen=True):
    """All that the labelling of batches needs; ``advance`` is called as jobs are done with."""

    client: Client
    server: Server
    prompt: Prompt
    heads: Heads
    price: Price
    cache: Cache
    purse: Purse
    tally: Tally
    advance: Callable[[int], None]

    async def run(self, batches: Iterable[Batch]) -> None:
        """Label every batch.

        Raises:
            LabelError: the run cannot go on; SpentError among them. What was answered before is in the cache.
        """
        waiting = iter(batches)
        async with self.client:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self.server.concurrency):
                        group.create_task(self._drain(waiting))
            except BaseExceptionGroup as errors:
                # The first to fail stops the others, and they fail alike (a limit, a key): one error says it all.
                raise errors.exceptions[0] from None

    async def _drain(self, waiting: Iterator[Batch]) -> None:
        for batch in waiting:
            await self._settle(batch, TRIES)

    async def _settle(self, batch: Batch, tries: int) -> None:
        """Ask, and ask again for rows without a usable answer.

        They are asked in halves: a shorter answer is an easier one, and at temperature 0 the same question would get
        the same answer.
        """
        faults = await self._ask(batch)
        left = [job for job in batch if job.key in faults]
        self.advance(len(batch) - len(left))
        if tries == 1:
            self._reject(left, faults)
            return
        half = (len(left) + 1) // 2
        for part in (left[:half], left[half:]):
            if part:
                await self._settle(part, tries - 1)

    async def _ask(self, batch: Batch) -> dict[str, str]:
        """One request; what is usable goes to the cache. Returns the faults by key."""
        messages = self.prompt.messages([job.text for job in batch])
        form = response_format(self.heads, len(batch), self.server.format)
        most = ceiling(self.heads, len(batch), self.server.reasoning_tokens)
        async with self.purse.hold(at_worst(messages, most, self.price)):
            reply = await self.client.ask(messages, form, most)
            self._count(reply, batch)
            return self._keep(reply, batch)

    def _keep(self, reply: Reply, batch: Batch) -> dict[str, str]:
        if reply.fault:
            return {job.key: reply.fault for job in batch}
        answer = read_answer(reply.content, len(batch), self.heads)
        for number, labels in answer.labels.items():
            job = batch[number - 1]
            self.cache.keep(job.key, job.reading, labels)
        self.tally.labelled += len(answer.labels)
        return {batch[number - 1].key: fault for number, fault in answer.faults.items()}

    def _count(self, reply: Reply, batch: Batch) -> None:
        tokens_in, tokens_out = reply.tokens_in, reply.tokens_out
        if tokens_in is None or tokens_out is None:
            thinking = self.server.reasoning_tokens
            guess = estimate([[job.text for job in batch]], self.prompt, self.heads, self.price, thinking)
            tokens_in, tokens_out = guess.tokens_in, guess.tokens_out
            self.tally.unreported += 1
        self.tally.requests += 1
        self.tally.retries += reply.retries
        self.tally.tokens_in += tokens_in
        self.tally.tokens_out += tokens_out
        self.purse.pay(self.price.of(tokens_in, tokens_out))

    def _reject(self, jobs: Batch, faults: dict[str, str]) -> None:
        self.advance(len(jobs))
        self.tally.rejects |= {job.key: faults[job.key] for job in jobs}
        if not self.tally.labelled and len(self.tally.rejects) >= _HOPELESS:
            reason = next(iter(self.tally.rejects.values()))
            raise LabelError(
                f"{self.server.address}: {len(self.tally.rejects)} rows and not one usable answer ({reason}): "
                "give another --model, or --format json-object if the server leaves json_schema unheeded"
            )
