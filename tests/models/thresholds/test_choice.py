"""The chosen cut-off is the known answer, written as the roundest number that gives it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ThresholdError
from models.profile import ErrorCosts
from models.thresholds.choice import choose, cut_off, roundest, written
from models.thresholds.criterion import Budget, Criterion, Precision
from models.thresholds.evidence import Evidence

REST = ["rest"] * 4


@pytest.mark.parametrize("costs", [ErrorCosts(1, 1), ErrorCosts(4, 1), ErrorCosts(1, 3)])
def test_on_a_calibrated_stream_the_cheapest_cut_off_is_the_bayes_rule(calibrated: Evidence, costs: ErrorCosts) -> None:
    """Where the score is the event's probability, theory and counting agree: within 0.06, and within 1% of the cost."""
    found = cut_off(calibrated.curve, costs, "trigger")
    assert found == pytest.approx(costs.bayes, abs=0.06)
    here, theory = (calibrated.curve.at(at, costs)["cost_per_1000"] for at in (found, costs.bayes))
    assert here <= theory <= 1.01 * here


def test_on_a_score_that_says_too_much_the_bayes_rule_is_dear(calibrated: Evidence) -> None:
    """Inflated scores fool the rule, not the count: it still finds the same alerts."""
    costs = ErrorCosts(4, 1)
    inflated = Evidence(calibrated.score**0.5, calibrated.truth, calibrated.weight, ["rest"] * 40_000, [])
    found = cut_off(inflated.curve, costs, "trigger")
    honest = cut_off(calibrated.curve, costs, "trigger")
    assert found == pytest.approx(honest**0.5, abs=0.01)
    cost = {at: inflated.curve.at(at, costs)["cost_per_1000"] for at in (found, costs.bayes)}
    assert cost[costs.bayes] > 1.1 * cost[found]


@pytest.mark.parametrize(
    ("criterion", "at"),
    [
        (ErrorCosts(5, 1), 0.3),  # costs 1000, 500, 100, 700 at 0.9, 0.8, 0.6, 0.1
        (Budget(200, 1000), 0.7),  # alerts per 1,000: 100, 200, 400, 1000
        (Budget(399, 1000), 0.7),
        (Budget(400, 1000), 0.3),
        (Budget(5000, 1000), 0.0),
        (Precision(0.75), 0.3),  # precision 1, 1, 0.75, 0.3
        (Precision(0.76), 0.7),
        (Precision(0.2), 0.0),
    ],
)
def test_each_criterion_gives_the_known_cut_off(five: Evidence, criterion: Criterion, at: float) -> None:
    """Of five rows, one of them six items heavy, every answer can be counted by hand."""
    assert cut_off(five.curve, criterion, "trigger") == at


def test_weights_move_the_choice(five: Evidence) -> None:
    """Were the last row one item, not six, alerting on it would be as cheap as not."""
    light = Evidence(five.score, five.truth, np.ones(5), ["a"] * 5, [])
    assert cut_off(five.curve, Precision(0.6), "trigger") == 0.3
    assert cut_off(light.curve, Precision(0.6), "trigger") == 0.0


def test_with_equal_costs_the_fewest_alerts_are_chosen() -> None:
    """A miss at 1 and a false alarm at 1: taking in one true and one false row more changes no cost."""
    tied = Evidence(np.array([0.9, 0.5, 0.4, 0.1]), np.array([True, False, True, False]), np.ones(4), REST, [])
    assert choose(tied.curve, ErrorCosts(1, 1)) == 0


def test_one_score_for_all_rows_is_one_cut_off() -> None:
    """Where all rows tie there is all or nothing."""
    same = Evidence(np.full(4, 0.5), np.array([True, False, False, False]), np.ones(4), REST, [])
    assert cut_off(same.curve, ErrorCosts(50, 1), "trigger") == 0.0
    with pytest.raises(ThresholdError, match=r"no cut-off has a precision of 0\.5: the best is 0\.250"):
        cut_off(same.curve, Precision(0.5), "trigger")


@pytest.mark.parametrize(
    ("criterion", "says"),
    [
        (ErrorCosts(1, 100), r"no cut-off is cheaper than never to alert \(300 per 1,000 items\): .*`mode: off`"),
        (Budget(10, 1000), r"no cut-off keeps to 10 alerts a day: .*trigger >= 0\.8\) stand for 100 a day"),
        (Precision(0.9), r"the best is 0\.667 at trigger >= 0\.\d+, with a recall of 1\.000; ask for less"),
    ],
)
def test_what_cannot_be_had_is_said(criterion: Criterion, says: str) -> None:
    """The message says what can be had, and what to ask for instead."""
    score, truth = np.array([0.9, 0.7, 0.6, 0.1]), np.array([False, True, True, False])
    weight = np.array([1.0, 1.0, 2.0, 6.0]) if not isinstance(criterion, Precision) else np.array([1.0, 1.0, 1.0, 6.0])
    with pytest.raises(ThresholdError, match=says):
        cut_off(Evidence(score, truth, weight, REST, []).curve, criterion, "trigger")


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_roundest_number_parts_the_two(one: float, other: float) -> None:
    """It lies above the lower and not above the upper, has no more decimals than needed, and reads back the same."""
    low, high = sorted((one, other))
    if low == high:
        return
    found = roundest(low, high)
    assert low < found <= high
    assert float(written(found)) == found
    assert "e" not in written(found)


def test_sensible_digits() -> None:
    """As few decimals as the gap allows; the middle decides between them."""
    assert roundest(0.46893, 0.47219) == 0.47
    assert roundest(0.1, 0.9) == 0.5
    assert roundest(0.03071, 0.03093) == 0.0308
    assert [written(value) for value in (0.47, 0.0, 0.0000125, 1.0)] == ["0.47", "0", "0.0000125", "1"]
