"""How a terminal shows an alert: the same in the demo and to a desk."""

from __future__ import annotations

import re

from rich.text import Text

from engine.types import Alert

_COMPARED = re.compile(r"^(\S+) [<>=!]+ \S+ \(([\d.]+)\)$")
_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "dim"}


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
