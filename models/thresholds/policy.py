"""The matrix as rules: one rule a cell, in the engine's own language; what is dropped needs none."""

from __future__ import annotations

from engine.scoring.manifest import Manifest
from models.thresholds.choice import written
from models.thresholds.matrix import Cell, Matrix

_HEAD = """\
# What to do with an item, by confidence and cost; see docs/thresholds.md.
# Written by `python -m models thresholds --policy`, which overwrites it.
# Cut-off: {criterion}.
# Model {model} ({sha}). Counts are items per 1,000 of the stream, on {rows:,} labelled rows.
# All rules start in shadow: watch them on your own feed, then set `mode: live`.
version: 1
defaults: {{max_age: 30s, max_story_age: 1d, expires: 60s}}

rules:
"""
_RULE = """\
  # {says}
  - id: {id}
    mode: shadow
    owner: quant
    when:
      all:
{when}
    dedup: {{by: [entity, headline], window: 30m}}
{more}    emit: {{severity: {severity}, desk: {desk}}}

"""
_DROP = """\
  # {says}
  # Needs no rule: what no rule names is dropped.
"""
_NO_HOLD = """\
  # Hold for a human: no rule. The cut-off is so low that every item worth a look fires already.

"""
_RULES = {  # action → rule id, severity, desk, further keys; a human who looks needs longer than a desk that acts
    "act automatically": ("policy-act", "high", "{profile}", ""),
    "act and review": ("policy-act-and-review", "critical", "{profile}-review", ""),
    "hold for a human": ("policy-hold", "medium", "{profile}-hold", "    expires: 15m\n"),
}


def policy(matrix: Matrix, manifest: Manifest, sha: str, criterion: str, rows: int) -> str:
    """A rules file with the matrix's cells; it passes ``flashwire rules check`` with the artefact of ``manifest``."""
    parts = [_HEAD.format(criterion=criterion, model=manifest.id, sha=sha, rows=rows)]
    for cell in matrix.cells:
        if cell.action == "hold for a human" and matrix.hold_from is None:
            parts.append(_NO_HOLD)
        elif cell.action == "drop":
            parts.append(_DROP.format(says=_says(cell)))
        else:
            parts.append(_rule(cell, matrix, manifest.profile))
    return "".join(parts)


def conditions(cell: Cell, matrix: Matrix) -> list[str]:
    """What holds for an item of the cell, as conditions of the rules language; not for the cell that is dropped."""
    kinds = f"event {'in' if cell.costly else 'not in'} [{', '.join(matrix.costly)}]"
    if cell.confident:
        return [f"{matrix.score} >= {written(matrix.cut_off)}", kinds]
    low, high = written(matrix.hold_from or 0.0), written(matrix.cut_off)
    return [f"{matrix.score} >= {low}", f"{matrix.score} < {high}", kinds]


def _rule(cell: Cell, matrix: Matrix, profile: str) -> str:
    rule, severity, desk, more = _RULES[cell.action]
    when = "\n".join(f"        - {condition}" for condition in conditions(cell, matrix))
    desk = desk.format(profile=profile)
    return _RULE.format(says=_says(cell), id=rule, when=when, severity=severity, desk=desk, more=more)


def _says(cell: Cell) -> str:
    true = f"; {cell.share_true:.1%} of them true" if cell.rows else ""
    return f"{cell.action.capitalize()}: {cell.per_1000:.1f} of 1,000 items{true} ({cell.rows:,} rows)."
