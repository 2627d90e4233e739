"""Logits to honest probabilities, fitted to the very file that is shipped, on rows it was not trained on.

Vector scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2) with one scale per
head: probability = softmax(scale · logits + bias), sigmoid for a binary head (Platt). Quantization moves
logits, so each precision has its own. The held-out rows have the labels' enriched base rates, not the wire's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.scoring.manifest import Calibration
from models.batches import MASKED
from models.metrics import Floats, Ints, calibration_error, calibration_interval

_PRIOR = 1e-3  # Pull towards scale 1 and bias 0; makes the biases' common shift, which changes nothing, unique.
_FOLDS = 5
IDENTITY = Calibration((1.0,), (0.0,))


def fit(logits: Floats, target: Ints) -> Calibration:
    """One head's calibration: float [rows, classes] (one column for a binary head) and class indices [rows].

    Newton's method with halved steps on the mean negative log-likelihood, which is convex in scale and bias.
    """
    features = _features(logits)
    start = np.eye(1, features.shape[2])[0]
    weights = start.copy()
    for _ in range(50):
        value, slope, curve = _loss(features, target, weights, start)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-6 and _loss(features, target, weights - size * step, start)[0] > value:
            size /= 2
        weights = weights - size * step
        if float(np.abs(size * step).max()) < 1e-9:
            break
    scale, *bias = weights.tolist()
    return Calibration((scale,) * logits.shape[1], tuple(bias))


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """[rows, classes] logits → probabilities; a binary head's one column comes out as the event's probability."""
    shifted = logits * np.asarray(calibration.scale) + np.asarray(calibration.bias)
    both = shifted if shifted.shape[1] > 1 else np.concatenate([np.zeros_like(shifted), shifted], axis=1)
    found = _softmax(both)
    return found if shifted.shape[1] > 1 else found[:, 1:]


def fit_known(raw: NDArray[np.floating[Any]], column: list[int]) -> tuple[Calibration, dict[str, Any]]:
    """``fit`` on the rows that have the head's label, and how well calibrated they are before and after it.

    "After" is cross-fitted: each fold of rows is judged by a calibration fitted to the others.
    """
    target = np.asarray(column)
    known = target != MASKED
    logits, target = raw[known].astype(np.float64), target[known]
    crossed = np.empty_like(logits)
    for fold in range(_FOLDS):
        inside = np.arange(len(target)) % _FOLDS == fold
        crossed[inside] = probabilities(logits[inside], fit(logits[~inside], target[~inside]))
    before = probabilities(logits, IDENTITY)
    return fit(logits, target), {"rows": len(target), "before": judge(before, target), "after": judge(crossed, target)}


def judge(found: Floats, target: Ints) -> dict[str, Any]:
    """Debiased calibration error with its 90% interval, and mean negative log-likelihood in nats.

    Of the most probable class; of the event itself for a binary head.
    """
    binary = found.shape[1] == 1
    confidence = found[:, 0] if binary else found.max(axis=1)
    hit = target == (1 if binary else found.argmax(axis=1))
    chosen = np.where(target == 1, found[:, 0], 1 - found[:, 0]) if binary else found[np.arange(len(target)), target]
    return {
        "calibration_error": calibration_error(confidence, hit),
        "interval_90": calibration_interval(confidence, hit),
        "log_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
    }


def _features(logits: Floats) -> Floats:
    """[rows, classes, parameters]: the derivative of each class's calibrated logit by scale and biases.

    A binary head is softmax over (0, logit), so that one method serves both.
    """
    rows, width = logits.shape
    biases = np.broadcast_to(np.eye(width), (rows, width, width))
    features = np.concatenate([logits[:, :, None], biases], axis=2)
    return features if width > 1 else np.concatenate([np.zeros_like(features), features], axis=1)


def _loss(features: Floats, target: Ints, weights: Floats, start: Floats) -> tuple[float, Floats, Floats]:
    """Mean negative log-likelihood plus the prior, its gradient and its Hessian."""
    found = _softmax(features @ weights)
    rows = np.arange(len(target))
    away = weights - start
    value = -np.log(np.maximum(found[rows, target], 1e-300)).mean() + _PRIOR / 2 * away @ away
    mean = np.einsum("nk,nkp->np", found, features)
    slope = (mean - features[rows, target]).mean(axis=0) + _PRIOR * away
    curve = np.einsum("nk,nkp,nkq->pq", found, features, features, optimize=True) / len(target)
    return float(value), slope, curve - mean.T @ mean / len(target) + _PRIOR * np.eye(len(weights))


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
