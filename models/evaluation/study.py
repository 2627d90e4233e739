"""The whole evaluation as one value: what the report shows and the JSON holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from engine.scoring.manifest import Manifest, Precision, load_manifest
from engine.scoring.scorer import load_scorer, open_scorer
from models.data import read_source
from models.evaluate import check_fits, report
from models.evaluation.alerts import Alerts, alerts_of
from models.evaluation.intervals import intervals
from models.evaluation.precisions import compare
from models.evaluation.scored import Scored, score_rows
from models.evaluation.slices import slices
from models.evaluation.stream import on_stream, per_1000
from models.metrics import Interval
from models.profile import Profile, SourceSpec

_MOST_EXACT: tuple[Precision, ...] = ("fp32", "fp16")


class Study(Struct, frozen=True):
    """Everything about one artefact on one set of rows.

    ``heads`` as in ``models.evaluate.report``; ``intervals`` head → figure; ``precisions`` what the served file
    differs by from the most exact one shipped; ``base_rate`` and ``stream`` per 1,000 items.
    """

    model: str
    sha: str
    precision: str
    labels: str
    rows: int
    heads: dict[str, dict[str, Any]]
    intervals: dict[str, dict[str, Interval]]
    slices: dict[str, dict[str, dict[str, Any]]]
    precisions: dict[str, Any]
    base_rate: dict[str, Any]
    stream: dict[str, Any]
    manifest: Manifest
    scored: Scored

    def to_json(self) -> bytes:
        """All figures, without rows and texts."""
        kept = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ("manifest", "scored")}
        return msgspec.json.format(msgspec.json.encode(kept))


class Question(Struct, frozen=True):
    """What is to be evaluated: an artefact, a labels source, the rules whose alerts are counted, the data folder."""

    artifact: Path
    source: SourceSpec
    rules: Path | None
    data: Path


def study(question: Question, profile: Profile) -> Study:
    """Score the rows in the served and in the most exact precision, and take every figure.

    Raises:
        DataError: a data file is missing or refused.
        ProfileError: the artefact was built for other heads or labels than the profile's.
        ArtifactError: the artefact is missing or not what its manifest says.
        RulesError: the rules name what the model does not give.
    """
    manifest = load_manifest(question.artifact)
    check_fits(manifest, question.artifact, profile)
    alerts = alerts_of(question.rules, manifest.scores) if question.rules is not None else None
    rows = read_source(question.data, question.source, profile)
    served = load_scorer(question.artifact)
    found = score_rows(served, rows, profile, f"{served.precision}: {len(rows):,} rows, one at a time")
    stream = profile.stream
    return Study(
        model=manifest.id,
        sha=served.model.sha,
        precision=served.precision,
        labels=question.source.file,
        rows=len(rows),
        heads=report(found.scores, rows, profile),
        intervals={head: intervals(found, head) for head in profile.heads},
        slices=slices(found),
        precisions=_precisions(question.artifact, manifest, served.precision, found, alerts),
        base_rate=base_rate(found),
        stream=on_stream(served, stream, question.data, profile, alerts) if stream is not None else {},
        manifest=manifest,
        scored=found,
    )


def base_rate(found: Scored) -> dict[str, Any]:
    """Of the rows that stand for the stream (``Row.weight``): events expected and observed per 1,000 of it."""
    weights = np.array([row.weight for row in found.rows])
    out: dict[str, Any] = {}
    for head, spec in found.profile.heads.items():
        chosen = np.nonzero((weights > 0) & found.known(head))[0]
        if spec.all and len(chosen):
            scale = weights[chosen] / weights[chosen].mean()
            observed = per_1000(scale * (found.truth[head][chosen] == 1))
            expected = per_1000(scale * found.table(head)[chosen, 0])
            out[head] = {"rows": len(chosen), "expected_per_1000": expected, "observed_per_1000": observed}
    return out


def _precisions(
    folder: Path, manifest: Manifest, served: Precision, found: Scored, alerts: Alerts | None
) -> dict[str, Any]:
    exact = next((one for one in _MOST_EXACT if one in manifest.variants), None)
    if exact is None:
        return {}
    scorer = open_scorer(folder, manifest, "cpu", 1, exact)
    other = score_rows(scorer, found.rows, found.profile, f"{exact}: {len(found.rows):,} rows, one at a time")
    return {f"{served} against {exact}": compare(found, other, alerts)}
