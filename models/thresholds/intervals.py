"""How far to trust it: 95% percentile intervals by bootstrap over the weighted rows, with a fixed seed.

Rows are drawn again within their stratum, as the strata were drawn in the first place (Efron and Tibshirani 1993,
"An Introduction to the Bootstrap", section 8.4): a stratum keeps its size and its weight in every draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct

from models.metrics import Floats, Interval
from models.profile import ErrorCosts
from models.thresholds.choice import between, choose
from models.thresholds.criterion import Criterion
from models.thresholds.curves import FIGURES, Curve
from models.thresholds.evidence import Evidence

GRID = 160
"""Points at which the curves' bands are taken: finer than a picture shows."""


class Band(Struct, frozen=True):
    """A curve's pointwise 95% interval: ``low`` and ``high`` [points] at ``at`` [points]."""

    at: list[float]
    low: list[float]
    high: list[float]


class Draws(Struct, frozen=True):
    """What the draws say: where else the cut-off might lie, and the bands of the three curves.

    ``without`` is the share of draws in which no cut-off is what was asked for.
    """

    cut_off: Interval
    without: float
    precision: Band
    cost: Band
    alerts: Band


def curves(evidence: Evidence, draws: int, seed: int) -> Iterator[Curve]:
    """One curve per draw, all at the same cut-offs."""
    random = np.random.default_rng(seed)
    _, stratum = np.unique(evidence.strata, return_inverse=True)
    groups = [np.nonzero(stratum == number)[0] for number in range(int(stratum.max()) + 1)]
    for _ in range(draws):
        times = np.zeros(len(evidence.score))
        for group in groups:
            times[group] = np.bincount(random.integers(0, len(group), len(group)), minlength=len(group))
        yield evidence.ranking.curve(evidence.truth, evidence.weight * times)


def figures(evidence: Evidence, cut_off: float, costs: ErrorCosts, draws: int, seed: int) -> dict[str, Interval]:
    """``FIGURES`` of a cut-off that stays, each with its interval over the draws."""
    found = evidence.curve.at(cut_off, costs)
    drawn = [curve.at(cut_off, costs) for curve in curves(evidence, draws, seed)]
    return {name: _interval(found[name], np.array([one[name] for one in drawn])) for name in FIGURES}


def draw(evidence: Evidence, criterion: Criterion, costs: ErrorCosts, cut_off: float, draws: int, seed: int) -> Draws:
    """Choose anew in every draw, as the cut-off itself was chosen."""
    cut = evidence.curve.cut
    # All cut-offs where they are few; else evenly over the ranks, where the rows are.
    places = np.unique(np.linspace(0, len(cut) - 1, min(GRID, len(cut))).round().astype(int))
    recalls = np.linspace(0.0, 1.0, 101)[1:]
    chosen, precision, cost, alerts = [], [], [], []
    for curve in curves(evidence, draws, seed):
        place = choose(curve, criterion)
        chosen.append(np.nan if place is None else between(curve, place))
        cost.append(curve.cost_per_1000(costs)[places])
        alerts.append(curve.alerts_per_1000[places])
        precision.append(_precision_at(curve, recalls))
    return Draws(
        cut_off=_interval(cut_off, np.array(chosen)),
        without=float(np.isnan(chosen).mean()),
        precision=_band(recalls, precision),
        cost=_band(cut[places], cost),
        alerts=_band(cut[places], alerts),
    )


def share(evidence: Evidence, draws: int, seed: int) -> Interval:
    """Events per 1,000 items of the stream, by the labels."""
    per_1000: Callable[[Curve], float] = lambda curve: 1000.0 * curve.positives / curve.total  # noqa: E731
    drawn = np.array([per_1000(curve) for curve in curves(evidence, draws, seed)])
    return _interval(per_1000(evidence.curve), drawn)


def _precision_at(curve: Curve, recalls: Floats) -> Floats:
    """Precision where the curve first reaches each recall; NaN in a draw without events."""
    if not curve.positives:
        return np.full_like(recalls, np.nan)
    places = np.searchsorted(curve.recall, recalls - 1e-12)
    return curve.precision[np.minimum(places, len(curve.cut) - 1)]


def _interval(value: float, drawn: Floats) -> Interval:
    if np.isnan(drawn).all():
        return Interval(value, np.nan, np.nan)
    low, high = np.nanpercentile(drawn, [2.5, 97.5]).tolist()
    return Interval(value, low, high)


def _band(at: Floats, drawn: list[Floats]) -> Band:
    table = np.array(drawn)
    table = table[~np.isnan(table).all(axis=1)]
    low, high = np.nanpercentile(table, [2.5, 97.5], axis=0) if len(table) else (np.full_like(at, np.nan),) * 2
    return Band(at.tolist(), low.tolist(), high.tolist())
