"""A manifest's figures as Markdown tables, whatever they are called: what a later build adds is shown, not dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

MOST = 60
"""Rows of a table of unknown figures; the manifest has them all."""

_NAMES = (
    (re.compile(r"\bmacro f1\b"), "macro-F1"),
    (re.compile(r"\bf1\b"), "F1"),
    (re.compile(r"\bat (\d+) precision\b"), r"at \1% precision"),
    (re.compile(r"\binterval (\d+)\b"), r"\1% interval"),
)
_SPECIAL = re.compile(r"([|*_<>\[\]`\\])")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; the cells are Markdown already. No rows, no table."""
    body = [f"| {' | '.join(map(str, row))} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *body])


def points(points: Iterable[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"- {point.strip()}" for point in points)


def plain(text: object) -> str:
    """Foreign text in a Markdown cell: none of its signs means anything, and it stays on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """A name in a Markdown cell, in code type."""
    return f"`{' '.join(str(text).split())}`" if "`" not in str(text) and "|" not in str(text) else plain(text)


def named(key: str) -> str:
    """A figure's key as words: ``recall_at_80_precision`` is "recall at 80% precision"."""
    words = key.replace("_", " ")
    for pattern, name in _NAMES:
        words = pattern.sub(name, words)
    return plain(words)


def shown(value: object) -> str:
    """A value for a reader: counts with thousands, fractions with four decimals, a pair of numbers as a range."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 10 or value == 0 else f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        parts = [shown(one) for one in value]
        return " to ".join(parts) if len(parts) == 2 and _are_numbers(value) else ", ".join(parts)
    return plain(value)


def setting(value: object) -> str:
    """A setting for a reader: as it was written, a seed without thousands."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else shown(value)


def flat(figures: Mapping[str, Any], leave: Iterable[str] = ()) -> dict[str, Any]:
    """Figures by their path, ``after · calibration error``; keys in ``leave`` stay out at the top.

    ``interval_90`` beside a ``calibration_error`` is that error's (``models.calibrate.judge``) and says so.
    """
    out: dict[str, Any] = {}
    for name, value in figures.items():
        key = f"calibration_error_{name}" if name.startswith("interval_") and "calibration_error" in figures else name
        if key in leave:
            continue
        if isinstance(value, Mapping):
            out |= {f"{named(key)} · {inner}": one for inner, one in flat(value).items()}
        else:
            out[named(key)] = value
    return out


def figures_table(figures: Mapping[str, Any], leave: Iterable[str] = (), show: Callable[[object], str] = shown) -> str:
    """Name and value of every figure, nested ones by their path, the first ``MOST``."""
    found = flat(figures, leave)
    short = {name: value for name, value in found.items() if not _is_curve(value)}
    rows = [(name, show(value)) for name, value in list(short.items())[:MOST]]
    return _with_rest(markdown_table(("figure", "value"), rows), len(found) - len(rows))


def compared(reports: Mapping[str, Mapping[str, Any]], heads: Sequence[str]) -> str:
    """Per head and figure a row, per precision a column; classes have a table of their own."""
    rows: list[tuple[str, ...]] = []
    left = 0
    for head in heads:
        columns = [flat(report.get(head, {}), ("classes",)) for report in reports.values()]
        names = [
            n for n in dict.fromkeys(n for c in columns for n in c) if not any(_is_curve(c.get(n)) for c in columns)
        ]
        left += max(0, len(names) - MOST)
        rows += [
            (code(head), name, *(shown(column[name]) if name in column else "" for column in columns))
            for name in names[:MOST]
        ]
    return _with_rest(markdown_table(("head", "figure", *map(plain, reports)), rows), left)


def classes(report: Mapping[str, Any], heads: Sequence[str]) -> str:
    """Every class's precision, recall and F1, and its rows."""
    found = [
        (code(f"{head}.{label}"), *map(shown, of.values()))
        for head in heads
        for label, of in report.get(head, {}).get("classes", {}).items()
    ]
    names = [of for head in heads for of in report.get(head, {}).get("classes", {}).values()]
    return markdown_table(
        ("class", *(named(key).replace("support", "rows") for key in (names[0] if names else ()))), found
    )


def _with_rest(table: str, left: int) -> str:
    return f"{table}\n\n{left} more stand in the manifest." if left else table


def _is_curve(value: object) -> bool:
    """Whether it is data for a plot, not a figure to read."""
    return isinstance(value, (list, tuple)) and (
        len(value) > 8 or any(isinstance(one, (list, tuple, Mapping)) for one in value)
    )


def _are_numbers(values: Sequence[object]) -> bool:
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in values)
