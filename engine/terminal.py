"""How a terminal shows an alert, the same in the demo and to a desk, and what the words of a headline did."""

from __future__ import annotations

import re

from rich.text import Text

from engine.explain import Explanation, HeadExplanation, Word
from engine.types import Alert

_COMPARED = re.compile(r"^(\S+) [<>=!]+ \S+ \(([\d.]+)\)$")
_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "dim"}

_LEAST = 0.01  # A weight that two decimals would show as nothing.
_TOP = 5


def label(alert: Alert) -> Text:
    """The severity; for what only updates or takes back an alert, that. Nine columns wide."""
    if alert.msg_type == "alert":
        return Text(f"{alert.severity:<9}", _STYLES[alert.severity])
    return Text(f"{alert.msg_type:<9}", "cyan")


def brief(alert: Alert) -> str:
    """Why, short: each condition's name and the value it saw."""
    return ", ".join(_COMPARED.sub(r"\1 \2", reason) for reason in alert.reasons)


def alert_line(alert: Alert, lead: str, about: str = "") -> Text:
    """One line: ``lead`` (a time or a latency), severity, desk, what it is ``about``, headline, and why.

    It is about its entity where nothing else is given.
    """
    text = Text(f"{lead}  ").append_text(label(alert))
    text.append(f"{alert.desk:<8} {(about or alert.entity.id)[:12]:<12} {alert.headline}")
    text.append(f"  [{alert.rule.id}: {'; '.join(alert.reasons)}]", "dim")
    return text


def explained(explanation: Explanation) -> Text:
    """Per head: label, probability and the words that moved it most, then the headline with its words coloured.

    Green carries the label, red speaks against it, and the more the stronger; what was not read is struck out.
    """
    text = Text()
    for name, head in explanation.heads.items():
        text.append(f"{name}{f' {head.label}' if head.label else ''} {head.score:.2f}: ", "bold")
        text.append(f"{_top_words(head.words)}\n")
        if head.words:
            text.append("  ").append_text(_coloured(explanation, head)).append("\n")
    if explanation.cut:
        text.append(f"not read (too long): {explanation.text[explanation.read :].strip()}\n", "dim")
    return text


def _top_words(words: tuple[Word, ...]) -> str:
    moving = sorted((w for w in words if abs(w.weight) >= _LEAST), key=lambda w: -abs(w.weight))
    if not words:
        return "no words"
    return ", ".join(f"{w.text} {w.weight:+.2f}" for w in moving[:_TOP]) or f"no single word moves it by {_LEAST}"


def _coloured(explanation: Explanation, head: HeadExplanation) -> Text:
    text = Text(explanation.text)
    for word in head.words:
        text.stylize(_style(word.weight), word.start, word.end)
    text.stylize("dim strike", explanation.read)
    return text


def _style(weight: float) -> str:
    colour = "green" if weight > 0 else "red"
    size = abs(weight)
    if size >= 0.25:
        return f"bold white on {colour}"
    return f"bold {colour}" if size >= 0.05 else colour if size >= _LEAST else ""
