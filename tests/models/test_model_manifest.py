"""What the offline half writes, the engine reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ArtifactError
from engine.scoring.manifest import Calibration, Manifest, Variant, load_manifest, verified
from models.data import split
from models.manifest import data_of, file_of, heads_of, rounded, write_manifest
from models.profile import Profile


def _written(profile: Profile, folder: Path) -> Manifest:
    (folder / "model.int8.onnx").write_bytes(b"weights")
    manifest = Manifest(
        format=1,
        id=profile.model,
        profile=profile.id,
        licence="Apache-2.0",
        max_tokens=96,
        tokenizer="tokenizer.json",
        output="logits",
        heads=heads_of(profile),
        variants={"int8": Variant("model.int8.onnx", {"trigger": Calibration((0.5,), (-0.25,))})},
        files={"model.int8.onnx": file_of(folder / "model.int8.onnx")},
        metrics={"wiredev": {"int8": {"urgency": {"macro_f1": 0.8}}}},
    )
    write_manifest(folder, manifest)
    return manifest


def test_a_manifest_comes_back_as_it_was_written(profile: Profile, tmp_path: Path) -> None:
    """Writing and the engine's reading are inverse, calibration to the last bit."""
    written = _written(profile, tmp_path)
    assert load_manifest(tmp_path) == written


def test_the_engine_refuses_a_file_that_changed_after_the_build(profile: Profile, tmp_path: Path) -> None:
    """The hash in the manifest is the file's own: one more byte and the engine will not serve it."""
    manifest = _written(profile, tmp_path)
    assert verified(tmp_path, manifest, "model.int8.onnx") == tmp_path / "model.int8.onnx"
    (tmp_path / "model.int8.onnx").write_bytes(b"weights!")
    with pytest.raises(ArtifactError, match="hash mismatch"):
        verified(tmp_path, manifest, "model.int8.onnx")


def test_heads_stand_side_by_side_without_a_gap(profile: Profile) -> None:
    """Each head starts where the one before ends; the binary head comes with one logit and its own name."""
    heads = heads_of(profile)
    assert [(head.name, head.start, head.width) for head in heads] == [
        ("urgency", 0, 3),
        ("sentiment", 3, 3),
        ("event", 6, 16),
        ("trigger", 22, 1),
    ]
    assert heads[-1].scores == ("trigger",)


def test_the_data_section_says_what_was_learnt_from(folder: Path, profile: Profile) -> None:
    """Rows per source and per data set, with the licence, or that none is stated; evaluation sets say so."""
    labels, tfns, sentfin, wiredev = data_of(profile, folder, split(profile, folder))
    assert labels["datasets"]["wire"] == {"rows": 1, "licence": "none stated"}
    assert labels["datasets"]["arp"] == {"rows": 1}
    assert tfns["rows"]["train"] + tfns["rows"]["held_out"] == 2
    assert sentfin["licence"] == "none stated"
    assert (wiredev["use"], wiredev["rows"]) == ("evaluation only", 1)
    assert labels["sha256"] == file_of(folder / "labels.tsv").sha256


def test_metrics_are_cut_to_four_decimals() -> None:
    """Only floats change, at any depth."""
    assert rounded({"a": [0.123456, 3], "b": {"c": (1 / 3, "x")}}) == {"a": [0.1235, 3], "b": {"c": [0.3333, "x"]}}
