"""One number in a rules file, changed in place: comments, layout, line ends and all other bytes stay as they are."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.errors import RulesError
from engine.located import Place, read_yaml
from engine.rules.conditions import All, AnyOf, Condition, Not, ScoreIs
from engine.rules.schema import Rule, RuleSet, load_rules
from models.errors import ThresholdError
from models.thresholds.choice import written


class Edit(Struct, frozen=True):
    """What was changed, and where: ``rules.yaml:34: trigger >= 0.60 -> 0.47``."""

    file: Path
    line: int
    condition: str
    value: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.condition} -> {self.value}"


def set_threshold(path: Path, rule: str, score: str, value: float, names: Collection[str]) -> Edit:
    """Write ``value`` into the one condition on ``score`` in the rule's ``when``; ``bypass`` is left alone.

    The new file is checked as the engine checks it, then takes the old one's place in one step: a running engine
    that follows it sees either. A link is followed.

    Args:
        path: the rules file.
        rule: the rule's id.
        score: such as ``trigger``.
        value: the threshold, 0 to 1.
        names: the scores that the model gives.

    Raises:
        RulesError: the file is not valid as it stands.
        ThresholdError: there is no such rule, or not exactly one such condition that can be changed.
    """
    before = load_rules([path], names)
    root, raw = read_yaml(path, RulesError)
    place = _condition(_when(root, rule), score)
    text = raw.decode("utf-8")
    start, end = _number(place, text, score)
    after = text[:start] + written(value) + text[end:]
    _replace(path, after.encode("utf-8"), _expected(before, rule, score, value), names)
    condition = " ".join(str(place.node.value).split())
    return Edit(path, place.node.start_mark.line + 1, condition, written(value))


def _when(root: Place, rule: str) -> Place:
    """The ``when`` of the rule; the file is known to be valid."""
    rules = {found["id"].text("id"): found for found in (part.mapping("rule", ()) for part in _rules(root))}
    if rule not in rules:
        close = difflib.get_close_matches(rule, rules, n=1) or sorted(rules)
        raise ThresholdError(f"{root.file}: no rule {rule!r}; known: {', '.join(close)}")
    return rules[rule]["when"]


def _rules(root: Place) -> list[Place]:
    return root.mapping("rules file", ())["rules"].items("rules")


def _condition(when: Place, score: str) -> Place:
    """The one condition on the score."""
    pattern = re.compile(rf"\s*{re.escape(score)}\s*(>=|<=|==|!=|>|<)")
    found = [(place, negated, match[1]) for place, negated in _leaves(when) if (match := pattern.match(place.text("")))]
    lines = ", ".join(str(place.node.start_mark.line + 1) for place, _, _ in found)
    if not found:
        raise ThresholdError(
            f"{when.file}:{when.node.start_mark.line + 1}: the rule has no condition on {score}; "
            f"add `{score} >= 0.5` to its `when`, or give another --score"
        )
    if len(found) > 1:
        raise ThresholdError(
            f"{when.file}: the rule has several conditions on {score}, in lines {lines}; which one is meant? "
            "Leave one, or edit the number by hand"
        )
    ((place, negated, op),) = found
    if negated or op not in (">=", ">"):
        raise ThresholdError(
            f"{when.file}:{lines}: {place.text('')!r}{' inside `not`' if negated else ''} is no lower limit; "
            f"a threshold replaces the number of `{score} >= …`"
        )
    return place


def _leaves(place: Place, negated: bool = False) -> Iterator[tuple[Place, bool]]:
    """Every condition of a ``when``, and whether a ``not`` stands above it."""
    if place.is_text:
        yield place, negated
    elif place.is_list:
        for part in place.items("when"):
            yield from _leaves(part, negated)
    else:
        for word, inner in place.mapping("when", ()).items():
            yield from _leaves(inner, negated or word == "not")


def _number(place: Place, text: str, score: str) -> tuple[int, int]:
    """Where the condition's number begins and ends in the file's text."""
    # The parser leaves a byte order mark out of its count.
    shift = int(text.startswith("\ufeff"))
    start, end = (mark.index + shift for mark in (place.node.start_mark, place.node.end_mark))
    found = re.search(rf"{re.escape(score)}\s*>=?\s*([^\s\"']+)", text[start:end])
    if not found:
        mark = place.node.start_mark
        raise ThresholdError(f"{place.file}:{mark.line + 1}: write the condition without escapes: `{score} >= 0.5`")
    return start + found.start(1), start + found.end(1)


def _expected(before: RuleSet, rule: str, score: str, value: float) -> list[Rule]:
    """The rules as they have to be after the edit: this one limit changed and nothing else."""
    return [
        msgspec.structs.replace(one, when=_with(one.when, score, value)) if one.id == rule else one
        for one in before.rules
    ]


def _with(condition: Condition, score: str, value: float) -> Condition:
    match condition:
        case All(parts):
            return All(tuple(_with(part, score, value) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_with(part, score, value) for part in parts))
        case Not(part):
            return Not(_with(part, score, value))
        case ScoreIs(_, name, op, _) if name == score:
            return ScoreIs(f"{score} {op} {written(value)}", score, op, value)
        case _:
            return condition


def _replace(path: Path, content: bytes, expected: list[Rule], names: Collection[str]) -> None:
    """Put the content in the file's place, after the engine's loader has read in it just what is expected."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")  # Beside it, so that watchlists are found.
    try:
        draft.write_bytes(content)
        shutil.copymode(target, draft)
        if list(load_rules([draft], names).rules) != expected:
            raise ThresholdError(
                f"{path}: the number is shared with another place (an anchor, `&name`); write the condition out"
            )
        draft.replace(target)
    except OSError as error:
        raise ThresholdError(f"{path}: cannot be written: {error.strerror}; nothing was changed") from None
    finally:
        draft.unlink(missing_ok=True)
