"""The artefact's manifest: the whole contract between the models that are trained and the engine that serves them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from engine.errors import ArtifactError

NAME = "manifest.json"
Precision = Literal["int8", "fp16", "fp32"]


class File(Struct, frozen=True):
    """One file of the artefact, with what it must hash to."""

    sha256: str
    bytes: int


class Head(Struct, frozen=True):
    """One head: its logits stand at ``start`` in the output; a binary head has no labels and one logit."""

    name: str
    start: int
    labels: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many logits the head has."""
        return len(self.labels) or 1

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of its scores: ``urgency.high``, or ``trigger`` for a binary head."""
        return tuple(f"{self.name}.{label}" for label in self.labels) or (self.name,)


class Calibration(Struct, frozen=True):
    """Per logit of a head: probability = softmax (sigmoid for a binary head) of ``scale * logit + bias``."""

    scale: tuple[float, ...]
    bias: tuple[float, ...]


class Variant(Struct, frozen=True):
    """One precision of the model: its file, and the calibration fitted to that very file."""

    file: str
    calibration: dict[str, Calibration]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in ``manifest.json``."""

    format: Literal[1]
    id: str
    profile: str
    licence: str
    max_tokens: int
    tokenizer: str
    output: str
    heads: tuple[Head, ...]
    variants: dict[Precision, Variant]
    files: dict[str, File]
    metrics: dict[str, Any] = {}
    data: list[dict[str, Any]] = []
    training: dict[str, Any] = {}

    @property
    def scores(self) -> tuple[str, ...]:
        """Every score's name, in the order of the heads."""
        return tuple(name for head in self.heads for name in head.scores)


def load_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json``.

    Raises:
        ArtifactError: it is missing, or not a manifest of this format.
    """
    path = folder / NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ArtifactError(f"{path}: no such file; give a folder that `python -m models build` wrote") from None
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: {error}") from None
    _check(path, manifest)
    return manifest


def _check(path: Path, manifest: Manifest) -> None:
    """What the types do not say: calibrations have one number per logit of a head that is there."""
    widths = {head.name: head.width for head in manifest.heads}
    for precision, variant in manifest.variants.items():
        for head, fitted in variant.calibration.items():
            if {len(fitted.scale), len(fitted.bias)} != {widths.get(head)}:
                raise ArtifactError(f"{path}: variants.{precision}.calibration.{head}: does not fit the heads")


def verified(folder: Path, manifest: Manifest, name: str) -> Path:
    """The path of one of the artefact's files, after its hash was compared with the manifest's.

    Raises:
        ArtifactError: the manifest does not list it, it is missing, or its hash differs.
    """
    path = folder / name
    known = manifest.files.get(name)
    if known is None:
        raise ArtifactError(f"{folder / NAME}: files: does not list {name!r}")
    if not path.is_file():
        raise ArtifactError(f"{path}: the manifest lists this file, and it is not there")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != known.sha256:
        raise ArtifactError(f"{path}: hash mismatch: sha256 is {found[:16]}…, the manifest says {known.sha256[:16]}…")
    return path
