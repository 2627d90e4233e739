"""What is asked for is read from the options, and what makes no sense is refused with the mend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models.errors import ThresholdError
from models.profile import ErrorCosts, Profile
from models.thresholds.criterion import Budget, Precision, criterion_of, describe, stream


def test_each_option_gives_its_criterion() -> None:
    """Costs, a budget per day or hour, and a precision are understood."""
    assert criterion_of(50, 1, None, None, 2400) == ErrorCosts(50, 1)
    assert criterion_of(None, None, "20/day", None, 2400) == Budget(20, 2400)
    assert criterion_of(None, None, "2.5 / hour", None, 2400) == Budget(60, 2400)
    assert criterion_of(None, None, None, 0.9, 2400) == Precision(0.9)


def test_a_budget_counts_in_alerts_per_thousand_items() -> None:
    """24 alerts a day of 2,400 items are 10 per 1,000."""
    assert Budget(24, 2400).per_1000 == pytest.approx(10)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((None, None, None, None), "give exactly one of"),
        ((50, 1, "20/day", None), "give exactly one of"),
        ((None, None, "20/day", 0.9), "give exactly one of"),
        ((50, None, None, None), "--cost-miss and --cost-false go together"),
        ((0, 1, None, None), r"--cost-miss 0: must be above 0; .*`mode: off`"),
        ((50, -1, None, None), r"--cost-false -1: must be above 0"),
        ((float("inf"), 1, None, None), r"--cost-miss inf: must be above 0"),
        ((float("nan"), 1, None, None), r"--cost-miss nan: must be above 0"),
        ((None, None, "20", None), r"--budget 20: give alerts above 0 per day or hour, such as 20/day"),
        ((None, None, "0/day", None), r"--budget 0/day: give alerts above 0"),
        ((None, None, "-3/day", None), r"--budget -3/day"),
        ((None, None, "3/week", None), r"--budget 3/week"),
        ((None, None, None, 0.0), r"--min-precision 0: must be above 0 and at most 1"),
        ((None, None, None, 90.0), r"--min-precision 90: must be above 0 and at most 1, such as 0\.9"),
        ((None, None, None, float("nan")), r"--min-precision nan"),
    ],
)
def test_what_makes_no_sense_is_refused(options: tuple[Any, ...], says: str) -> None:
    """None, several, half of one, zero, negative and endless numbers: each with what to write instead."""
    cost_miss, cost_false, budget, min_precision = options
    with pytest.raises(ThresholdError, match=says):
        criterion_of(cost_miss, cost_false, budget, min_precision, 2400)


def test_the_stream_is_as_given_or_as_the_profile_says(
    profile: Profile, fields: dict[str, Any], load: Callable[[dict[str, Any]], Profile]
) -> None:
    """The option goes before the profile; a profile that does not know asks for the option."""
    assert stream(profile, None) == 2400
    assert stream(profile, 100) == 100
    with pytest.raises(ThresholdError, match=r"--items-per-day 0: must be above 0"):
        stream(profile, 0)
    del fields["items_per_day"]
    with pytest.raises(ThresholdError, match=r"profile news does not say .* give --items-per-day"):
        stream(load(fields), None)


def test_every_criterion_can_be_said() -> None:
    """The phrase names the numbers."""
    assert "a miss costs 50 and a false alarm 1" in describe(ErrorCosts(50, 1))
    assert "at most 20 alerts a day, of 2,400 items" in describe(Budget(20, 2400))
    assert "at least 0.9" in describe(Precision(0.9))
