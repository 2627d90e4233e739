"""The study's pictures as SVG text, drawn by matplotlib: nothing in them is loaded from anywhere."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from models.drawing import CHOSEN, CURVE, SOFT, svg
from models.thresholds.choice import written
from models.thresholds.matrix import Cell, Matrix
from models.thresholds.study import Study
from models.thresholds.table import cell_says, number

BAYES = "#3f7d58"
_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.997, 0.999)
_EDGE = 0.0008  # Where the logit axis ends on either side: it has no 0 and no 1.
_FILL = {
    "act automatically": "#d5efe0",
    "act and review": "#fde3cf",
    "hold for a human": "#dbe8f7",
    "drop": "#eceff2",
}


def precision_recall(found: Study) -> str:
    """Precision over recall, with the chosen point and its intervals in both directions."""

    def draw(axes: Axes) -> None:
        band, here = found.drawn.precision, found.chosen.figures
        axes.fill_between(band.at, band.low, band.high, color=CURVE, alpha=0.15, lw=0, label="95% band")
        axes.plot(found.curve.recall, found.curve.precision, color=CURVE, lw=1.8, label="cut-offs, rows weighted")
        recall, precision = here["recall"], here["precision"]
        axes.plot([recall.low, recall.high], [precision.value] * 2, color=CHOSEN, lw=1.5)
        axes.plot([recall.value] * 2, [precision.low, precision.high], color=CHOSEN, lw=1.5)
        says = f"chosen: {found.score} ≥ {written(found.chosen.cut_off)}"
        axes.plot(recall.value, precision.value, "o", color=CHOSEN, ms=8, label=says)
        axes.axhline(found.events_per_1000.value / 1000, color=SOFT, ls=":", lw=1.2, label="alert on everything")
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02), title="Precision and recall")
        axes.set(xlabel="recall: share of events that are alerted", ylabel="precision: share of alerts that are true")
        axes.legend(loc="lower left")

    return svg(draw)


def expected_cost(found: Study) -> str:
    """Expected cost per 1,000 items over the cut-off, with the chosen one and the Bayes rule's."""

    def draw(axes: Axes) -> None:
        band, costs = found.drawn.cost, found.costs
        axes.fill_between(band.at, band.low, band.high, color=CURVE, alpha=0.15, lw=0, label="95% band")
        axes.plot(found.curve.cut_off, found.curve.cost_per_1000, color=CURVE, lw=1.8)
        _cut_off(axes, found, "cost_per_1000")
        bayes = found.bayes
        axes.axvline(bayes.cut_off, color=BAYES, ls="--", lw=1.5, label=f"Bayes rule: {bayes.cut_off:.3g}")
        silence = costs.miss * found.events_per_1000.value
        axes.axhline(silence, color=SOFT, ls=":", lw=1.2, label=f"never alert: {silence:,.0f}")
        _probability(axes, found.score)
        axes.set(title=f"Expected cost: a miss {costs.miss:g}, a false alarm {costs.false_alarm:g}")
        axes.set(ylim=(0, None), ylabel="expected cost per 1,000 items")
        axes.legend(loc="best")

    return svg(draw)


def alerts(found: Study) -> str:
    """Alerts per 1,000 items over the cut-off, and per day on the right."""

    def draw(axes: Axes) -> None:
        band, items = found.drawn.alerts, found.items_per_day / 1000
        low = [max(value, 1e-3) for value in band.low]  # A log axis has no zero.
        axes.fill_between(band.at, low, band.high, color=CURVE, alpha=0.15, lw=0, label="95% band")
        axes.plot(found.curve.cut_off, found.curve.alerts_per_1000, color=CURVE, lw=1.8)
        _cut_off(axes, found, "alerts_per_1000")
        axes.axhline(found.events_per_1000.value, color=SOFT, ls=":", lw=1.2, label="events, by the labels")
        axes.set_yscale("log")
        axes.set_ylim(max(0.3, min(found.curve.alerts_per_1000) * 0.7), 1300)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        day = axes.secondary_yaxis("right", functions=_times(items))
        day.set_ylabel(f"alerts a day, of {found.items_per_day:,.0f} items")
        day.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        _probability(axes, found.score)
        axes.set(title="Alerts", ylabel="alerts per 1,000 items (log scale)")
        axes.legend(loc="upper right")

    return svg(draw)


def cells(found: Matrix) -> str:
    """The matrix as four tiles: confidence upwards, cost to the right."""

    def draw(axes: Axes) -> None:
        for cell in found.cells:
            _tile(axes, cell, found)
        axes.set(xlim=(0, 2), ylim=(0, 2), title="Confidence × cost: what to do with 1,000 items")  # noqa: RUF001
        kinds = textwrap.fill(f"costly: {', '.join(found.costly)}", 42)
        axes.set_xticks([0.5, 1.5], ["cheap to be wrong", kinds])
        axes.set_yticks([0.5, 1.5], ["not confident", "confident"], rotation=90, va="center")
        axes.set(xlabel="cost of an error, by the likeliest event", ylabel="confidence, by the score")
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    return svg(draw)


def _tile(axes: Axes, cell: Cell, found: Matrix) -> None:
    left, bottom = float(cell.costly), float(cell.confident)
    box = FancyBboxPatch((left + 0.05, bottom + 0.06), 0.9, 0.88, boxstyle="round,pad=0,rounding_size=0.04")
    box.set(facecolor=_FILL[cell.action], edgecolor="none")
    axes.add_patch(box)
    lines: tuple[tuple[float, str, dict[str, Any]], ...] = (
        (0.80, cell.action, {"size": 13, "weight": "bold"}),
        (0.55, f"{cell.per_1000:.1f}", {"size": 24}),
        (0.35, f"of 1,000 items; {number(cell.share_true, '{:.1%}')} of them true", {}),
        (0.18, f"{cell_says(found, cell.action)}; {cell.rows:,} rows", {"size": 8.5, "color": SOFT}),
    )
    for height, text, font in lines:
        axes.text(left + 0.5, bottom + height, text, ha="center", va="center", **font)


def _cut_off(axes: Axes, found: Study, figure: str) -> None:
    """The chosen cut-off as a line and a point on the curve, its interval shaded."""
    drawn, chosen = found.drawn.cut_off, found.chosen
    if drawn.low == drawn.low:
        says = f"its 95% interval: {drawn.low:.3g} to {drawn.high:.3g}"
        low, high = (min(max(end, _EDGE), 1 - _EDGE) for end in (drawn.low, drawn.high))
        axes.axvspan(low, high, color=CHOSEN, alpha=0.12, lw=0, label=says)
    place = min(max(chosen.cut_off, _EDGE), 1 - _EDGE)
    axes.axvline(place, color=CHOSEN, lw=1.2)
    value = chosen.figures[figure].value
    says = f"chosen: {found.score} ≥ {written(chosen.cut_off)}"
    axes.plot(place, value, "o", color=CHOSEN, ms=8, label=says)


def _times(factor: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """There and back, for an axis in another unit."""
    return (lambda value: value * factor), (lambda value: value / factor)


def _probability(axes: Axes, score: str) -> None:
    """A logit axis: rare events are decided near 0, and a linear one would show nothing there."""
    axes.set_xscale("logit")
    axes.set_xlim(_EDGE, 1 - _EDGE)
    axes.xaxis.set_major_locator(FixedLocator(_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_xlabel(f"cut-off on {score} (logit scale)")
