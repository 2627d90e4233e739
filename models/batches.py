"""What a training step looks at: target columns, and which rows go together. No torch here."""

from __future__ import annotations

import random
from collections.abc import Iterator

from models.data import Row, joint_target
from models.profile import Profile

MASKED = -100
"""Stands in a target column where the row has no label; the value that torch's losses skip by default."""

_POOL = 64  # batches sorted by length together: large enough to cut padding, small enough to stay shuffled


def target_columns(rows: list[Row], profile: Profile) -> dict[str, list[int]]:
    """For every output, each row's class index or ``MASKED``."""
    columns: dict[str, list[int]] = {}
    for output, labels in profile.outputs().items():
        joint = profile.heads[output].all if output in profile.heads else []
        if joint:
            found = [joint_target(row, joint) for row in rows]
            columns[output] = [MASKED if value is None else value for value in found]
        else:
            columns[output] = [labels.index(row.targets[output]) if output in row.targets else MASKED for row in rows]
    return columns


def batches(lengths: list[int], size: int, seed: int) -> Iterator[list[int]]:
    """Row numbers in shuffled batches of like length: half the padding of a plain shuffle."""
    shuffler = random.Random(seed)
    order = list(range(len(lengths)))
    shuffler.shuffle(order)
    stride = size * _POOL
    pools = [sorted(order[at : at + stride], key=lengths.__getitem__) for at in range(0, len(order), stride)]
    cut = [pool[at : at + size] for pool in pools for at in range(0, len(pool), size)]
    shuffler.shuffle(cut)
    yield from cut
