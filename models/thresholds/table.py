"""The study on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from models.metrics import Interval
from models.thresholds.choice import written
from models.thresholds.matrix import Matrix
from models.thresholds.study import Study

FORMS = {"alerts_per_1000": "{:.1f}", "precision": "{:.3f}", "recall": "{:.3f}", "cost_per_1000": "{:,.0f}"}
SAYS = {
    "alerts_per_1000": "alerts per 1,000 items",
    "precision": "precision",
    "recall": "recall",
    "cost_per_1000": "expected cost per 1,000 items",
}


def shown(found: Study) -> Group:
    """Everything of the study that fits a terminal."""
    parts: list[Table | Text] = [figures_table(found), Text(rows_line(found))]
    if found.matrix:
        parts.append(matrix_table(found.matrix))
    return Group(*parts, *(Text(f"! {note}", style="yellow") for note in found.notes))


def figures_table(found: Study) -> Table:
    """The cut-off and its figures, the Bayes rule's beside it, and the evaluation sets' at the same cut-off."""
    table = Table(title=f"{found.score}: {found.criterion}", title_justify="left")
    table.add_column("", no_wrap=True)
    headings = ["chosen", "95% interval", "Bayes rule", *(f"{name}, reported only" for name in found.beside)]
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in figures_rows(found):
        table.add_row(*row)
    return table


def figures_rows(found: Study) -> Iterator[tuple[str, ...]]:
    """The table's rows as text: label, chosen, interval, Bayes, one column per evaluation set."""
    drawn, same = found.drawn.cut_off, written(found.chosen.cut_off)
    yield "cut-off", same, span(drawn, "{:.3g}"), f"{found.bayes.cut_off:.3g}", *(same for _ in found.beside)
    for name, form in FORMS.items():
        yield _row(found, SAYS[name], name, form)
        if name == "alerts_per_1000":
            per_day = found.items_per_day / 1000
            yield _row(found, f"alerts a day, of {found.items_per_day:,.0f} items", name, "{:,.1f}", per_day)


def _row(found: Study, says: str, name: str, form: str, times: float = 1.0) -> tuple[str, ...]:
    chosen, bayes = (point.figures[name] for point in (found.chosen, found.bayes))
    beside = (point.figures[name] for _, point in found.beside.values())
    return (
        says,
        number(chosen.value * times, form),
        span(chosen, form, times),
        number(bayes.value * times, form),
        *(f"{number(one.value * times, form)} ({span(one, form, times)})" for one in beside),
    )


def rows_line(found: Study) -> str:
    """What the figures stand on, with the effective sample size."""
    seen = found.seen
    return (
        f"Chosen on {seen.name}: {seen.rows:,} rows, {seen.events:,} of them events; effective sample size (Kish) "
        f"{seen.effective:,.0f} rows, {seen.effective_events:,.0f} events. {found.draws:,} bootstrap draws, "
        f"seed {found.seed}. Model {found.model} ({found.sha})."
    )


def matrix_table(found: Matrix) -> Table:
    """The four cells."""
    table = Table(title=f"confidence and cost; costly: {', '.join(found.costly)}", title_justify="left")
    table.add_column("action")
    table.add_column("of")
    for heading in ("per 1,000 items", "true", "rows"):
        table.add_column(heading, justify="right")
    for cell in found.cells:
        share = number(cell.share_true, "{:.1%}")
        table.add_row(cell.action, cell_says(found, cell.action), f"{cell.per_1000:.1f}", share, f"{cell.rows:,}")
    return table


def cell_says(found: Matrix, action: str) -> str:
    """Which items come to a cell."""
    cut, low = written(found.cut_off), written(found.hold_from) if found.hold_from is not None else ""
    return {
        "act automatically": f"{found.score} >= {cut}, cheap",
        "act and review": f"{found.score} >= {cut}, costly",
        "hold for a human": f"{low} <= {found.score} < {cut}, costly" if low else "none: all worth a look fires",
        "drop": f"the rest, costly ones below {low} too" if low else "the rest",
    }[action]


def number(value: float, form: str) -> str:
    """The number, or a dash where there is none."""
    return "–" if value != value else form.format(value)  # noqa: RUF001  # the dash is what is shown


def span(found: Interval, form: str, times: float = 1.0) -> str:
    """An interval as ``low to high``."""
    if found.low != found.low:
        return "–"  # noqa: RUF001
    return f"{form.format(found.low * times)} to {form.format(found.high * times)}"
