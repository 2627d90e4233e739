"""How far the labels agree with a gold file: on rows whose id or text stands in both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from models.data import Row, joint_target
from models.label.order import Heads
from models.label.texts import Labelled, normal
from models.metrics import Ints, classes_report
from models.profile import Profile


class Agreement(Struct, frozen=True):
    """One head. ``kappa`` is nan where chance alone explains everything: both sides know one label only."""

    rows: int
    accuracy: float
    kappa: float
    macro_f1: float


class Gold:
    """Gold rows, found by id or else by text."""

    def __init__(self, rows: Iterable[Labelled]) -> None:
        self._rows = list(rows)
        self._by_id = {row.id: row for row in self._rows}
        self._by_text = {normal(row.text): row for row in reversed(self._rows)}

    def find(self, row_id: str, text: str) -> Labelled | None:
        """The gold row of that id; else one of that text; else None."""
        return self._by_id.get(row_id) or self._by_text.get(normal(text))


def cohen_kappa(truth: Ints, predicted: Ints, classes: int) -> float:
    """Agreement of two labellings beyond chance (Cohen 1960): (observed - expected) / (1 - expected), -1 to 1.

    ``truth`` and ``predicted`` are class indices [rows]. nan without rows, or where both hold one class only.
    """
    if not len(truth):
        return math.nan
    table = np.zeros((classes, classes))
    np.add.at(table, (truth, predicted), 1 / len(truth))
    observed, expected = float(table.trace()), float(table.sum(axis=1) @ table.sum(axis=0))
    return (observed - expected) / (1 - expected) if expected < 1 - 1e-12 else math.nan


def agreement(
    pairs: list[tuple[dict[str, str], dict[str, str]]], heads: Heads, profile: Profile
) -> dict[str, Agreement]:
    """Per head of the profile, over (gold, found) labels where both have one. Joint events follow from their heads."""
    report = {}
    for head, spec in profile.heads.items():
        labels = heads.get(head, ["no", "yes"])
        both = [(_label(gold, head, spec.all), _label(found, head, spec.all)) for gold, found in pairs]
        report[head] = _agreement([(one, other) for one, other in both if one and other], labels)
    return report


def _label(labels: dict[str, str], head: str, terms: list[str]) -> str:
    if not terms:
        return labels.get(head, "")
    joint = joint_target(Row("", "", {name: label for name, label in labels.items() if label}), terms)
    return "" if joint is None else ("no", "yes")[joint]


def _agreement(pairs: Sequence[tuple[str, str]], labels: list[str]) -> Agreement:
    # As scikit-learn does by default, macro-F1 is over the labels that occur on either side.
    present = [label for label in labels if any(label in pair for pair in pairs)]
    table = np.array([[present.index(label) for label in pair] for pair in pairs], dtype=np.int64).reshape(-1, 2)
    gold, found = table[:, 0], table[:, 1]
    if not present:
        return Agreement(0, math.nan, math.nan, math.nan)
    figures = classes_report(gold, found, present)
    return Agreement(len(pairs), figures["accuracy"], cohen_kappa(gold, found, len(present)), figures["macro_f1"])
