"""Which rows a cut-off may be chosen on, and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.scoring.manifest import Manifest
from engine.types import Scores
from models.data import Row, file_hash, read_source
from models.errors import DataError, ThresholdError
from models.profile import ARTIFACTS, Profile, load_profile
from models.thresholds.evidence import check_score, evidence, held_out, own_rows
from tests.models.conftest import LABELS

OWN = """\
id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc
own-1\town\t\tZulu Bank halts withdrawals as depositors queue\thigh\tnegative\tcredit\t
own-2\town\t\tYankee Foods names a new head of sales\tlow\tneutral\tmanagement\t
own-3\town\t\tAcme cuts full year outlook after plant fire\thigh\tnegative\tguidance\t
own-4\town\t\tEcho Bank probed over loans to own chairman\thigh\tnegative\tlegal_regulatory\t
"""


class _Lengths:
    """A scorer that goes by the text's length and knows nothing else."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        return [{"trigger": len(text) / 100, "urgency.high": 0.5, "event.credit": 0.9} for text in texts]


@pytest.fixture
def own(folder: Path) -> Path:
    """A labels file of a desk: two fresh rows, one like a training row, one like an evaluation row."""
    path = folder / "own.tsv"
    path.write_text(OWN, "utf-8")
    return path


def _weighted(fields: dict[str, Any], held_out: float = 1.0) -> dict[str, Any]:
    fields["sources"][0]["base_rate"] = {"rest": 10.75}
    fields["training"]["held_out"] = held_out
    return fields


def test_held_out_rows_are_those_with_a_weight(
    folder: Path, fields: dict[str, Any], load: Callable[[dict[str, Any]], Profile]
) -> None:
    """Rows of strata that stand for nothing are left out; so are rows that were trained on."""
    rows = held_out(load(_weighted(fields)), folder)
    assert [(row.id, row.weight) for row in rows] == [("arp-3", 10.75)]


def test_a_profile_without_base_rates_is_refused(
    folder: Path, fields: dict[str, Any], load: Callable[[dict[str, Any]], Profile]
) -> None:
    """Without weights nobody knows how often anything happens: the message says where to give them."""
    fields["training"]["held_out"] = 1.0
    with pytest.raises(ThresholdError, match=r"no held-out row stands for items .* `base_rate`.* or .*--labels"):
        held_out(load(fields), folder)


@pytest.mark.parametrize("name", ["wiredev.tsv", "copy.tsv"])
def test_an_evaluation_set_is_refused(name: str, folder: Path, profile: Profile, manifest: Manifest) -> None:
    """Under its own name or another: it reports, it never chooses."""
    (folder / "copy.tsv").write_bytes((folder / "wiredev.tsv").read_bytes())
    with pytest.raises(ThresholdError, match=rf"{name}: is wiredev\.tsv, an evaluation set: it only reports"):
        own_rows(folder / name, profile, folder, manifest)


def test_an_evaluation_set_is_known_by_the_manifest_too(
    own: Path, profile: Profile, manifest: Manifest, tmp_path: Path
) -> None:
    """Where the data folder is not at hand, the artefact still knows the hashes of what it was judged on."""
    data = [{"file": "labels/dev.tsv", "use": "evaluation only", "sha256": file_hash(own)}]
    with pytest.raises(ThresholdError, match=r"is labels/dev\.tsv, an evaluation set"):
        own_rows(own, profile, tmp_path / "nowhere", msgspec.structs.replace(manifest, data=data))


def test_what_was_learnt_from_is_refused(folder: Path, profile: Profile, manifest: Manifest) -> None:
    """A model is sure of what it has seen."""
    with pytest.raises(ThresholdError, match=r"labels\.tsv: is labels\.tsv, which the model learnt from"):
        own_rows(folder / "labels.tsv", profile, folder, manifest)


