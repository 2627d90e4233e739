"""The rows that a cut-off may be chosen on: labelled, scored as the engine scores, weighted to the base rate.

They are the profile's held-out rows, or a labels file of the desk's own. Never rows of an evaluation set: those
only report, and a cut-off that was chosen on them would make their figures too good.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from rich.progress import track

from engine.located import nearest
from engine.ports import Scorer
from engine.rules.facts import Facts
from engine.scoring.manifest import Manifest
from models.batches import MASKED, target_columns
from models.data import Row, file_hash, near_duplicates, read_source, split, unlike_training, words
from models.errors import DataError, ThresholdError
from models.metrics import Bools, Floats
from models.profile import Profile, SourceSpec
from models.thresholds.curves import Curve, Ranking

_COLUMNS = {"id", "dataset", "stratum", "text", "urgency", "sentiment", "event", "ts_utc"}


class Evidence:
    """Rows as arrays [rows]: the score, whether the event took place, how many items of the stream each stands for.

    ``strata`` are the draws that the rows came from, ``events`` the likeliest event of each, empty without that head.
    """

    def __init__(self, score: Floats, truth: Bools, weight: Floats, strata: list[str], events: list[str]) -> None:
        self.score, self.truth, self.weight = score, truth, weight
        self.strata, self.events = np.array(strata), np.array(events)

    @cached_property
    def ranking(self) -> Ranking:
        """The rows sorted by score."""
        return Ranking(self.score)

    @cached_property
    def curve(self) -> Curve:
        """What every cut-off would have brought on these rows."""
        return self.ranking.curve(self.truth, self.weight)

    @property
    def effective(self) -> float:
        """As many rows of equal weight would tell as much (Kish 1965, "Survey Sampling", section 11.7)."""
        return _effective(self.weight)

    @property
    def effective_positives(self) -> float:
        """The same of the rows where the event took place."""
        return _effective(self.weight[self.truth])

    @property
    def expected_per_1000(self) -> float:
        """Events per 1,000 items as the score itself expects them: its weighted mean."""
        return float(1000.0 * np.average(self.score, weights=self.weight))


def held_out(profile: Profile, data: Path) -> list[Row]:
    """The profile's held-out rows that stand for something of the stream and resemble no training row.

    Raises:
        DataError: a data file is missing, or a row carries an unknown label.
        ThresholdError: no source of the profile says how many items its rows stand for.
    """
    rows = [row for row in unlike_training(split(profile, data)) if row.weight > 0]
    if not rows:
        raise ThresholdError(
            f"profile {profile.id}: no held-out row stands for items of the stream: give its labels source a "
            "`base_rate` (stratum: items per row), or rows of your own with --labels"
        )
    return rows


def own_rows(labels: Path, profile: Profile, data: Path, manifest: Manifest) -> tuple[list[Row], list[str]]:
    """The rows of a labels file, each standing for one item of the stream, and what there is to say about them.

    Left out, where the data folder is at hand: rows that resemble one that was trained on or is for evaluation.

    Raises:
        DataError: the file is missing, lacks a column, or a row carries an unknown label.
        ThresholdError: it is an evaluation set, or was trained on.
    """
    if not labels.is_file():
        raise DataError(f"{labels}: no such file; give a labels file, or leave --labels out for the held-out rows")
    with labels.open(encoding="utf-8", errors="replace") as file:
        missing = sorted(_COLUMNS - set(file.readline().rstrip("\r\n").split("\t")))
    if missing:
        mend = "a labels file is tab-separated, with the columns that docs/model.md names"
        raise DataError(f"{labels}:1: column {missing[0]!r} is missing; {mend}")
    _refuse_used(labels, profile, data, manifest)
    rows = read_source(Path(), SourceSpec(name=labels.stem, file=str(labels), format="labels"), profile)
    for row in rows:
        row.weight = 1.0
    if not any((data / source.file).is_file() for source in [*profile.sources, *profile.evaluation]):
        says = f"no data at {data}: rows of {labels.name} that resemble a training row could not be left out"
        return rows, [says]
    guarded = split(profile, data).train + [r for s in profile.evaluation for r in read_source(data, s, profile)]
    alike = near_duplicates({words(row.text) for row in rows}, (words(row.text) for row in guarded))
    kept = [row for row in rows if words(row.text) not in alike]
    says = f"{len(rows) - len(kept):,} rows of {labels.name} resemble a training or evaluation row: left out"
    return kept, [says] if len(kept) < len(rows) else []


def evidence(rows: list[Row], scorer: Scorer, score: str, profile: Profile, says: str) -> Evidence:
    """Score the rows with weight that have the label, one per call as they are served.

    Raises:
        ThresholdError: no row is left, or all of them are of one kind, so that there is nothing to choose.
    """
    head, _, label = score.partition(".")
    column = target_columns(rows, profile)[head]
    kept = [number for number, row in enumerate(rows) if row.weight > 0 and column[number] != MASKED]
    if not kept:
        raise ThresholdError(f"{score}: none of {len(rows):,} rows has a weight and a label of {head}")
    wanted = profile.heads[head].labels.index(label) if label else 1
    truth = np.array([column[number] == wanted for number in kept])
    if truth.all() or not truth.any():
        missing = "negative" if truth.all() else "positive"
        raise ThresholdError(f"{score}: none of the {len(kept):,} rows is {missing}: label more rows, or other ones")
    scores = [scorer.score([rows[number].text])[0] for number in track(kept, says, transient=True)]
    return Evidence(
        score=np.array([one[score] for one in scores]),
        truth=truth,
        weight=np.array([rows[number].weight for number in kept]),
        strata=[rows[number].stratum for number in kept],
        events=[Facts("", "", "", "", one, frozenset(), "").event for one in scores],
    )


def check_score(score: str, manifest: Manifest, profile: Profile) -> None:
    """Refuse a score that the artefact does not give, or that the profile has no labels for.

    Raises:
        ThresholdError: with the nearest name that it may have meant.
    """
    labelled = [f"{head}.{label}" for head, spec in profile.heads.items() for label in spec.labels]
    labelled += [head for head, spec in profile.heads.items() if spec.all]
    for known, whose in ((manifest.scores, f"the artefact {manifest.id}"), (labelled, f"profile {profile.id}")):
        if score not in known:
            raise ThresholdError(f"--score {score}: {whose} has no such score{nearest(score, known)}")


def _refuse_used(labels: Path, profile: Profile, data: Path, manifest: Manifest) -> None:
    digest = file_hash(labels)
    used = {entry["sha256"]: (entry["file"], "evaluation" in entry["use"]) for entry in manifest.data}
    for source in [*profile.sources, *profile.evaluation]:
        if (path := data / source.file).is_file():
            used[file_hash(path)] = (source.file, source in profile.evaluation)
    if digest in used:
        file, evaluation = used[digest]
        why = "an evaluation set: it only reports, and never chooses a threshold"
        why = why if evaluation else "which the model learnt from"
        raise ThresholdError(f"{labels}: is {file}, {why}; leave --labels out to choose on the profile's held-out rows")


def _effective(weight: Floats) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0
