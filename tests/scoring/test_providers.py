"""Where the model runs: what is asked for, what can be had, and which precision that means."""

from __future__ import annotations

import onnxruntime
import pytest
from structlog.testing import capture_logs

from engine.errors import ConfigError
from engine.scoring.scorer import OnnxScorer, load_scorer
from engine.scoring.session import precision_for
from tests.scoring.conftest import ARTIFACT

no_cuda = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this onnxruntime has CUDA"
)
HEADLINE = "Acme cuts its forecast, shares halted"


def test_the_cpu_can_always_be_had() -> None:
    """CPU means int8, and nothing is logged."""
    with capture_logs() as logs:
        assert load_scorer(ARTIFACT).precision == "int8"
    assert logs == []
    assert (precision_for("cpu"), precision_for("cuda")) == ("int8", "fp16")


def test_a_provider_that_finds_no_card_is_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ONNX Runtime lists CUDA and then runs on the CPU, that is noticed and not taken for a GPU."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(ConfigError, match="no usable GPU"):
        load_scorer(ARTIFACT, provider="cuda")


@no_cuda
def test_cuda_without_a_gpu_is_refused() -> None:
    """The message names the key and both mends."""
    with pytest.raises(ConfigError) as raised:
        load_scorer(ARTIFACT, provider="cuda")
    message = str(raised.value)
    assert message.startswith("model.provider: cuda: ")
    assert "flashwire[gpu]" in message
    assert "set model.allow_cpu_fallback: true" in message


@no_cuda
def test_cuda_without_a_gpu_may_fall_back(scorer: OnnxScorer) -> None:
    """Where it is allowed the CPU scores, int8, with one warning; the scores are those of the CPU."""
    with capture_logs() as logs:
        fallen = load_scorer(ARTIFACT, provider="cuda", allow_cpu_fallback=True)
    ((level, reason),) = [(entry["log_level"], entry["reason"]) for entry in logs]
    assert level == "warning"
    assert reason.startswith("model.provider: cuda: ")
    assert (fallen.precision, fallen.model) == ("int8", scorer.model)
    assert fallen.score([HEADLINE]) == scorer.score([HEADLINE])


def test_more_threads_change_no_more_than_rounding(scorer: OnnxScorer) -> None:
    """Two threads an inference give the same scores to within a ten-thousandth."""
    (one,), (two,) = scorer.score([HEADLINE]), load_scorer(ARTIFACT, threads=2).score([HEADLINE])
    assert two == pytest.approx(one, abs=1e-4)
