"""The cut-off that a criterion chooses, as a number fit to be written down."""

from __future__ import annotations

import numpy as np

from models.errors import ThresholdError
from models.profile import ErrorCosts
from models.thresholds.criterion import Budget, Criterion, Precision
from models.thresholds.curves import Curve

_SLACK = 1e-9  # Weights such as 10.75 add up with rounding errors; a share of exactly 0.9 has to count as 0.9.


def choose(curve: Curve, criterion: Criterion) -> int | None:
    """The place of the chosen cut-off on the curve; None where there is none.

    Costs: the least cost, with equal costs the fewest alerts; None where silence is as cheap. Budget: as many
    alerts as fit. Precision: as many events as any cut-off with that precision finds.
    """
    match criterion:
        case Budget():
            fits = curve.alerts_per_1000 <= criterion.per_1000 + _SLACK
        case Precision():
            fits = np.nan_to_num(curve.precision) >= criterion.at_least - _SLACK
        case _:
            cost = curve.cost_per_1000(criterion)
            best = int(cost.argmin())
            return best if cost[best] < curve.silence_per_1000(criterion) - _SLACK else None
    found = np.nonzero(fits & (curve.alerts > 0))[0]
    return int(found[-1]) if len(found) else None


def cut_off(curve: Curve, criterion: Criterion, score: str) -> float:
    """The chosen cut-off of ``score``: the roundest number that gives these very alerts on these rows.

    Raises:
        ThresholdError: no cut-off is what was asked for; the message says what can be had.
    """
    place = choose(curve, criterion)
    if place is None:
        raise ThresholdError(_refusal(curve, criterion, score))
    return between(curve, place)


def between(curve: Curve, place: int) -> float:
    """The roundest number under this place's score and above the next one; 0 where every row is to alert."""
    if place == len(curve.cut) - 1:
        return 0.0
    return roundest(float(curve.cut[place + 1]), float(curve.cut[place]))


def roundest(low: float, high: float) -> float:
    """The number between ``low`` and ``high`` with the fewest decimals, the nearest to the middle of those.

    ``high`` itself where no other double lies between: it still parts the two.
    """
    middle = low + (high - low) / 2
    for decimals in range(1, 18):
        if low < (found := round(middle, decimals)) < high:
            return found
    return high


def written(cut_off: float) -> str:
    """The cut-off as rules write it: plain decimals, never an exponent."""
    return np.format_float_positional(cut_off, trim="-")


def _refusal(curve: Curve, criterion: Criterion, score: str) -> str:
    top = between(curve, 0)
    match criterion:
        case Budget(per_day, items):
            least = curve.alerts_per_1000[0] * items / 1000
            return (
                f"no cut-off keeps to {per_day:g} alerts a day: the rows of the highest score alone "
                f"({score} >= {written(top)}) stand for {least:.3g} a day; give a larger --budget or more rows"
            )
        case Precision(at_least):
            best = int(np.nanargmax(curve.precision))
            return (
                f"no cut-off has a precision of {at_least:g}: the best is {curve.precision[best]:.3f} at "
                f"{score} >= {written(between(curve, best))}, with a recall of {curve.recall[best]:.3f}; "
                "ask for less, or for a better model"
            )
        case _:
            return _silence(curve, criterion)


def _silence(curve: Curve, costs: ErrorCosts) -> str:
    cost = curve.silence_per_1000(costs)
    return (
        f"at these costs no cut-off is cheaper than never to alert ({cost:.3g} per 1,000 items): "
        "set the rule's `mode: off`, or give a higher --cost-miss or a lower --cost-false"
    )
