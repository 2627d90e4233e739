"""The fused graph in 8 bits for CPU and in 16 for GPU.

int8 is dynamic: activations get their scale at run time, per tensor, so a row's result depends on what else is
in its run. It is served and judged one row per run.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnx
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from models.errors import ExportError

MAX_BYTES = 48_000_000
"""No file of the artefact may be larger, so that it can live in the repository."""

_WEIGHT = {"MatMulInteger": 1, "QAttention": 1}  # operator → which input holds its weights
_TABLE = {"QEmbedLayerNormalization": 2}


def to_int8(fused: Path, path: Path) -> Path:
    """Dynamic int8, weights per channel: uint8 activations by int8 weights is the pair that VNNI and AMX run.

    After fusion the types of contrib operators' outputs are unknown, and the quantizer skips what it cannot
    type; ``DefaultTensorType`` tells it that they are floats. Per channel costs no time and halves the error.

    Raises:
        ExportError: a product with weights is left in floats, or the file is too large.
    """
    logging.getLogger().setLevel(logging.ERROR)  # It advises a pre-processing that would undo the fusions.
    options = {"DefaultTensorType": TensorProto.FLOAT}
    quantize_dynamic(fused, path, per_channel=True, weight_type=QuantType.QInt8, extra_options=options)
    check_int8(path)
    return _small_enough(path)


def to_fp16(fused: Path, path: Path) -> Path:
    """fp16 between fp32 outputs and integer inputs, for the CUDA provider, which cannot run dynamic int8.

    Raises:
        ExportError: the file is too large.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of each weight below 1e-7, which becomes 1e-7.
        onnx.save(convert_float_to_float16(onnx.load(fused), keep_io_types=True), path)
    return _small_enough(path)


def check_int8(path: Path) -> None:
    """Look into the graph: int8 weights in every product, 8-bit embedding tables, no product left in floats.

    Raises:
        ExportError: one of them is not so; the message names the node.
    """
    graph = onnx.load(path).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for node in graph.node:
        where = f"{path}: {node.op_type} {node.name!r}"
        if node.op_type in _WEIGHT and types.get(node.input[_WEIGHT[node.op_type]]) != TensorProto.INT8:
            raise ExportError(f"{where}: its weights are not int8")
        if node.op_type in _TABLE and types.get(node.input[_TABLE[node.op_type]]) != TensorProto.UINT8:
            raise ExportError(f"{where}: its embedding table is not in 8 bits")
        if node.op_type in ("MatMul", "Gemm", "Attention", "EmbedLayerNormalization"):
            raise ExportError(f"{where}: left in floats by the quantizer")


def _small_enough(path: Path) -> Path:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ExportError(f"{path}: {size:,} bytes; at most {MAX_BYTES:,} may be shipped")
    return path
