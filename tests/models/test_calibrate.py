"""Calibration finds what distorted the logits, and the same thing at every run."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.manifest import Calibration
from models.batches import MASKED
from models.calibrate import IDENTITY, fit, fit_known, probabilities
from models.metrics import Floats, Ints


def _drawn(width: int, rows: int = 6000) -> tuple[Floats, Ints]:
    """Logits, and classes drawn with the probabilities that they mean."""
    random = np.random.default_rng(7)
    logits = random.normal(0, 2, (rows, width))
    chance = probabilities(logits, IDENTITY).cumsum(axis=1)
    drawn = random.uniform(size=(rows, 1))
    target = (drawn > chance).sum(axis=1) if width > 1 else (drawn < chance)[:, 0].astype(np.int64)
    return logits, target


@pytest.mark.parametrize("width", [1, 3, 16])
def test_a_scaled_and_shifted_model_is_put_right(width: int) -> None:
    """Logits made twice too large and shifted by class are brought back to the probabilities they stood for."""
    logits, target = _drawn(width)
    shift = np.linspace(-1, 1, width) if width > 1 else np.array([0.7])
    spoiled = 2 * logits + shift
    found = fit(spoiled, target)
    assert found.scale == pytest.approx([0.5] * width, abs=0.03)
    assert probabilities(spoiled, found) == pytest.approx(probabilities(logits, IDENTITY), abs=0.06)


def test_a_fit_is_the_same_every_time() -> None:
    """No randomness: the same rows give the same numbers to the last bit."""
    logits, target = _drawn(3, rows=500)
    assert fit(logits, target) == fit(logits, target)


def test_a_separable_head_gets_a_finite_scale() -> None:
    """Where every row is right the likelihood has no maximum; the prior gives it one."""
    logits = np.array([[-3.0], [-2.0], [2.0], [3.0]])
    (scale,) = fit(logits, np.array([0, 0, 1, 1])).scale
    assert 1 < scale < 100


def test_unlabelled_rows_do_not_count() -> None:
    """Masked rows change neither the fit nor the count of rows; the error shrinks on rows the fit has not seen."""
    logits, target = _drawn(3, rows=3000)
    spoiled = 3 * logits
    noise = np.full((10, 3), 50.0)
    column = [*target.tolist(), *[MASKED] * 10]
    found, judged = fit_known(np.concatenate([spoiled, noise]), column)
    assert found == fit(spoiled, target)
    assert judged["rows"] == 3000
    assert judged["after"]["log_loss"] < judged["before"]["log_loss"]
    assert judged["after"]["calibration_error"] < 0.02 < judged["before"]["calibration_error"]


def test_probabilities_of_a_head_sum_to_one() -> None:
    """Classes share one unit of probability; a binary head's column is the event's own."""
    logits = np.array([[1.0, 2.0, 0.5], [300.0, -300.0, 0.0]])
    assert probabilities(logits, IDENTITY).sum(axis=1) == pytest.approx([1, 1])
    assert probabilities(np.array([[0.0]]), Calibration((2.0,), (0.0,))) == pytest.approx(np.array([[0.5]]))
