"""Rules: YAML → schema → closures → decisions. Pure and synchronous; time comes in as an argument."""

from engine.rules.evaluate import Decision, Evaluator
from engine.rules.schema import RuleSet, load_rules

__all__ = ["Decision", "Evaluator", "RuleSet", "load_rules"]
