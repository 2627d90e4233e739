"""What is left to ask, and which texts share a request."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest

from msgspec import Struct

from models.label.cache import cache_key


class Job(Struct, frozen=True):
    """One reading of one text; ``key`` is its place in the cache."""

    text: str
    reading: int
    key: str


Batch = list[Job]


class Plan(Struct, frozen=True):
    """Every job by text, one per pass; and the batches of those that the cache does not know."""

    jobs: dict[str, list[Job]]
    batches: list[Batch]

    @property
    def pending(self) -> int:
        """Jobs to ask."""
        return sum(map(len, self.batches))


def make_plan(
    texts: Iterable[str], passes: int, rows: int, fingerprint: str, seed: int, known: Callable[[str], object]
) -> Plan:
    """Plan ``passes`` readings of every distinct text, ``rows`` texts a request; ``known`` looks a key up in the cache.

    All passes of one batch come before the next batch, so that a run that stops leaves whole votes behind. From pass
    to pass a batch's rows change places: what stands first in a request must not be favoured by every pass.
    """
    jobs = {
        text: [Job(text, reading, cache_key(fingerprint, text, reading)) for reading in range(passes)]
        for text in dict.fromkeys(texts)
        if text
    }
    by_pass = [_batches([of[reading] for of in jobs.values()], rows, seed, known) for reading in range(passes)]
    return Plan(jobs, [batch for batch in chain.from_iterable(zip_longest(*by_pass, fillvalue=[])) if batch])


def _batches(jobs: Batch, rows: int, seed: int, known: Callable[[str], object]) -> list[Batch]:
    left = [job for job in jobs if known(job.key) is None]
    batches = [left[at : at + rows] for at in range(0, len(left), rows)]
    for batch in batches:
        if batch[0].reading:  # The first pass reads in the file's order.
            random.Random(f"{seed}-{batch[0].reading}").shuffle(batch)
    return batches
