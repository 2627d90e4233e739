"""What a training step looks at, without torch."""

from __future__ import annotations

import random

from models.batches import MASKED, batches, target_columns
from models.data import Row
from models.profile import Profile

_LENGTHS = random.Random(1).choices(range(4, 97), k=1000)


def test_batches_cover_each_row_once() -> None:
    """An epoch shows every row exactly once, in batches of the asked size but for the remainders."""
    found = list(batches(_LENGTHS, 16, seed=3))
    assert sorted(row for batch in found for row in batch) == list(range(1000))
    assert max(map(len, found)) == 16


def test_batches_are_the_same_for_the_same_seed() -> None:
    """A resumed run sees the batches that the interrupted one would have seen; another epoch sees others."""
    assert list(batches(_LENGTHS, 16, seed=3)) == list(batches(_LENGTHS, 16, seed=3))
    assert list(batches(_LENGTHS, 16, seed=3)) != list(batches(_LENGTHS, 16, seed=4))


def test_batches_hold_rows_of_like_length() -> None:
    """Padding is a small share of what is computed: less than a quarter of a plain shuffle's."""

    def padding(groups: list[list[int]]) -> int:
        return sum(max(_LENGTHS[n] for n in group) - _LENGTHS[m] for group in groups for m in group)

    plain = [list(range(at, min(at + 16, 1000))) for at in range(0, 1000, 16)]
    assert padding(list(batches(_LENGTHS, 16, seed=3))) < padding(plain) / 4


def test_target_columns_are_masked_where_a_row_has_no_label(profile: Profile) -> None:
    """Each output has one column; a row counts only for the outputs it is labelled for."""
    rows = [
        Row("a", "a", {"urgency": "high", "sentiment": "negative", "event": "other"}),
        Row("b", "b", {"sentiment@tfns": "positive"}),
    ]
    assert target_columns(rows, profile) == {
        "urgency": [2, MASKED],
        "sentiment": [0, MASKED],
        "event": [15, MASKED],
        "trigger": [1, MASKED],
        "sentiment@tfns": [MASKED, 2],
        "sentiment@sentfin": [MASKED, MASKED],
    }
