"""The report's pictures: reliability, precision over recall, classes, slices."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from models.drawing import CHOSEN, CURVE, INK, SOFT, svg
from models.evaluation.study import Study
from models.metrics import curve

_BINS = 15


def reliability(found: Study, head: str) -> str:
    """Observed frequency over stated probability, in bins of equal size, with 95% Wilson intervals."""
    confidence, hit = _stated(found, head)
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), _BINS) if len(part)]
    said = np.array([confidence[part].mean() for part in parts])
    seen = np.array([hit[part].mean() for part in parts])
    sizes = np.array([len(part) for part in parts])
    middle = (seen + 1.92 / sizes) / (1 + 3.84 / sizes)
    half = 1.96 * np.sqrt(seen * (1 - seen) / sizes + 0.96 / sizes**2) / (1 + 3.84 / sizes)
    figures = found.heads[head]
    low, high = figures["interval_90"]
    error = f"calibration error {figures['calibration_error']:.3f} (90%: {low:.3f} to {high:.3f})"

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, ls=":", lw=1.2)
        axes.vlines(said, middle - half, middle + half, color=CURVE, lw=1.4, alpha=0.6)
        axes.plot(said, seen, "o", color=CURVE, ms=5)
        axes.text(0.98, 0.04, error, ha="right", va="bottom", color=INK, transform=axes.transAxes, size=9)
        axes.set(xlim=(0, 1), ylim=(0, 1), title=f"{head}: stated against observed")
        axes.set(xlabel="stated probability", ylabel="observed share")

    return svg(draw, (4.2, 3.9))


def precision_recall(found: Study, head: str) -> str:
    """Precision over recall of a binary head, with the recalls at 80% and 90% precision marked."""
    known = found.scored.known(head)
    precision, recall = curve(found.scored.truth[head][known] == 1, found.scored.table(head)[known, 0])
    area = found.intervals[head]["average_precision"]

    def draw(axes: Axes) -> None:
        says = f"average precision {area.value:.3f} ({area.low:.3f} to {area.high:.3f})"
        axes.plot(recall, precision, color=CURVE, lw=1.8, label=says)
        for at in (80, 90):
            one = found.intervals[head][f"recall_at_{at}_precision"]
            axes.plot([one.low, one.high], [at / 100] * 2, color=CHOSEN, lw=1.4)
            axes.plot(one.value, at / 100, "o", color=CHOSEN, label=f"recall {one.value:.2f} at {at}% precision")
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02), title=f"{head}: precision and recall")
        axes.set(xlabel="recall", ylabel="precision")
        axes.legend(loc="lower left")

    return svg(draw, (5.5, 3.9))


def classes(found: Study, head: str) -> str:
    """Precision and recall of every label, the rarest last."""
    figures = sorted(found.heads[head]["classes"].items(), key=lambda one: one[1]["support"])
    places = np.arange(len(figures))

    def draw(axes: Axes) -> None:
        for shift, name, colour in ((0.2, "precision", CURVE), (-0.2, "recall", CHOSEN)):
            values = [one[name] for _, one in figures]
            axes.barh(places + shift, values, height=0.36, color=colour, label=name)
        axes.set_yticks(places, [f"{label} ({one['support']})" for label, one in figures])
        axes.set_axisbelow(True)
        axes.set(xlim=(0, 1), title=f"{head} (rows)")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.1)

    return svg(draw, (5.5, 1.5 + 0.4 * len(figures)))


def _stated(found: Study, head: str) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest label's probability and whether it was right; of the event itself for a binary head."""
    known = found.scored.known(head)
    truth, table = found.scored.truth[head][known], found.scored.table(head)[known]
    if table.shape[1] == 1:
        return table[:, 0], truth == 1
    return table.max(axis=1), table.argmax(axis=1) == truth
