"""Conditions → closures, three-valued: True, False, or None where the item does not say (Kleene's logic).

A closure costs a fraction of a microsecond (0.16 µs for six clauses, measured; an expression language 12 µs and more).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from msgspec import Struct

from engine.rules.conditions import All, AnyOf, Condition, FieldIn, HeadlineHas, Not, ScoreIs
from engine.rules.facts import Facts

Test = Callable[[Facts], bool | None]
_OPS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class Check(Struct, frozen=True):
    """A compiled condition: what it says of an item, and why where it holds."""

    test: Test
    reasons: Callable[[Facts], list[str]]


def compile_condition(condition: Condition) -> Check:
    """The closure for a condition tree."""
    match condition:
        case ScoreIs():
            return _score(condition)
        case FieldIn():
            return _field(condition)
        case HeadlineHas():
            return _headline(condition)
        case Not(part):
            inner = compile_condition(part).test
            text = f"not ({describe(part)})"
            return Check(lambda facts: None if (value := inner(facts)) is None else not value, lambda facts: [text])
        case All(parts):
            checks = [compile_condition(part) for part in parts]
            return Check(_all([c.test for c in checks]), lambda facts: [r for c in checks for r in c.reasons(facts)])
        case AnyOf(parts):
            checks = [compile_condition(part) for part in parts]
            return Check(
                _any([c.test for c in checks]),
                lambda facts: [r for c in checks if c.test(facts) for r in c.reasons(facts)],
            )


def describe(condition: Condition) -> str:
    """The condition as one line."""
    match condition:
        case Not(part):
            return f"not ({describe(part)})"
        case All(parts):
            return " and ".join(f"({describe(p)})" if isinstance(p, AnyOf) else describe(p) for p in parts)
        case AnyOf(parts):
            return " or ".join(f"({describe(p)})" if isinstance(p, All) else describe(p) for p in parts)
        case _:
            return condition.text


def _score(condition: ScoreIs) -> Check:
    name, compare, limit, text = condition.score, _OPS[condition.op], condition.value, condition.text

    def test(facts: Facts) -> bool | None:
        value = facts.scores.get(name)
        return None if value is None or value != value else compare(value, limit)  # NaN is unknown, too.

    return Check(test, lambda facts: [f"{text} ({facts.scores[name]:.2f})"])


def _field(condition: FieldIn) -> Check:
    field, values, negated, text = condition.field, condition.values, condition.negated, condition.text

    def test(facts: Facts) -> bool | None:
        have = facts.values(field)
        return None if not have else (not values.isdisjoint(have)) != negated

    return Check(test, lambda facts: [f"{text} ({', '.join(sorted(facts.values(field)))})"])


def _headline(condition: HeadlineHas) -> Check:
    # A plain alternation of literals: no pattern of the user's can make it slow.
    words = "|".join(re.escape(word) for word in sorted(condition.words, key=len, reverse=True))
    search, text = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE).search, condition.text

    def reasons(facts: Facts) -> list[str]:
        found = search(facts.headline)
        return [f"{text} ({found[0]})"] if found else []

    return Check(lambda facts: search(facts.headline) is not None, reasons)


def _all(tests: list[Test]) -> Test:
    def test(facts: Facts) -> bool | None:
        result: bool | None = True
        for part in tests:
            value = part(facts)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return test


def _any(tests: list[Test]) -> Test:
    def test(facts: Facts) -> bool | None:
        result: bool | None = False
        for part in tests:
            value = part(facts)
            if value is True:
                return True
            if value is None:
                result = None
        return result

    return test
