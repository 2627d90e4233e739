"""The four cells share out the stream, and the rules that are written from them do the very same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.rules import load_rules
from engine.rules.compile import compile_condition
from engine.rules.facts import Facts
from engine.scoring.manifest import Manifest
from models.profile import Costs, ErrorCosts
from models.thresholds.evidence import Evidence
from models.thresholds.matrix import Matrix, matrix
from models.thresholds.policy import policy
from tests.command import flashwire
from tests.models.thresholds.conftest import KINDS

COSTS = Costs(50, 1, 2, {"credit": ErrorCosts(400, 10), "product": ErrorCosts(20, 1)})
SHIPPED = Path(__file__).parents[3] / "deploy/rules/policy.yaml"


def test_costly_is_what_costs_more_than_an_ordinary_item() -> None:
    """A kind may be named to say that it is cheaper: then it is not costly. Either error may be the dear one."""
    assert COSTS.costly == ("credit",)
    assert Costs(50, 1, 2, {"other": ErrorCosts(10, 2)}).costly == ("other",)


def test_the_cells_share_out_the_stream(five: Evidence) -> None:
    """Five rows that stand for ten items, a cut-off at 0.7, a look that pays from 2/400 on: counted by hand."""
    found = matrix(five, "trigger", 0.7, COSTS)
    assert found.hold_from == 0.005
    cells = {cell.action: (cell.per_1000, cell.share_true, cell.rows) for cell in found.cells}
    assert cells == {
        "act automatically": (100, 1, 1),
        "act and review": (100, 1, 1),
        "hold for a human": (700, 0, 2),
        "drop": (100, 1, 1),
    }


def test_nothing_is_held_where_all_worth_a_look_fires(five: Evidence) -> None:
    """At a cut-off under the floor of looking, the cell is empty and its share of events is no number."""
    found = matrix(five, "trigger", 0.004, COSTS)
    hold = next(cell for cell in found.cells if cell.action == "hold for a human")
    assert found.hold_from is None
    assert (hold.per_1000, hold.rows) == (0, 0)
    assert np.isnan(hold.share_true)


@pytest.fixture
def rules(calibrated: Evidence, manifest: Manifest, tmp_path: Path) -> tuple[Matrix, Path]:
    """A matrix, and the policy that was written from it."""
    found = matrix(calibrated, "trigger", 0.35, COSTS)
    path = tmp_path / "policy.yaml"
    path.write_text(policy(found, manifest, "abc", "a precision of at least 0.5", 40_000), "utf-8")
    return found, path


def test_the_policy_does_what_the_matrix_counted(
    rules: tuple[Matrix, Path], calibrated: Evidence, manifest: Manifest
) -> None:
    """Every row, decided by the engine's compiled conditions, falls into the one rule whose cell it was counted in."""
    found, path = rules
    tests = {rule.id: compile_condition(rule.when).test for rule in load_rules([path], manifest.scores).rules}
    fired = dict.fromkeys([*tests, "drop"], 0)
    for score, kind in zip(calibrated.score[:5000].tolist(), calibrated.events[:5000].tolist(), strict=True):
        scores = {"trigger": score} | {f"event.{name}": float(name == kind) for name in KINDS}
        facts = Facts("", "", "", "", scores, frozenset(), "")
        hits = [name for name, test in tests.items() if test(facts)]
        assert len(hits) <= 1
        fired[hits[0] if hits else "drop"] += 1
    first = Evidence(*(getattr(calibrated, name)[:5000] for name in ("score", "truth", "weight", "strata", "events")))
    assert list(fired.values()) == [cell.rows for cell in matrix(first, "trigger", 0.35, COSTS).cells]
    assert [cell.action for cell in found.cells] == ["act automatically", "act and review", "hold for a human", "drop"]


def test_the_policy_starts_in_shadow_with_severities_and_desks(rules: tuple[Matrix, Path], manifest: Manifest) -> None:
    """Three rules, none live; what is costly goes to a desk that looks."""
    loaded = {rule.id: rule for rule in load_rules([rules[1]], manifest.scores).rules}
    says = {name: (rule.mode, rule.emit.severity, rule.emit.desk) for name, rule in loaded.items()}
    assert says == {
        "policy-act": ("shadow", "high", "news"),
        "policy-act-and-review": ("shadow", "critical", "news-review"),
        "policy-hold": ("shadow", "medium", "news-hold"),
    }


def test_an_empty_cell_has_no_rule(five: Evidence, manifest: Manifest, tmp_path: Path) -> None:
    """Where nothing is held the policy says so and has two rules."""
    path = tmp_path / "policy.yaml"
    path.write_text(policy(matrix(five, "trigger", 0.0, COSTS), manifest, "abc", "x", 5), "utf-8")
    assert [rule.id for rule in load_rules([path], manifest.scores).rules] == ["policy-act", "policy-act-and-review"]
    assert "no rule. The cut-off is so low" in path.read_text("utf-8")


def test_the_shipped_policy_passes_the_engines_check() -> None:
    """`flashwire rules check` takes it with the shipped artefact, beside the default rules."""
    done = flashwire("rules", "check", "deploy/rules/default.yaml", str(SHIPPED))
    assert done.returncode == 0, done.stderr
    assert b"6 rules: 2 live, 4 shadow" in done.stdout


def test_a_matrix_is_json(five: Evidence) -> None:
    """A share that is no number becomes null."""
    raw = msgspec.json.encode(matrix(five, "trigger", 0.004, COSTS))
    assert b'"action":"hold for a human","confident":false,"costly":true,"per_1000":0.0,"share_true":null' in raw
