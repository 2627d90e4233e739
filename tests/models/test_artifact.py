"""The shipped artefact: its files are what the manifest says, its graph is 8 bits and fused, its figures hold."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.scoring.manifest import Manifest, load_manifest, verified
from engine.scoring.scorer import OnnxScorer, load_scorer
from models.data import read_source
from models.evaluate import Report, evaluate
from models.profile import ARTIFACTS, load_profile

FOLDER = Path(os.environ.get("FLASHWIRE_ARTIFACT", ARTIFACTS / "news"))
_MOST = 48_000_000  # bytes, so that the file can live in the repository
_LAYERS = 6
_TEXTS = [
    "Acme cuts full-year guidance, shares halted",
    "Five stocks to watch this week",
    "UPDATE 1-Regulator approves Bravo's takeover of Charlie for $2.1 billion in cash, deal to close within days",
]


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The shipped manifest."""
    return load_manifest(FOLDER)


@pytest.fixture(scope="module")
def scorer() -> OnnxScorer:
    """The shipped int8 file in the engine's scorer."""
    return load_scorer(FOLDER)


@pytest.fixture(scope="module")
def graph() -> Any:
    """The int8 file's graph; skips where the onnx package is absent."""
    onnx = pytest.importorskip("onnx", reason="needs the onnx package to look into the graph")
    return onnx.load(FOLDER / load_manifest(FOLDER).variants["int8"].file).graph


def test_every_file_is_what_the_manifest_says(manifest: Manifest) -> None:
    """Hash and size of each listed file match, each is small enough to ship, and no stray file lies beside them."""
    for name, known in manifest.files.items():
        assert verified(FOLDER, manifest, name).stat().st_size == known.bytes <= _MOST
    assert {path.name for path in FOLDER.iterdir()} == {*manifest.files, "manifest.json"}


def test_the_artefact_is_of_its_profile(manifest: Manifest) -> None:
    """Heads and labels stand as the profile declares them, in both precisions, each head calibrated."""
    profile = load_profile(manifest.profile)
    assert [(head.name, list(head.labels)) for head in manifest.heads] == [
        (name, spec.labels) for name, spec in profile.heads.items()
    ]
    assert set(manifest.variants) == {"int8", "fp16"}
    for variant in manifest.variants.values():
        assert set(variant.calibration) == set(profile.heads)


def test_the_manifest_says_where_the_weights_come_from(manifest: Manifest) -> None:
    """Who labelled, which text has no stated licence, and each data file's hash and licence are written down."""
    notes = " ".join(manifest.training["notes"])
    assert "language model" in notes
    assert "not redistributed" in notes
    assert all(len(source["sha256"]) == 64 for source in manifest.data)
    assert any(part.get("licence") == "none stated" for part in manifest.data[0]["datasets"].values())


def test_the_weights_are_8_bits(graph: Any) -> None:
    """Every product has int8 weights and every embedding table 8 bits; no product is left in floats."""
    from onnx import TensorProto

    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        assert node.op_type not in {"MatMul", "Gemm", "Attention", "EmbedLayerNormalization"}, node.name
        if node.op_type in {"MatMulInteger", "QAttention"}:
            assert types[node.input[1]] == TensorProto.INT8, node.name
        if node.op_type == "QEmbedLayerNormalization":
            assert types[node.input[2]] == TensorProto.UINT8, node.name


def test_the_graph_is_fused(graph: Any) -> None:
    """One embedding, six attentions, twelve normalizations and six activations, each a single operator."""
    counts = Counter(node.op_type for node in graph.node)
    assert counts["QEmbedLayerNormalization"] == 1
    assert counts["QAttention"] == _LAYERS
    assert counts["SkipLayerNormalization"] == 2 * _LAYERS
    assert counts["BiasGelu"] == _LAYERS


def test_a_score_does_not_depend_on_its_batch_mates(scorer: OnnxScorer) -> None:
    """A text alone and the same text among others get the very same probabilities."""
    assert scorer.score(_TEXTS) == [scorer.score([text])[0] for text in _TEXTS]


def test_probabilities_of_each_head_sum_to_one(scorer: OnnxScorer, manifest: Manifest) -> None:
    """Every score is a probability, and a head's labels share one unit."""
    for scores in scorer.score(_TEXTS):
        assert all(0 <= value <= 1 for value in scores.values())
        for head in manifest.heads:
            assert sum(scores[name] for name in head.scores) == pytest.approx(1) or not head.labels


@pytest.fixture(scope="module")
def report(scorer: OnnxScorer, real_data: Path) -> Report:
    """The int8 file judged on wiredev, one row per run."""
    profile = load_profile("news")
    return evaluate(scorer, read_source(real_data, profile.evaluation[0], profile), profile)


@pytest.mark.realdata
def test_the_floors_hold_on_headlines_it_never_saw(report: Report) -> None:
    """Macro-F1 of the shipped int8 file on wiredev reaches every floor of the profile."""
    for head, floor in load_profile("news").floors.items():
        assert report[head]["macro_f1"] >= floor, head


@pytest.mark.realdata
def test_the_manifest_tells_the_truth_about_its_figures(report: Report, manifest: Manifest) -> None:
    """The figures in the manifest are those measured here, up to another processor's int8 rounding."""
    claimed = manifest.metrics["wiredev"]["int8"]
    for head in load_profile("news").floors:
        assert report[head]["macro_f1"] == pytest.approx(claimed[head]["macro_f1"], abs=0.02), head
    assert report["trigger"]["average_precision"] == pytest.approx(claimed["trigger"]["average_precision"], abs=0.04)
