"""Intervals are seeded, as wide as theory says, and honest about weights and strata."""

from __future__ import annotations

import numpy as np
import pytest

from models.profile import ErrorCosts
from models.thresholds.choice import cut_off
from models.thresholds.criterion import Precision
from models.thresholds.evidence import Evidence
from models.thresholds.intervals import draw, figures, share

COSTS = ErrorCosts(4.0, 1.0)


def _sample(rows: int, seed: int) -> Evidence:
    random = np.random.default_rng(seed)
    score = random.beta(0.4, 3.6, rows)
    return Evidence(score, random.random(rows) < score, np.ones(rows), ["rest"] * rows, ["other"] * rows)


def test_an_interval_is_as_wide_as_the_binomial(calibrated: Evidence) -> None:
    """Of n rows with a rate of p the 95% interval spans 2 · 1.96 · √(p(1 - p)/n), within a fifth."""
    one = _sample(2_000, seed=1)
    found = share(one, draws=400, seed=0)
    rate = found.value / 1000
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * 1000 * (rate * (1 - rate) / 2_000) ** 0.5, rel=0.2)


def test_the_true_cut_off_lies_within_the_interval(calibrated: Evidence) -> None:
    """Samples of 2,000 rows of a calibrated stream: the Bayes rule's cut-off is inside for most of them."""
    inside = 0
    for seed in range(8):
        one = _sample(2_000, seed)
        drawn = draw(one, COSTS, COSTS, cut_off(one.curve, COSTS, "trigger"), draws=60, seed=0).cut_off
        inside += drawn.low <= COSTS.bayes <= drawn.high
    assert inside >= 6


def test_the_seed_decides(five: Evidence) -> None:
    """The same seed gives the same intervals, another one gives others."""
    assert figures(five, 0.5, COSTS, 50, seed=1) == figures(five, 0.5, COSTS, 50, seed=1)
    assert figures(five, 0.5, COSTS, 50, seed=1) != figures(five, 0.5, COSTS, 50, seed=2)


def test_a_stratum_keeps_its_weight(five: Evidence) -> None:
    """The one row of stratum b stands for six items in every draw, so at least six items are no alert."""
    found = figures(five, 0.5, COSTS, 200, seed=0)["alerts_per_1000"]
    assert (found.low, found.value, found.high) == (400, 400, 400)


def test_draws_without_an_answer_are_counted() -> None:
    """One true row among three at the top: a third or more of the draws lose it, and have no precise cut-off."""
    rows = Evidence(np.array([0.9, 0.5, 0.4]), np.array([True, False, False]), np.ones(3), ["a"] * 3, [])
    found = draw(rows, Precision(0.9), COSTS, 0.7, draws=300, seed=0)
    assert found.without == pytest.approx((2 / 3) ** 3, abs=0.08)
    assert found.cut_off.value == 0.7


def test_bands_hold_their_curve(calibrated: Evidence) -> None:
    """The curve runs inside its band at almost every point."""
    one = _sample(2_000, seed=3)
    found = draw(one, COSTS, COSTS, 0.2, draws=200, seed=0)
    cost = dict(zip(one.curve.cut.tolist(), one.curve.cost_per_1000(COSTS).tolist(), strict=True))
    held = [
        low <= cost[at] <= high for at, low, high in zip(found.cost.at, found.cost.low, found.cost.high, strict=True)
    ]
    assert sum(held) >= 0.95 * len(held)
    assert len(found.precision.at) == len(found.precision.low) == 100


def test_the_effective_sample_is_smaller_than_the_rows(five: Evidence) -> None:
    """Kish: (4 · 1 + 6)² / (4 · 1² + 6²) = 2.5 rows; three events of one weight stay three."""
    assert five.effective == pytest.approx(2.5)
    assert five.effective_positives == pytest.approx(3)
