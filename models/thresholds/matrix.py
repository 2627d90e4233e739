"""The matrix of confidence and cost: what to do with an item, by how sure the score is and what an error would cost.

Confident: the calibrated probability reaches the chosen cut-off. Costly: the item's likeliest event is of a kind on
which the profile says that errors cost more. An item that is not confident, but costly, goes to a human where the
look costs less than the miss that it may save: probability · miss > review (Chow 1970, "On Optimum Recognition
Error and Reject Tradeoff": reject where every other action is expected to cost more). What is left is dropped.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from models.metrics import Bools
from models.profile import Costs
from models.thresholds.evidence import Evidence

Action = Literal["act automatically", "act and review", "hold for a human", "drop"]


class Cell(Struct, frozen=True):
    """One cell: of 1,000 items of the stream how many come here, and which share of them is an event (or NaN).

    ``rows`` is how many labelled rows say so.
    """

    action: Action
    confident: bool
    costly: bool
    per_1000: float
    share_true: float
    rows: int


class Matrix(Struct, frozen=True):
    """Four cells that share out the stream, and where the lines between them run.

    ``hold_from`` is the probability from which a look pays on a costly kind; None where that is not below the
    cut-off, so that all that is worth a look fires anyway and the cell is empty.
    """

    score: str
    cut_off: float
    hold_from: float | None
    costly: tuple[str, ...]
    cells: tuple[Cell, ...]


def matrix(evidence: Evidence, score: str, cut_off: float, costs: Costs) -> Matrix:
    """Share out the rows; ``costs`` must name a costly kind."""
    # Three digits: the costs are no better known, and the number is to be read in a rule.
    look = float(f"{costs.review / min(costs.events[kind].miss for kind in costs.costly):.3g}")
    hold_from = look if look < cut_off else None
    confident, costly = evidence.score >= cut_off, np.isin(evidence.events, costs.costly)
    held = ~confident & costly & (evidence.score >= look)
    cells = (
        _cell(evidence, "act automatically", confident & ~costly),
        _cell(evidence, "act and review", confident & costly),
        _cell(evidence, "hold for a human", held),
        _cell(evidence, "drop", ~confident & ~held),
    )
    return Matrix(score, cut_off, hold_from, costs.costly, cells)


def _cell(evidence: Evidence, action: Action, inside: Bools) -> Cell:
    weight = evidence.weight[inside]
    here, true = float(weight.sum()), float(weight[evidence.truth[inside]].sum())
    return Cell(
        action=action,
        confident=action.startswith("act"),
        costly=action in ("act and review", "hold for a human"),
        per_1000=1000.0 * here / float(evidence.weight.sum()),
        share_true=true / here if here else float("nan"),
        rows=int(inside.sum()),
    )
