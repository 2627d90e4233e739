"""What a model is judged by, in numpy, so that tests and users need no training extra to repeat it."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Interval(Struct, frozen=True):
    """An estimate and its 95% interval; NaN (null in JSON) where it is not defined."""

    value: float
    low: float
    high: float


def classes_report(truth: Ints, predicted: Ints, labels: list[str]) -> dict[str, Any]:
    """Accuracy, macro-F1 and per-class precision, recall, F1 and support of class indices [rows].

    As in scikit-learn: a class that is neither there nor predicted has F1 0, and macro-F1 is the plain mean.
    """
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    hit, there, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hit / np.maximum(there + said, 1)
    columns = {
        "precision": hit / np.maximum(said, 1),
        "recall": hit / np.maximum(there, 1),
        "f1": f1,
        "support": there,
    }
    return {
        "accuracy": float(hit.sum() / max(len(truth), 1)),
        "macro_f1": float(f1.mean()),
        "classes": {label: {k: column[n].item() for k, column in columns.items()} for n, label in enumerate(labels)},
    }


def event_report(truth: Bools, score: Floats) -> dict[str, float]:
    """Average precision of a binary score, and the recall it has at 80% and 90% precision."""
    return {
        "average_precision": average_precision(truth, score),
        "recall_at_80_precision": recall_at(truth, score, 0.8),
        "recall_at_90_precision": recall_at(truth, score, 0.9),
        "positives": int(truth.sum()),
    }


def average_precision(truth: Bools, score: Floats) -> float:
    """Precision summed over the steps of recall, no interpolation (scikit-learn's definition); 0 without positives."""
    precision, recall = curve(truth, score)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def recall_at(truth: Bools, score: Floats, precision: float) -> float:
    """The largest recall of any threshold whose precision is at least ``precision``; 0 where none has it."""
    found, recall = curve(truth, score)
    return float(recall[found >= precision].max(initial=0.0))


def calibration_error(confidence: Floats, hit: Bools, bins: int = 15) -> float:
    """Root of the debiased mean squared gap between confidence and frequency over bins of equal size.

    The plain expected calibration error is above zero even for a perfect model, the more so the fewer the
    rows; this subtracts each bin's sampling variance (Kumar, Liang and Ma 2019, "Verified Uncertainty
    Calibration", section 4). In probability, 0 to 1; clipped at 0.
    """
    return float(np.sqrt(max(0.0, _squared_gap(confidence, hit, bins))))


def calibration_interval(confidence: Floats, hit: Bools, bins: int = 15, draws: int = 200) -> tuple[float, float]:
    """A 90% interval of ``calibration_error`` by bootstrap over the rows; the seed is fixed.

    The draws are centred on the estimate: a sample that repeats rows has noise the debiasing cannot know of.
    """
    random = np.random.default_rng(0)
    rows = [random.integers(0, len(hit), len(hit)) for _ in range(draws)]
    drawn = np.array([_squared_gap(confidence[row], hit[row], bins) for row in rows])
    spread = np.quantile(drawn - drawn.mean(), [0.05, 0.95])
    low, high = np.sqrt(np.maximum(0.0, _squared_gap(confidence, hit, bins) + spread)).tolist()
    return low, high


def _squared_gap(confidence: Floats, hit: Bools, bins: int) -> float:
    """Mean over rows of their bin's debiased squared gap; may be below zero."""
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(part) > 1]
    gaps = [_debiased(confidence[part], hit[part]) * len(part) for part in parts]
    return float(sum(gaps) / max(1, sum(map(len, parts))))


def _debiased(confidence: Floats, hit: Bools) -> float:
    rate = float(hit.mean())
    return (float(confidence.mean()) - rate) ** 2 - rate * (1 - rate) / (len(hit) - 1)


def curve(truth: Bools, score: Floats) -> tuple[Floats, Floats]:
    """Precision and recall at each distinct score, from the highest down; equal scores fall together."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.nonzero(np.diff(score[order]))[0], len(score) - 1)
    hits = np.cumsum(truth[order])[ends]
    return hits / (ends + 1), hits / max(1, int(truth.sum()))
