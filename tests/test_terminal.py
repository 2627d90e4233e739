"""How an alert looks on a terminal."""

from __future__ import annotations

import io

import pytest
from msgspec import structs
from rich.console import Console

from engine.terminal import alert_line, label
from engine.types import Alert, MsgType, Severity
from tests.records import record
from tests.rules.rulesets import evaluator


def alert(headline: str = "Acme cuts its forecast", entity: str = "ACME") -> Alert:
    """An alert of the test rules: high, for the desk ``us``."""
    (made,) = evaluator().decide(record(headline=headline, entity=entity), 1_000.0).alerts
    return made


@pytest.mark.parametrize(
    ("severity", "msg_type", "text"),
    [
        ("low", "alert", "low"),
        ("critical", "alert", "critical"),
        ("high", "update", "update"),
        ("critical", "cancel", "cancel"),
    ],
)
def test_the_label_is_nine_columns(severity: Severity, msg_type: MsgType, text: str) -> None:
    """An alert shows its severity, what updates or takes back shows that, all equally wide."""
    found = label(structs.replace(alert(), severity=severity, msg_type=msg_type))
    assert found.plain == text.ljust(9)


def test_severities_look_different() -> None:
    """No two severities share a style, and an update is no alert's."""
    made = [structs.replace(alert(), severity=severity) for severity in ("low", "medium", "high", "critical")]
    styles = {label(each).style for each in [*made, structs.replace(alert(), msg_type="update")]}
    assert len(styles) == 5


def test_a_line_says_all_there_is_to_know() -> None:
    """Lead, severity, desk, entity, headline, and the rule with its reasons, in columns."""
    assert alert_line(alert(), "13:30:00.250Z").plain == (
        "13:30:00.250Z  high     us       ACME         Acme cuts its forecast"
        "  [flash: urgency.high >= 0.9 (0.95); sentiment.negative >= 0.75 (0.90)]"
    )


def test_a_long_entity_is_cut_and_the_columns_stand() -> None:
    """A stand-in for an entity shows its beginning, and the headline stays in its column."""
    short, long = (alert_line(alert(entity=name), "now").plain for name in ("A", "ITEM:0123456789ab"))
    assert short.index("Acme cuts") == long.index("Acme cuts")
    assert "ITEM:0123456 Acme" in long


@pytest.mark.parametrize(
    "headline", ["[bold]Acme[/bold]", "Acme [/] falls", ":rocket: Acme", "\\[x] 100% {y}", "株 📉"]
)
def test_a_headline_is_text_and_not_mark_up(headline: str) -> None:
    """Whatever stands in a headline is shown as it stands."""
    console = Console(file=io.StringIO(), width=400)
    console.print(alert_line(alert(headline), "now"))
    assert isinstance(console.file, io.StringIO)
    assert headline in console.file.getvalue()
