"""Texts → named probabilities: tokenize, run, calibrate. The scorer that is evaluated is the one that serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from engine.errors import ArtifactError, ConfigError, ScoringError
from engine.scoring.manifest import Manifest, Precision, load_manifest, verified
from engine.scoring.session import NoGpuError, OnnxSession, Provider, precision_for
from engine.scoring.tokens import TextTokenizer
from engine.types import ModelRef, Scores

log = structlog.get_logger("scoring")
_WARM_UP = "Example Corp shares halted after auditor resigns"


class OnnxScorer:
    """One artefact at work. A text's scores depend on nothing but the text."""

    def __init__(self, manifest: Manifest, precision: Precision, tokenize: TextTokenizer, session: OnnxSession) -> None:
        variant = manifest.variants[precision]
        self.manifest, self.precision = manifest, precision
        self.model = ModelRef(manifest.id, manifest.files[variant.file].sha256[:16])
        self._tokenize, self._session = tokenize, session
        self._names, self._calibrations = manifest.scores, variant.calibration

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """One ``Scores`` per text, in order: every name of ``manifest.scores`` → probability."""
        if not texts:
            return []
        probabilities = self._calibrated(self._session.logits(self._tokenize(texts)))
        return [dict(zip(self._names, row, strict=True)) for row in probabilities.tolist()]

    def read(self, text: str) -> int:
        """How many characters of ``text`` the model reads; the rest lies behind ``max_tokens`` and changes nothing."""
        return self._tokenize.read(text)

    def warm_up(self) -> None:
        """Run once, so that the first item does not pay for lazy set-up."""
        self.score([_WARM_UP])

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        parts = []
        for head in self.manifest.heads:
            part = logits[:, head.start : head.start + head.width].astype(np.float64)
            calibration = self._calibrations.get(head.name)
            if calibration is not None:
                part = part * np.asarray(calibration.scale) + np.asarray(calibration.bias)
            parts.append(_softmax(part) if head.labels else 1.0 / (1.0 + np.exp(-part)))
        probabilities = np.concatenate(parts, axis=1)
        if not np.isfinite(probabilities).all():
            raise ScoringError("the model gave a score that is no number")
        return probabilities


def load_scorer(
    folder: Path, provider: Provider = "cpu", threads: int = 1, allow_cpu_fallback: bool = False
) -> OnnxScorer:
    """Open an artefact, every file checked against the manifest's hash.

    Args:
        folder: where ``manifest.json`` lies.
        provider: ``cpu`` (int8) or ``cuda`` (fp16).
        threads: of one inference on the CPU.
        allow_cpu_fallback: score on the CPU, with a warning, where CUDA cannot be had.

    Raises:
        ArtifactError: a file is missing or not what the manifest says.
        ConfigError: CUDA cannot be had and no fallback is allowed.
    """
    manifest = load_manifest(folder)
    try:
        scorer = open_scorer(folder, manifest, provider, threads)
    except NoGpuError as error:
        reason = f"model.provider: cuda: {error}"
        if not allow_cpu_fallback:
            raise ConfigError(f"{reason}; or set model.allow_cpu_fallback: true") from None
        log.warning("no GPU: scoring on the CPU, int8, slower", reason=reason)
        scorer = open_scorer(folder, manifest, "cpu", threads)
    try:
        scorer.warm_up()
    except Exception as error:  # Whatever goes wrong with a text of ours is the artefact's fault.
        raise ArtifactError(f"{folder}: does not run as its manifest says: {error}") from None
    return scorer


def open_scorer(
    folder: Path, manifest: Manifest, provider: Provider, threads: int, precision: Precision | None = None
) -> OnnxScorer:
    """The scorer, not warmed up; in the precision that the provider is served in unless another is asked for.

    Raises:
        ArtifactError: a file is missing or not what the manifest says.
        NoGpuError: ``provider`` is ``cuda`` and there is none.
    """
    precision = precision or precision_for(provider)
    if precision not in manifest.variants:
        raise ArtifactError(f"{folder}: has no {precision} variant, which provider {provider!r} needs")
    path = verified(folder, manifest, manifest.variants[precision].file)
    tokenize = TextTokenizer(verified(folder, manifest, manifest.tokenizer), manifest.max_tokens)
    try:
        session = OnnxSession(path, manifest.output, provider, threads)
    except NoGpuError:
        raise
    except Exception as error:  # ONNX Runtime's own classes share no base but Exception.
        raise ArtifactError(f"{path}: {error}") from None
    return OnnxScorer(manifest, precision, tokenize, session)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
