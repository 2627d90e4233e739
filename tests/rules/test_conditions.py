"""Conditions: what each one says of an item, true, false or unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.located import parse_yaml
from engine.rules.compile import compile_condition
from engine.rules.conditions import Names, parse_condition
from engine.rules.facts import Facts
from tests.rules.rulesets import SCORES

WATCHLISTS = {"tech": frozenset({"aapl", "MSFT"})}
SCORED = {"urgency.high": 0.9, "event.credit": 0.2, "event.earnings": 0.7}

TABLE = [
    ("urgency.high >= 0.9", True),
    ("urgency.high > 0.9", False),
    ("urgency.high <= 0.9", True),
    ("urgency.high < 0.9", False),
    ("urgency.high == 0.9", True),
    ("urgency.high != 0.9", False),
    ("trigger >= 0.5", None),
    ("{not: trigger >= 0.5}", None),
    ("{not: urgency.high >= 0.95}", True),
    ("{all: [trigger >= 0.5, urgency.high >= 0.5]}", None),
    ("{all: [trigger >= 0.5, urgency.high >= 0.95]}", False),
    ("{any: [trigger >= 0.5, urgency.high >= 0.5]}", True),
    ("{any: [trigger >= 0.5, urgency.high >= 0.95]}", None),
    ("source in [reuters, wire]", True),
    ("source == Wire", True),
    ("source not in [wire]", False),
    ("source != reuters", True),
    ("ticker in @tech", True),
    ("ticker in [aapl]", True),
    ("ticker not in [IBM]", True),
    ("entity == aapl", True),
    ("event == earnings", True),
    ("event in [credit, other]", False),
    ("language == en", None),
    ("headline has [fraud]", False),
    ("headline has [profit warning, halted]", True),
    ("headline has [war]", False),
    ("headline has ['PROFIT']", True),
]


def says(text: str, facts: Facts) -> bool | None:
    """What the condition says of these facts."""
    place = parse_yaml((text if text.startswith("{") else repr(text)).encode(), "test", RulesError)
    return compile_condition(parse_condition(place, Names(SCORES, WATCHLISTS))).test(facts)


def facts(scores: dict[str, float], tickers: frozenset[str] = frozenset({"AAPL", "IBM.X"})) -> Facts:
    """An item of source ``wire`` about AAPL with these scores."""
    return Facts("wire:1", "wire", "AAPL", "Apple issues a Profit Warning", scores, tickers, "")


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_language_table(text: str, expected: bool | None) -> None:
    """Each row of the language says what the documentation says it does."""
    assert says(text, facts(SCORED)) is expected


def test_an_item_without_tickers_is_unknown_to_ticker_conditions() -> None:
    """Where we do not know whom an item is about, neither `in` nor `not in` is true."""
    unknown = facts(SCORED, frozenset())
    assert says("ticker in [AAPL]", unknown) is None
    assert says("ticker not in [AAPL]", unknown) is None


@given(st.recursive(st.just("trigger >= 0.5"), lambda part: st.one_of(
    part.map(lambda inner: f"{{not: {inner}}}"),
    st.lists(part, min_size=1, max_size=3).map(lambda parts: f"{{all: [{', '.join(parts)}]}}"),
    st.lists(part, min_size=1, max_size=3).map(lambda parts: f"{{any: [{', '.join(parts)}]}}"),
), max_leaves=8))  # fmt: skip
def test_null_stays_unknown_through_any_nesting(text: str) -> None:
    """A condition that rests on a missing score, or on NaN, alone is unknown however it is wrapped."""
    for missing in ({}, {"trigger": float("nan")}):
        assert says(text, facts(missing)) is None


def test_reasons_name_what_held_with_its_value() -> None:
    """An alert's reasons are the conditions that were true, with the values they saw."""
    text = "{all: [urgency.high >= 0.5, {any: [event == credit, 'headline has [warning]']}, {not: event == credit}]}"
    place = parse_yaml(text.encode(), "test", RulesError)
    check = compile_condition(parse_condition(place, Names(SCORES, WATCHLISTS)))
    assert check.reasons(facts(SCORED)) == [
        "urgency.high >= 0.5 (0.90)",
        "headline has [warning] (Warning)",
        "not (event == credit)",
    ]
