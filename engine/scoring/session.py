"""ONNX Runtime behind one call: token ids in, logits out. The provider is a detail below the scorer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from engine.scoring.manifest import Precision

Provider = Literal["cpu", "cuda"]
_CUDA = "CUDAExecutionProvider"


class NoGpuError(Exception):
    """CUDA was asked for and cannot be had; the message says why."""


def precision_for(provider: Provider) -> Precision:
    """int8 on the CPU; fp16 on CUDA, whose provider cannot run dynamic int8."""
    return "fp16" if provider == "cuda" else "int8"


class OnnxSession:
    """One ONNX Runtime session. ``logits`` may be called from several threads at once.

    On the CPU every text is a run of its own: dynamic int8 takes one activation scale per run, so a text
    in a batch would be scored by its batch-mates, too; and cost is linear in tokens from one row on, so
    unpadded rows lose nothing. On CUDA rows are padded to the longest and run together.

    Raises:
        NoGpuError: ``provider`` is ``cuda`` and there is none.
    """

    def __init__(self, path: Path, output: str, provider: Provider, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning threads win microseconds for this session and take them from everything else on the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider == "cuda" and _CUDA not in ort.get_available_providers():
            raise NoGpuError("this onnxruntime has no CUDA provider (install 'flashwire[gpu]', not [cpu])")
        providers = [_CUDA, "CPUExecutionProvider"] if provider == "cuda" else ["CPUExecutionProvider"]
        self._session = ort.InferenceSession(str(path), options, providers=providers)
        # Without a driver or a card ONNX Runtime takes the next provider and says so only in its own log.
        if provider == "cuda" and self._session.get_providers()[0] != _CUDA:
            raise NoGpuError("the CUDA provider finds no usable GPU (driver, CUDA 13 and cuDNN 9 are needed)")
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._types = {node.name: _NUMPY[node.type] for node in self._session.get_inputs()}
        self._output, self._rowwise = output, provider == "cpu"

    def logits(self, ids: Sequence[list[int]]) -> NDArray[np.float32]:
        """float32 [texts, logits of all heads]."""
        if self._rowwise:
            return np.concatenate([self._run([row]) for row in ids])
        return self._run(ids)

    def _run(self, rows: Sequence[list[int]]) -> NDArray[np.float32]:
        width = max(map(len, rows))
        input_ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(input_ids)
        for at, row in enumerate(rows):
            input_ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        feed: dict[str, Any] = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
        feed = {name: feed[name].astype(self._types[name], copy=False) for name in self._inputs}
        (logits,) = self._session.run([self._output], feed)
        return np.asarray(logits, dtype=np.float32)


_NUMPY: dict[str, type[np.generic]] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
