"""The shipped artefact, opened once, and copies of it that may be damaged."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import ROOT
from engine.scoring.scorer import OnnxScorer, load_scorer

ARTIFACT = ROOT / "models/artifacts/news"
Copied = Callable[..., Path]


@pytest.fixture(scope="session")
def scorer() -> OnnxScorer:
    """The shipped int8 model."""
    return load_scorer(ARTIFACT)


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Links the artefact into a folder of its own; the manifest is a file, after ``change`` was made to it."""

    def copy(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
        for path in ARTIFACT.iterdir():
            if path.name != "manifest.json":
                os.symlink(path, tmp_path / path.name)
        manifest = json.loads((ARTIFACT / "manifest.json").read_bytes())
        change(manifest)
        (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        return tmp_path

    return copy
