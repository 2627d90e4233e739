"""How far the headline figures can be trusted: 95% percentile intervals by bootstrap over the rows, seeded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.evaluation.scored import Scored
from models.metrics import Bools, Floats, Interval, Ints, average_precision, classes_report, recall_at

DRAWS = 1000
Measure = Callable[[Ints], dict[str, float]]
"""Row numbers of a draw → figures."""


def intervals(found: Scored, head: str, draws: int = DRAWS) -> dict[str, Interval]:
    """Accuracy and macro-F1 of a head; average precision and recall at 80% and 90% precision of a binary one.

    Macro-F1 of a draw is the mean over the labels that the rows themselves hold, so that a rare label's absence
    from a draw is not counted as a failure.
    """
    known = found.known(head)
    truth, table = found.truth[head][known], found.table(head)[known]
    if not len(truth):
        return {}
    labels = found.profile.heads[head].labels
    measure = _binary(truth == 1, table[:, 0]) if not labels else _classes(truth, table.argmax(axis=1), labels)
    random = np.random.default_rng(0)
    drawn = [measure(random.integers(0, len(truth), len(truth))) for _ in range(draws)]
    whole = measure(np.arange(len(truth)))
    return {name: _interval(value, np.array([one[name] for one in drawn])) for name, value in whole.items()}


def _classes(truth: Ints, said: Ints, labels: list[str]) -> Measure:
    def measure(chosen: Ints) -> dict[str, float]:
        report = classes_report(truth[chosen], said[chosen], labels)
        there = [one["f1"] for one in report["classes"].values() if one["support"]]
        whole = report["macro_f1"] if len(there) == len(labels) else float(np.mean(there))
        return {"accuracy": report["accuracy"], "macro_f1": whole}

    return measure


def _binary(truth: Bools, score: Floats) -> Measure:
    def measure(chosen: Ints) -> dict[str, float]:
        there, given = truth[chosen], score[chosen]
        return {
            "average_precision": average_precision(there, given),
            "recall_at_80_precision": recall_at(there, given, 0.8),
            "recall_at_90_precision": recall_at(there, given, 0.9),
        }

    return measure


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    return Interval(value, low, high)
