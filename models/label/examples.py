"""Few-shot examples: drawn from a labels file so that every label is shown about as often as any other."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection

from models.errors import DataError
from models.label.order import Heads
from models.label.texts import Labelled, normal


def draw(rows: list[Labelled], heads: Heads, shots: int, seed: int, apart_from: Collection[str]) -> list[Labelled]:
    """``shots`` rows labelled in every head, the same ones for a seed; always next the labels seen least so far.

    ``apart_from`` holds the normal texts that are to be labelled: an example among them would give its answer away.

    Raises:
        DataError: there are fewer such rows.
    """
    piles: dict[tuple[str, ...], list[Labelled]] = defaultdict(list)
    for row in rows:
        if row.labels.keys() == heads.keys() and normal(row.text) not in apart_from:
            piles[tuple(row.labels[head] for head in heads)].append(row)
    there = sum(map(len, piles.values()))
    if there < shots:
        raise DataError(f"--shots {shots}: only {there} examples are labelled in every head and not to be labelled")
    return _balanced(piles, heads, shots, random.Random(seed))


def _balanced(
    piles: dict[tuple[str, ...], list[Labelled]], heads: Heads, shots: int, chance: random.Random
) -> list[Labelled]:
    order = sorted(piles)
    chance.shuffle(order)
    shown: Counter[tuple[str, str]] = Counter()
    drawn: list[Labelled] = []
    for _ in range(shots):
        pile = min((one for one in order if piles[one]), key=lambda one: _seen(one, heads, shown))
        drawn.append(piles[pile].pop(chance.randrange(len(piles[pile]))))
        shown.update(zip(heads, pile, strict=True))
    return drawn


def _seen(labels: tuple[str, ...], heads: Heads, shown: Counter[tuple[str, str]]) -> float:
    """How much of a head's fair share these labels have had: a head of 3 labels tires sooner than one of 16."""
    return sum(shown[head, label] * len(heads[head]) for head, label in zip(heads, labels, strict=True))
