"""Every cut-off that labelled rows can tell apart, and what it would bring. Pure numpy.

An alert is a score at or above the cut-off, as in the rule ``trigger >= 0.6``. Rows of one score fall together.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from models.metrics import Bools, Floats
from models.profile import ErrorCosts

FIGURES = ("alerts_per_1000", "precision", "recall", "cost_per_1000")
"""What is said of a cut-off; shares from 0 to 1, the others per 1,000 items of the stream."""


class Curve(Struct, frozen=True):
    """At every distinct score, highest first, all [cut-offs]: weight of alerts and of true ones among them.

    The lowest cut-off alerts on every row, so its entries are the totals.
    """

    cut: Floats
    alerts: Floats
    hits: Floats

    @property
    def total(self) -> float:
        """Weight of all rows: how many items of the stream they stand for."""
        return float(self.alerts[-1])

    @property
    def positives(self) -> float:
        """Weight of the rows where the event took place."""
        return float(self.hits[-1])

    @property
    def precision(self) -> Floats:
        """Share of alerts that are true; NaN where there is no alert (a draw may leave out the top rows)."""
        return np.divide(self.hits, self.alerts, out=np.full_like(self.hits, np.nan), where=self.alerts > 0)

    @property
    def recall(self) -> Floats:
        """Share of events that an alert was given for; NaN where there is no event."""
        return self.hits / (self.positives or np.nan)

    @property
    def alerts_per_1000(self) -> Floats:
        """Alerts per 1,000 items."""
        return 1000.0 * self.alerts / self.total

    def cost_per_1000(self, costs: ErrorCosts) -> Floats:
        """Expected cost of misses and false alarms on 1,000 items."""
        misses, false = self.positives - self.hits, self.alerts - self.hits
        return 1000.0 * (costs.miss * misses + costs.false_alarm * false) / self.total

    def silence_per_1000(self, costs: ErrorCosts) -> float:
        """What never alerting costs on 1,000 items: every event is missed."""
        return 1000.0 * costs.miss * self.positives / self.total

    def at(self, cut_off: float, costs: ErrorCosts) -> dict[str, float]:
        """``FIGURES`` of any cut-off, also between two scores or above all of them."""
        place = int(np.count_nonzero(self.cut >= cut_off)) - 1
        if place < 0:
            return dict(zip(FIGURES, (0.0, np.nan, 0.0, self.silence_per_1000(costs)), strict=True))
        columns = (self.alerts_per_1000, self.precision, self.recall, self.cost_per_1000(costs))
        return {name: float(column[place]) for name, column in zip(FIGURES, columns, strict=True)}


class Ranking:
    """Rows sorted by their score once, so that every weighting of them costs one pass. ``score``: [rows]."""

    def __init__(self, score: Floats) -> None:
        self._order = np.argsort(-score, kind="stable")
        ranked = score[self._order]
        self._ends = np.append(np.nonzero(np.diff(ranked))[0], len(ranked) - 1)
        self.cut: Floats = ranked[self._ends]

    def curve(self, truth: Bools, weight: Floats) -> Curve:
        """The curve of these rows: ``truth`` and ``weight`` [rows], in the order of the scores given."""
        ranked = weight[self._order]
        return Curve(self.cut, np.cumsum(ranked)[self._ends], np.cumsum(ranked * truth[self._order])[self._ends])