def test_own_rows_stand_for_one_item_each(own: Path, folder: Path, profile: Profile, manifest: Manifest) -> None:
    """Rows like a training or evaluation row are left out, and it is said how many."""
    rows, notes = own_rows(own, profile, folder, manifest)
    assert [(row.id, row.weight) for row in rows] == [("own-1", 1.0), ("own-2", 1.0)]
    assert notes == ["2 rows of own.tsv resemble a training or evaluation row: left out"]
    rows, notes = own_rows(own, profile, folder / "nowhere", manifest)
    assert len(rows) == 4
    assert "could not be left out" in notes[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (LABELS.replace("\turgency", "\turgent"), r"own\.tsv:1: column 'urgency' is missing"),
        (OWN.replace("credit", "crdit"), r"own\.tsv:2: event: unknown label 'crdit'"),
    ],
)
def test_a_wrong_labels_file_is_refused(
    content: str, says: str, folder: Path, profile: Profile, manifest: Manifest
) -> None:
    """A missing column and an unknown label are named with their line."""
    (folder / "own.tsv").write_text(content, "utf-8")
    with pytest.raises(DataError, match=says):
        own_rows(folder / "own.tsv", profile, folder, manifest)


def test_a_missing_file_and_one_in_latin_1_are_refused(folder: Path, profile: Profile, manifest: Manifest) -> None:
    """Both with what to do."""
    with pytest.raises(DataError, match=r"nope\.tsv: no such file; give a labels file"):
        own_rows(folder / "nope.tsv", profile, folder, manifest)
    (folder / "own.tsv").write_bytes(OWN.replace("Zulu", "Zürich").encode("latin-1"))
    with pytest.raises(DataError, match=r"own\.tsv: is not valid UTF-8"):
        own_rows(folder / "own.tsv", profile, folder, manifest)


def test_rows_become_arrays(folder: Path, profile: Profile) -> None:
    """The truth of trigger is the joint event, that of a class its head's label; rows without weight stay out."""
    rows = read_source(folder, profile.sources[0], profile)
    for row in rows[:4]:
        row.weight = 2.0
    found = evidence(rows, _Lengths(), "trigger", profile, "scoring")
    assert found.score.tolist() == [len(row.text) / 100 for row in rows[:4]]
    assert found.truth.tolist() == [True, False, False, False]
    assert found.weight.tolist() == [2.0] * 4
    assert found.strata.tolist() == ["kw", "rest", "rest", "rest"]
    assert set(found.events.tolist()) == {"credit"}
    assert evidence(rows, _Lengths(), "urgency.high", profile, "scoring").truth.tolist() == [True, False, False, False]


def test_without_an_event_there_is_nothing_to_choose(folder: Path, profile: Profile) -> None:
    """All rows of one kind, no weight, no label: each is said."""
    rows = read_source(folder, profile.sources[0], profile)
    for row in rows:
        row.weight = float(row.targets["urgency"] != "high")
    with pytest.raises(ThresholdError, match=r"trigger: none of the 3 rows is positive: label more rows"):
        evidence(rows, _Lengths(), "trigger", profile, "scoring")
    for row in rows:
        row.weight = float(row.targets["sentiment"] == "negative")
    with pytest.raises(ThresholdError, match=r"trigger: none of the 2 rows is negative"):
        evidence(rows, _Lengths(), "trigger", profile, "scoring")
    with pytest.raises(ThresholdError, match=r"trigger: none of 1 rows has a weight and a label of trigger"):
        evidence([Row("1", "x", {}, weight=1.0)], _Lengths(), "trigger", profile, "scoring")


def test_an_unknown_score_is_answered_with_the_nearest(profile: Profile, manifest: Manifest) -> None:
    """The artefact's names count, and the profile has to have labels for them."""
    with pytest.raises(
        ThresholdError, match=r"--score urgency\.hihg: the artefact tiny .*did you mean 'urgency\.high'"
    ):
        check_score("urgency.hihg", manifest, profile)
    heads = (*manifest.heads, msgspec.structs.replace(manifest.heads[0], name="mood"))
    with pytest.raises(ThresholdError, match=r"--score mood: profile news has no such score"):
        check_score("mood", msgspec.structs.replace(manifest, heads=heads), profile)
    check_score("event.credit", manifest, profile)


@pytest.mark.realdata
def test_the_shipped_profile_has_rows_to_choose_on(real_data: Path) -> None:
    """Several hundred held-out rows of the news profile have a weight, and none is of the evaluation set."""
    profile = load_profile("news")
    rows = held_out(profile, real_data)
    judged = {row.id for row in read_source(real_data, profile.evaluation[0], profile)}
    assert len(rows) > 500
    assert {row.weight for row in rows} == {1.0, 10.75}
    assert not judged & {row.id for row in rows}
    assert (ARTIFACTS / profile.id).is_dir()
