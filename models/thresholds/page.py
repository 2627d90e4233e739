"""The study as one HTML page that carries all it shows: no script, no font and no picture is loaded."""

from __future__ import annotations

from html import escape

from models.markup import STYLE, table
from models.thresholds.choice import written
from models.thresholds.matrix import Matrix
from models.thresholds.plots import alerts, cells, expected_cost, precision_recall
from models.thresholds.study import Study
from models.thresholds.table import cell_says, figures_rows, number, rows_line, span

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body>
<h1>{title}</h1>
<p>Chosen for {criterion}. In 95 of 100 draws of the rows the choice lies within <b>{interval}</b>.</p>
{notes}
<div class="wide">{figures}</div>
<p class="soft">{rows}</p>
<h2>Precision and recall</h2>
<p>Each point of the line is a cut-off. To the right more events are found, upwards fewer alerts are false.
The cross is the 95% interval at the chosen cut-off.</p>
<figure>{precision_recall}</figure>
<h2>Expected cost</h2>
<p>The lowest point is the cheapest cut-off on these rows. The Bayes rule alerts where
p · cost(miss) &gt; (1 &minus; p) · cost(false alarm), from {bayes} on: the two agree where the score is a calibrated
probability. A flat bottom means that the choice hardly matters; the shaded strip is where other rows might have put
it.</p>
<figure>{expected_cost}</figure>
<h2>Alerts</h2>
<p>How many alerts a cut-off brings. By the labels {events} of 1,000 items are events; the score itself expects
{expected:.1f}.</p>
<figure>{alerts}</figure>
{matrix}
<h2>What this does not say</h2>
<ul>
<li>The figures were taken on the rows that the cut-off was chosen on, so they are a little too good.
{beside}</li>
<li>Labels were made by a language model under a guideline and are noisy themselves.</li>
<li>Your stream may differ from the one that the rows' weights stand for: watch a rule in shadow first.</li>
<li>Alerts are counted per item, before the rules' dedup and cooldown: fewer go out.</li>
</ul>
</body></html>
"""
_MATRIX = """<h2>Confidence and cost</h2>
<p>Confident: the score reaches the cut-off. Costly: an error on the item's likeliest event costs more than on
others, as the profile's <code>costs</code> say ({costly}). {hold}</p>
<figure>{picture}</figure>
<div class="wide cells">{table}</div>
"""


def page(found: Study) -> str:
    """The whole page as HTML text."""
    title = f"{found.score} ≥ {written(found.chosen.cut_off)}"
    beside = " and ".join(found.beside)
    return _PAGE.format(
        title=escape(title),
        style=STYLE,
        criterion=escape(found.criterion),
        interval=span(found.drawn.cut_off, "{:.3g}"),
        notes="\n".join(f'<p class="note">{escape(note)}</p>' for note in found.notes),
        figures=_figures(found),
        rows=escape(rows_line(found)),
        precision_recall=precision_recall(found),
        expected_cost=expected_cost(found),
        bayes=f"{found.bayes.cut_off:.3g}",
        alerts=alerts(found),
        events=f"{found.events_per_1000.value:.1f} ({span(found.events_per_1000, '{:.1f}')})",
        expected=found.expected_per_1000,
        matrix=_matrix(found.matrix) if found.matrix else "",
        beside=escape(f"{beside} was chosen on by nobody: compare with it." if beside else ""),
    )


def _figures(found: Study) -> str:
    head = ["", "chosen", "95% interval", "Bayes rule", *(f"{name}, reported only" for name in found.beside)]
    return table(head, [list(row) for row in figures_rows(found)])


def _matrix(found: Matrix) -> str:
    rows = [
        [c.action, cell_says(found, c.action), f"{c.per_1000:.1f}", number(c.share_true, "{:.1%}"), f"{c.rows:,}"]
        for c in found.cells
    ]
    hold = "Nothing is held: all that is worth a look fires already."
    if found.hold_from is not None:
        hold = f"A costly item below the cut-off is held from {written(found.hold_from)} on, where a look pays."
    counts = table(["action", "of", "per 1,000 items", "true", "rows"], rows)
    return _MATRIX.format(costly=escape(", ".join(found.costly)), hold=hold, picture=cells(found), table=counts)
