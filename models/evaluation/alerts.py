"""Which scores raise an alert: the live rules' conditions, compiled by the engine's own compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.rules.compile import compile_condition
from engine.rules.facts import Facts
from engine.rules.schema import load_rules
from engine.types import Scores
from models.metrics import Bools

Alerts = Callable[[Sequence[str], Sequence[Scores]], Bools]
"""Texts and their scores → whether a live rule's condition holds, before dedup and cooldown: bool [texts]."""


def alerts_of(rules: Path, scores: Sequence[str]) -> Alerts:
    """The rules file's live rules as one predicate; what a condition cannot know from text and scores is unknown.

    Raises:
        RulesError: the file cannot be read, or names a score that the model does not give.
    """
    tests = [compile_condition(rule.when).test for rule in load_rules([rules], scores).rules if rule.mode == "live"]

    def fires(text: str, given: Scores) -> bool:
        facts = Facts("", "", "", text, given, frozenset(), "")
        return any(test(facts) is True for test in tests)

    return lambda texts, found: np.array([fires(*one) for one in zip(texts, found, strict=True)], dtype=bool)
