"""Self-consistency: several readings of one text, and the label that most of them give (Wang et al. 2023)."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from msgspec import Struct


class Vote(Struct, frozen=True):
    """One head's outcome. ``share``: votes of the leading label ÷ votes cast. A tie has two labels or more in front."""

    label: str
    share: float
    counts: dict[str, int]
    tied: bool = False


def majority(votes: list[str], ties: Literal["blank", "first"]) -> Vote:
    """The label with most votes. A tie is left blank, or goes to the leading label that an earlier pass gave."""
    counts = Counter(votes)
    most = max(counts.values())
    leading = [label for label, count in counts.items() if count == most]  # In the order of the passes.
    tied = len(leading) > 1
    label = "" if tied and ties == "blank" else leading[0]
    return Vote(label, most / len(votes), dict(counts.most_common()), tied)


def decide(
    readings: list[dict[str, str] | None], passes: int, ties: Literal["blank", "first"]
) -> dict[str, Vote] | None:
    """Each head's vote over one text's readings; None where half of the passes or more brought no answer."""
    answered = [reading for reading in readings if reading is not None]
    if 2 * len(answered) <= passes:
        return None
    return {head: majority([reading[head] for reading in answered], ties) for head in answered[0]}
