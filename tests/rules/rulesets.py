"""Rule sets for tests, from YAML text."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from engine.rules import Evaluator, RuleSet, load_rules
from engine.types import ModelRef

SCORES = ("urgency.high", "sentiment.negative", "trigger", "event.credit", "event.earnings", "event.other")
HEAD = "version: 1\ndefaults: {max_age: 30s}\nrules:\n"
FLASH = """
  - id: flash
    when: {all: [urgency.high >= 0.9, sentiment.negative >= 0.75]}
    emit: {severity: high, desk: us}
"""


def ruleset(text: str) -> RuleSet:
    """The rules of one file with this text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text, "utf-8")
        return load_rules([path], SCORES)


def evaluator(text: str = HEAD + FLASH) -> Evaluator:
    """An evaluator with these rules in force and an hour of memory."""
    made = Evaluator("test", ModelRef("news-minilm", "abc"), memory=3_600.0)
    made.adopt(ruleset(text))
    return made
