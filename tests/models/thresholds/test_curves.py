"""Curves count weights, and equal scores fall together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.profile import ErrorCosts
from models.thresholds.curves import FIGURES, Ranking
from models.thresholds.evidence import Evidence

COSTS = ErrorCosts(5.0, 1.0)


def test_a_curve_counts_weights(five: Evidence) -> None:
    """At 0.6 two rows of one score come in together; the last row stands for six of ten items."""
    curve = five.curve
    assert curve.cut.tolist() == [0.9, 0.8, 0.6, 0.1]
    assert curve.alerts_per_1000.tolist() == [100, 200, 400, 1000]
    assert curve.precision.tolist() == pytest.approx([1, 1, 0.75, 0.3])
    assert curve.recall.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert curve.cost_per_1000(COSTS).tolist() == pytest.approx([1000, 500, 100, 700])
    assert curve.silence_per_1000(COSTS) == pytest.approx(1500)


def test_a_cut_off_between_two_scores_is_as_the_upper_one(five: Evidence) -> None:
    """Any number in the gap gives the same alerts; above all scores there are none."""
    assert five.curve.at(0.7, COSTS) == five.curve.at(0.8, COSTS)
    assert five.curve.at(0.0, COSTS) == five.curve.at(0.1, COSTS)
    above = five.curve.at(0.95, COSTS)
    assert above["alerts_per_1000"] == 0
    assert np.isnan(above["precision"])
    assert above["cost_per_1000"] == pytest.approx(1500)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans(), st.sampled_from([1.0, 10.75])),
        min_size=1,
        max_size=30,
    ),
    st.floats(0, 1),
)
def test_a_curve_says_what_counting_says(rows: list[tuple[float, bool, float]], cut_off: float) -> None:
    """For any rows and any cut-off the figures are those of counting row by row."""
    score, truth, weight = (np.array(column) for column in zip(*rows, strict=True))
    found = Ranking(score).curve(truth, weight).at(cut_off, COSTS)
    fired = score >= cut_off
    hits, false, misses = (weight[m].sum() for m in (fired & truth, fired & ~truth, ~fired & truth))
    assert list(found) == list(FIGURES)
    assert found["alerts_per_1000"] == pytest.approx(1000 * (hits + false) / weight.sum())
    assert found["cost_per_1000"] == pytest.approx(1000 * (5 * misses + false) / weight.sum())
    if fired.any():
        assert found["precision"] == pytest.approx(hits / (hits + false))
    if truth.any():
        assert found["recall"] == pytest.approx(hits / (hits + misses))
