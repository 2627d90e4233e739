"""Where it is better and where worse: the same figures on parts of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from models.data import Row
from models.evaluation.scored import Scored
from models.metrics import average_precision

FEWEST = 30
"""A part of fewer rows gets its count and no figure: it would be noise with decimals."""

_LENGTHS = ((8, "up to 8 words"), (12, "9 to 12"), (16, "13 to 16"), (10_000, "17 and more"))


def slices(found: Scored) -> dict[str, dict[str, dict[str, Any]]]:
    """By → part → rows, each head's accuracy, and average precision where the part holds events and others."""
    ways: dict[str, Callable[[Row], str]] = {
        "stratum": lambda row: row.stratum,
        "source": lambda row: row.dataset,
        "length": lambda row: next(says for most, says in _LENGTHS if len(row.text.split()) <= most),
        "month": lambda row: row.month,
    }
    if "event" in found.profile.heads:
        ways["event"] = lambda row: row.targets.get("event", "")
    out = {}
    for name, of in ways.items():
        parts = [of(row) for row in found.rows]
        kinds = sorted(set(parts) - {""}, key=_order)
        if len(kinds) > 1:
            out[name] = {kind: _part(found.part([n for n, part in enumerate(parts) if part == kind])) for kind in kinds}
    return out


def _part(found: Scored) -> dict[str, Any]:
    report: dict[str, Any] = {"rows": len(found.rows)}
    if len(found.rows) < FEWEST:
        return report
    for head, spec in found.profile.heads.items():
        known = found.known(head)
        truth, table = found.truth[head][known], found.table(head)[known]
        if spec.labels and len(truth):
            report[head] = float((table.argmax(axis=1) == truth).mean())
        elif len(truth) and 5 <= int((truth == 1).sum()) < len(truth):
            report[head] = average_precision(truth == 1, np.asarray(table[:, 0]))
    return report


def _order(kind: str) -> tuple[int, str]:
    """Lengths by length, all else by name."""
    says = [label for _, label in _LENGTHS]
    return (says.index(kind) if kind in says else 0, kind)
