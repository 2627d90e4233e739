"""Pictures for reports, as SVG text drawn by matplotlib: nothing in them is loaded from anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, CURVE, CHOSEN = "#1f2933", "#7b8794", "#2563a8", "#c2410c"
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib's own, so that the picture is the same on every machine
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7eb",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.edgecolor": "white",
    "svg.hashsalt": "flashwire",  # the same study gives the same bytes
}


def svg(draw: Callable[[Axes], None], size: tuple[float, float] = (7.6, 4.6)) -> str:
    """One picture as an ``<svg>`` element, without the prologue that names a document type on the web."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        out = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=nothing)
    text = out.getvalue()
    return text[text.index("<svg") :]
