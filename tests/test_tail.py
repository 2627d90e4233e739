"""What a desk asked to see, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from engine.tail import SEVERITIES, TailConfig, wanted
from engine.types import Alert, Entity
from tests.records import record
from tests.rules.rulesets import evaluator

NOW = 1_000.0


def alert(**more: Any) -> Alert:
    """A high alert for the desk ``us`` about ACME, and BETA besides, that expires a minute from now."""
    (made,) = evaluator().decide(record(at=NOW), NOW).alerts
    return structs.replace(made, also=("BETA",), **more)


def test_without_a_wish_everything_is_shown() -> None:
    """The defaults leave nothing out but what is past its expiry."""
    for severity in SEVERITIES:
        assert wanted(alert(severity=severity), TailConfig(), NOW)


@pytest.mark.parametrize("least", SEVERITIES)
def test_severity_is_a_floor(least: str) -> None:
    """What is as severe or more is shown, nothing below."""
    shown = [each for each in SEVERITIES if wanted(alert(severity=each), TailConfig(severity=least), NOW)]
    assert shown == list(SEVERITIES[SEVERITIES.index(least) :])


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        (TailConfig(desks=["us"]), True),
        (TailConfig(desks=["eu", "us"]), True),
        (TailConfig(desks=["eu"]), False),
        (TailConfig(tickers=["ACME"]), True),
        (TailConfig(tickers=["acme"]), True),
        (TailConfig(tickers=["CORP", "beta"]), True),
        (TailConfig(tickers=["CORP"]), False),
        (TailConfig(tickers=["ACM"]), False),
        (TailConfig(desks=["us"], tickers=["CORP"]), False),
        (TailConfig(desks=["eu"], tickers=["ACME"]), False),
        (TailConfig(severity="critical", desks=["us"], tickers=["ACME"]), False),
        (TailConfig(severity="high", desks=["us"], tickers=["ACME"]), True),
    ],
    ids=str,
)
def test_every_wish_must_hold(config: TailConfig, shown: bool) -> None:
    """Of the desks any, of the tickers any, whatever their case, other entities among them; and all wishes together."""
    assert wanted(alert(), config, NOW) is shown


def test_a_stand_in_for_an_entity_can_be_asked_for() -> None:
    """An alert about nobody we know is found by its stand-in, whatever the case."""
    about = alert(entity=Entity("ITEM:0a1b"))
    assert wanted(about, TailConfig(tickers=["ITEM:0a1b"]), NOW)
    assert wanted(about, TailConfig(tickers=["item:0A1B"]), NOW)


@pytest.mark.parametrize(
    ("config", "now", "shown"),
    [
        (TailConfig(), NOW + 59.9, True),
        (TailConfig(), NOW + 60.0, False),
        (TailConfig(expired=True), NOW + 3_600.0, True),
        (TailConfig(from_start=True), NOW + 3_600.0, True),
        (TailConfig(expired=True, severity="critical"), NOW + 3_600.0, False),
    ],
    ids=["in time", "at its expiry", "asked for", "from the start", "asked for, but not severe"],
)
def test_what_is_past_its_expiry_is_shown_only_where_asked_for(config: TailConfig, now: float, shown: bool) -> None:
    """A desk must not act on an expired alert, so it does not see it, unless it looks back."""
    assert wanted(alert(), config, now) is shown


@pytest.mark.parametrize("msg_type", ["update", "cancel"])
def test_what_takes_back_is_shown_like_what_it_takes_back(msg_type: str) -> None:
    """Updates and cancels carry the alert's severity and desk, so whoever saw it sees them."""
    assert wanted(alert(msg_type=msg_type), TailConfig(severity="high", desks=["us"]), NOW)
