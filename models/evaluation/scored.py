"""Rows with what the model gave them: the table that every figure is taken from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from rich.progress import track

from engine.ports import Scorer
from engine.types import Scores
from models.batches import MASKED, target_columns
from models.data import Row
from models.metrics import Floats, Ints
from models.profile import Profile


class Scored(Struct, frozen=True):
    """``rows`` and their ``scores``, in order; ``truth`` maps a head to class indices [rows], ``MASKED`` if unknown."""

    rows: list[Row]
    scores: list[Scores]
    truth: dict[str, Ints]
    profile: Profile

    def names(self, head: str) -> list[str]:
        """The names of a head's scores."""
        return [f"{head}.{label}" for label in self.profile.heads[head].labels] or [head]

    def table(self, head: str) -> Floats:
        """Probabilities [rows, labels] of a head; one column for a binary one."""
        names = self.names(head)
        return np.array([[one[name] for name in names] for one in self.scores]).reshape(len(self.rows), len(names))

    def known(self, head: str) -> NDArray[np.bool_]:
        """Which rows have the head's label."""
        return self.truth[head] != MASKED

    def part(self, chosen: Sequence[int] | Ints) -> Scored:
        """Only some of the rows."""
        truth = {head: column[chosen] for head, column in self.truth.items()}
        return Scored([self.rows[n] for n in chosen], [self.scores[n] for n in chosen], truth, self.profile)


def score_rows(scorer: Scorer, rows: list[Row], profile: Profile, says: str) -> Scored:
    """Score each row by itself, as the engine does when it is idle."""
    scores = [scorer.score([row.text])[0] for row in track(rows, says, transient=True)]
    columns = {head: np.asarray(column) for head, column in target_columns(rows, profile).items()}
    return Scored(rows, scores, {head: columns[head] for head in profile.heads}, profile)
