"""How good an artefact is on labelled rows, through the engine's own scorer, one row per call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from rich.table import Table

from engine.ports import Scorer
from engine.scoring.manifest import Manifest
from engine.scoring.scorer import load_scorer
from engine.types import Scores
from models.batches import MASKED, target_columns
from models.calibrate import judge
from models.data import Row, read_source
from models.errors import ProfileError
from models.metrics import classes_report, event_report
from models.profile import Profile, SourceSpec

Report = dict[str, dict[str, Any]]
"""Head → its figures; see ``models.metrics`` for what they are called."""


def evaluate_folder(folder: Path, data: Path, source: SourceSpec, profile: Profile) -> Report:
    """Judge the artefact in ``folder`` on the rows of a source below the folder ``data``.

    Raises:
        DataError: the file is missing or refused.
        ProfileError: the artefact was built for other heads or labels than the profile's.
        ArtifactError: the artefact is missing or not what its manifest says.
    """
    rows = read_source(data, source, profile)
    scorer = load_scorer(folder)
    check_fits(scorer.manifest, folder, profile)
    return evaluate(scorer, rows, profile)


def check_fits(manifest: Manifest, folder: Path, profile: Profile) -> None:
    """Refuse an artefact that was built for other heads or labels than the profile's.

    Raises:
        ProfileError: naming the first score that is not there, and where the profile asks for it.
    """
    for head, spec in profile.heads.items():
        for name in [f"{head}.{label}" for label in spec.labels] or [head]:
            if name not in manifest.scores:
                mend = f"give the artefact of profile {profile.id!r} with --artifact, or build it"
                raise ProfileError(
                    f"{profile.where(f'heads.{head}')}: {folder} (profile {manifest.profile!r}) has no {name!r}; {mend}"
                )


def evaluate(scorer: Scorer, rows: list[Row], profile: Profile, says: str = "scoring") -> Report:
    """Score each row by itself and judge every head on the rows that have its label."""
    scores = [scorer.score([row.text])[0] for row in track(rows, says, transient=True)]
    return report(scores, rows, profile)


def report(scores: list[Scores], rows: list[Row], profile: Profile) -> Report:
    """Per head: accuracy, macro-F1 and classes, or the binary event's figures; and how honest its probabilities are."""
    columns = target_columns(rows, profile)
    found: Report = {}
    for head, spec in profile.heads.items():
        target = np.asarray(columns[head])
        known = target != MASKED
        if not known.any():  # The set has labels of other heads only.
            continue
        names = [f"{head}.{label}" for label in spec.labels] or [head]
        table = np.array([[one[name] for name in names] for one in scores])[known]
        target = target[known]
        if spec.labels:
            figures = classes_report(target, table.argmax(axis=1), spec.labels)
        else:
            figures = event_report(target == 1, table[:, 0])
        found[head] = figures | judge(table, target) | {"rows": len(target)}
    return found


def summary(reports: dict[str, Report], title: str) -> Table:
    """One line per head, one column per model: macro-F1 and accuracy, or average precision and recall."""
    binary = [head for head, figures in next(iter(reports.values())).items() if "macro_f1" not in figures]
    caption = "macro-F1 (accuracy)"
    if binary:
        caption += f"\n{', '.join(binary)}: average precision (recall at 80%, 90% precision)"
    table = Table(title=title, caption=caption)
    table.add_column("head")
    for name in reports:
        table.add_column(name, justify="right")
    for head in next(iter(reports.values())):
        table.add_row(head, *(_cell(one[head]) for one in reports.values()))
    return table


def per_class(one: Report) -> Table:
    """Every class's precision, recall, F1 and support."""
    table = Table(title="classes")
    for name in ("class", "precision", "recall", "F1", "rows"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for head, figures in one.items():
        for label, of in figures.get("classes", {}).items():
            values = (f"{of[name]:.3f}" for name in ("precision", "recall", "f1"))
            table.add_row(f"{head}.{label}", *values, str(of["support"]))
    return table


def _cell(figures: dict[str, Any]) -> str:
    if "macro_f1" in figures:
        return f"{figures['macro_f1']:.3f} ({figures['accuracy']:.3f})"
    at_80, at_90 = figures["recall_at_80_precision"], figures["recall_at_90_precision"]
    return f"{figures['average_precision']:.3f} ({at_80:.2f}, {at_90:.2f})"
