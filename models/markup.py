"""What the HTML reports share: their looks, and tables. No script, no font and no picture is loaded."""

from __future__ import annotations

from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .3rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #e4e7eb; text-align: right; }
th:first-child, td:first-child, .cells :nth-child(2) { text-align: left; }
.wide { overflow-x: auto; } .soft { color: #616e7c; } figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
.note { background: #fff4e5; border-left: 4px solid #c2410c; padding: .5rem .9rem; margin: .6rem 0; }
code { background: #f1f3f5; padding: .1rem .3rem; border-radius: 3px; }
"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of texts, escaped."""

    def line(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
