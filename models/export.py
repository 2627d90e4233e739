"""The trained model as one fused fp32 ONNX graph: optimum exports it, ONNX Runtime's optimizer fuses it.

Eager attention and the TorchScript exporter (which optimum-onnx 0.1.0 chooses) give a graph that the optimizer
recognises. Where it recognises nothing it says nothing, so the counts of fused operators are checked here.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.transformers import optimizer
from optimum.exporters.onnx import export as optimum_export
from optimum.exporters.onnx.model_configs import BertOnnxConfig
from tokenizers import Tokenizer
from transformers import BertConfig

from engine.scoring.session import OnnxSession
from models.errors import ExportError
from models.network import NewsModel, cut, logits
from models.profile import Profile

OUTPUT = "logits"
_OPSET = 17  # The first with LayerNormalization as one operator, and what the fusions are known to match.
_TOLERANCE = 1e-4
_SAMPLES = [
    "Halted.",
    "ACME CUTS FULL-YEAR GUIDANCE, SHARES FALL 12%",
    "UPDATE 2-Regulator opens criminal probe into Example Bank's accounts; chief executive leaves at once",
    (
        "Press release: Sample Corp invites you to its webinar on the future of supply chains in the Nordic countries, "
        "with speakers from industry, research and politics, on the second Tuesday of next month, registration is free"
    ),
]


class _NewsOnnxConfig(BertOnnxConfig):
    """ids and mask in, all heads' logits out. Token types are constant zeros inside the graph."""

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        axes = {0: "batch", 1: "tokens"}
        return {"input_ids": axes, "attention_mask": axes}

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        return {OUTPUT: {0: "batch"}}


def export(model: NewsModel, profile: Profile, tokenizer: Tokenizer, path: Path) -> Path:
    """Write the product heads' fused fp32 graph to ``path``: int64 [batch, tokens] twice → float32 [batch, logits].

    Outputs that only training uses (``sentiment@…``) are cut off first.

    Raises:
        ExportError: the graph did not fuse as it must, or does not compute what torch computes.
    """
    product = cut(model, {head: len(profile.classes(head)) for head in profile.heads})
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = path.with_suffix(".raw.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The tracer warns of constants that are constant here.
        optimum_export(product, _NewsOnnxConfig(product.config, task="text-classification"), raw, opset=_OPSET)
    fuse(raw, path, product.config)
    raw.unlink()
    check_agrees(product, path, tokenizer)
    return path


def fuse(raw: Path, path: Path, config: BertConfig) -> None:
    """Replace the encoder's small operators by ONNX Runtime's fused ones.

    Raises:
        ExportError: the counts of fused operators are not those of this encoder.
    """
    logging.getLogger("onnxruntime.transformers").setLevel(logging.ERROR)
    fused = optimizer.optimize_model(
        str(raw), "bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, opt_level=0
    )
    fused.save_model_to_file(str(path))
    check_fused(path, config.num_hidden_layers)


def check_fused(path: Path, layers: int) -> None:
    """Compare the counts of fused operators with what ``layers`` encoder layers must give.

    Raises:
        ExportError: they differ; the message gives both.
    """
    found = Counter(node.op_type for node in onnx.load(path).graph.node)
    want = {
        "EmbedLayerNormalization": 1,
        "Attention": layers,
        "SkipLayerNormalization": 2 * layers,
        "BiasGelu": layers,
    }
    have = {name: found[name] for name in want}
    if have != want:
        raise ExportError(
            f"{path}: not fused as it must be: found {have}, expected {want}; export with eager attention"
        )


def check_agrees(model: NewsModel, path: Path, tokenizer: Tokenizer) -> None:
    """Compare the graph with torch on a few texts of different lengths, and on all of them padded to one batch.

    Raises:
        ExportError: a logit differs by more than 1e-4.
    """
    expected = logits(model, tokenizer, _SAMPLES)
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(_SAMPLES)]
    one_by_one = OnnxSession(path, OUTPUT, "cpu", threads=1).logits(ids)
    for how, found in (("one by one", one_by_one), ("as a padded batch", _padded(path, ids))):
        worst = float(np.abs(found - expected).max())
        if worst > _TOLERANCE:
            raise ExportError(f"{path}: {how}, a logit is {worst:.2g} off what torch computes; allowed {_TOLERANCE}")


def _padded(path: Path, ids: list[list[int]]) -> np.ndarray:
    """The logits of all rows in one run: what the CUDA provider will be asked for."""
    width = max(map(len, ids))
    rows = np.array([row + [0] * (width - len(row)) for row in ids])
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in ids])
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([OUTPUT], {"input_ids": rows, "attention_mask": mask})[0])
