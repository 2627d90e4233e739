"""One condition, text → typed value: ``urgency.high >= 0.9``, ``source in [reuters, sec]``, ``headline has [x]``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from engine.located import Place, nearest

Op = Literal[">=", ">", "<=", "<", "==", "!="]
FIELDS = ("source", "entity", "ticker", "event", "language")
"""What an item carries besides scores and its headline. ``event`` is the likeliest event's label."""

_COMPARISON = re.compile(r"\s*([A-Za-z_][\w.@-]*)\s*(>=|<=|==|!=|>|<)\s*(\S.*?)\s*$", re.DOTALL)
_MEMBERSHIP = re.compile(r"\s*([A-Za-z_]\w*)\s+(not\s+in|in|has)\s+(\[.*\]|@[\w-]+)\s*$", re.DOTALL)

_VALUE = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,]+)\s*(?:,|$)""")  # Quotes protect commas.


class ScoreIs(Struct, frozen=True):
    """A score against a number; unknown where the item has no such score."""

    text: str
    score: str
    op: Op
    value: float


class FieldIn(Struct, frozen=True):
    """A field against a set of values; unknown where the item does not have the field."""

    text: str
    field: str
    values: frozenset[str]
    negated: bool


class HeadlineHas(Struct, frozen=True):
    """Any of these words or phrases stands in the headline, whole words, whatever their case."""

    text: str
    words: tuple[str, ...]


class All(Struct, frozen=True):
    """True where every part is; an empty ``all`` cannot be written."""

    parts: tuple[Condition, ...]


class AnyOf(Struct, frozen=True):
    """True where one part is."""

    parts: tuple[Condition, ...]


class Not(Struct, frozen=True):
    """True where its part is false; unknown stays unknown."""

    part: Condition


Condition = ScoreIs | FieldIn | HeadlineHas | All | AnyOf | Not


class Names(Struct, frozen=True):
    """What conditions may name: the model's scores (None where no model is at hand to ask) and the watchlists."""

    scores: Collection[str] | None
    watchlists: Mapping[str, frozenset[str]]

    def events(self, place: Place) -> frozenset[str]:
        """The labels of the model's head ``event``; a model without one is refused where ``event`` is asked for."""
        found = frozenset(name.removeprefix("event.") for name in self.scores or () if name.startswith("event."))
        if self.scores is not None and not found:
            heads = sorted({name.partition(".")[0] for name in self.scores})
            place.fail(f"event: the model has no such head; its heads: {', '.join(heads)}")
        return found


def parse_condition(place: Place, names: Names) -> Condition:
    """A condition tree from its YAML node.

    Raises:
        RulesError: at the node that cannot be understood.
    """
    if place.is_text:
        return _leaf(place, names)
    entries = place.mapping("when", ("all", "any", "not"))
    if len(entries) != 1:
        place.fail("when: give exactly one of `all`, `any`, `not`")
    (word, inner), *_ = entries.items()
    if word == "not":
        return Not(parse_condition(inner, names))
    parts = tuple(parse_condition(part, names) for part in inner.items(word))
    if not parts:
        inner.fail(f"{word}: the list is empty")
    return All(parts) if word == "all" else AnyOf(parts)


def _leaf(place: Place, names: Names) -> Condition:
    text = place.text("condition")
    if found := _MEMBERSHIP.match(text):
        return _membership(place, names, *found.groups())
    if found := _COMPARISON.match(text):
        return _comparison(place, names, *found.groups())
    return place.fail(
        f"cannot read condition {text!r}; write `urgency.high >= 0.9`, `source in [a, b]` or `headline has [word]`"
    )


def _comparison(place: Place, names: Names, name: str, op: str, value: str) -> Condition:
    text = f"{name} {op} {value}"
    if name in FIELDS:
        if op not in ("==", "!="):
            place.fail(f"{name!r} is no number: use ==, !=, in or not in")
        return FieldIn(text, name, _known(place, names, name, frozenset([_plain(value, name)])), op == "!=")
    if names.scores is not None and name not in names.scores:
        place.fail(f"unknown score or field {name!r}{nearest(name, [*names.scores, *FIELDS])}")
    try:
        number = float(value)
    except ValueError:
        place.fail(f"{name} {op} {value}: {value!r} is no number")
    if not 0.0 <= number <= 1.0:
        place.fail(f"{text}: a score lies between 0 and 1")
    return ScoreIs(text, name, op, number)  # type: ignore[arg-type]  # the pattern admits no other operator


def _membership(place: Place, names: Names, name: str, op: str, given: str) -> Condition:
    text, negated = f"{name} {' '.join(op.split())} {given}", op.startswith("not")
    if name == "headline" and op == "has":
        return HeadlineHas(text, tuple(_list(place, names, given, name)))
    if name not in FIELDS:
        place.fail(f"{name!r} cannot be used with `{op}`{nearest(name, [*FIELDS, 'headline'])}")
    if op == "has":
        place.fail(f"`has` is for the headline; write `{name} in {given}`")
    return FieldIn(text, name, _known(place, names, name, frozenset(_list(place, names, given, name))), negated)


def _list(place: Place, names: Names, given: str, field: str) -> list[str]:
    if given.startswith("@"):
        watchlist = given[1:]
        if watchlist not in names.watchlists:
            place.fail(f"unknown watchlist {given!r}{nearest(watchlist, names.watchlists)}")
        return [_plain(value, field) for value in sorted(names.watchlists[watchlist])]
    values = [_plain(value, field) for value in _VALUE.findall(given[1:-1]) if value.strip()]
    if not values:
        place.fail(f"{field}: the list is empty")
    return values


def _known(place: Place, names: Names, field: str, values: frozenset[str]) -> frozenset[str]:
    """The values, after those of ``event`` were looked up among the model's labels."""
    if field == "event" and names.scores is not None:
        events = names.events(place)
        for value in sorted(values - events):
            place.fail(f"event: the model knows no {value!r}{nearest(value, events)}")
    return values


def _plain(value: str, field: str) -> str:
    """A value without quotes, in the case in which the field is compared."""
    bare = value.strip().strip("\"'").strip()
    return bare.upper() if field in ("ticker", "entity") else bare.lower()
