"""What a desk asks of a cut-off: the least cost, a budget of alerts, or a precision."""

from __future__ import annotations

import math
import re

from msgspec import Struct

from models.errors import ThresholdError
from models.profile import ErrorCosts, Profile

_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(day|hour)")
_PER_DAY = {"day": 1.0, "hour": 24.0}


class Budget(Struct, frozen=True):
    """At most ``per_day`` alerts on a stream of ``items_per_day``."""

    per_day: float
    items_per_day: float

    @property
    def per_1000(self) -> float:
        """The same in alerts per 1,000 items."""
        return 1000.0 * self.per_day / self.items_per_day


class Precision(Struct, frozen=True):
    """Of all alerts at least this share is to be true: above 0, at most 1."""

    at_least: float


Criterion = ErrorCosts | Budget | Precision


def stream(profile: Profile, items_per_day: float | None) -> float:
    """How many items a day there are: as given, else as the profile says.

    Raises:
        ThresholdError: neither says so, or the number is not above 0.
    """
    items = profile.items_per_day if items_per_day is None else items_per_day
    if items is None:
        raise ThresholdError(
            f"profile {profile.id} does not say how many items its stream brings: give --items-per-day"
        )
    if not 0 < items < math.inf:
        raise ThresholdError(f"--items-per-day {items:g}: must be above 0")
    return items


def criterion_of(
    cost_miss: float | None,
    cost_false: float | None,
    budget: str | None,
    min_precision: float | None,
    items_per_day: float,
) -> Criterion:
    """The one criterion that the options give.

    Raises:
        ThresholdError: none or several are given, or a number is out of bounds.
    """
    costs = cost_miss is not None or cost_false is not None
    if costs + (budget is not None) + (min_precision is not None) != 1:
        raise ThresholdError(
            "give exactly one of `--cost-miss 50 --cost-false 1`, `--budget 20/day` and `--min-precision 0.9`"
        )
    if budget is not None:
        return Budget(_alerts_per_day(budget), items_per_day)
    if min_precision is not None:
        if not 0 < min_precision <= 1:
            raise ThresholdError(f"--min-precision {min_precision:g}: must be above 0 and at most 1, such as 0.9")
        return Precision(min_precision)
    if cost_miss is None or cost_false is None:
        raise ThresholdError("--cost-miss and --cost-false go together: only their ratio moves the cut-off")
    for option, cost in (("--cost-miss", cost_miss), ("--cost-false", cost_false)):
        if not 0 < cost < math.inf:
            raise ThresholdError(
                f"{option} {cost:g}: must be above 0; where misses cost nothing, set the rule's `mode: off`, "
                "and where false alarms cost nothing, alert on everything"
            )
    return ErrorCosts(cost_miss, cost_false)


def describe(criterion: Criterion) -> str:
    """The criterion as one phrase."""
    match criterion:
        case Budget(per_day, items):
            return f"at most {per_day:g} alerts a day, of {items:,.0f} items"
        case Precision(at_least):
            return f"a precision of at least {at_least:g}, and as many events as that allows"
        case _:
            miss, false_alarm = criterion.miss, criterion.false_alarm
            return f"the least expected cost, where a miss costs {miss:g} and a false alarm {false_alarm:g}"


def _alerts_per_day(text: str) -> float:
    found = _BUDGET.fullmatch(text.strip())
    if not found or float(found[1]) == 0:
        raise ThresholdError(f"--budget {text}: give alerts above 0 per day or hour, such as 20/day or 2/hour")
    return float(found[1]) * _PER_DAY[found[2]]
