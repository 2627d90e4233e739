"""Tiny data files and a tiny profile, so that the offline half is tested without the real ones and without torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.profile import PROFILES, Encoder, Profile, load_profile

REPOSITORY = Path(__file__).resolve().parents[2]
LABELS = """\
id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc
wire-1\twire\tkw\tAcme cuts "full year" outlook after plant fire\thigh\tnegative\tguidance\t2015-08-03 12:00
wire-2\twire\trest\tBravo opens a second shop in Lyon\tlow\tneutral\tother\t2015-11-03 12:00
arp-3\tarp\trest\tCharlie Corp keeps its dividend unchanged\tmedium\tneutral\tcapital\t
arp-4\tarp\trest\tUPDATE 2-Charlie Corp keeps its dividend unchanged\tmedium\tneutral\tcapital\t
tfns-5\ttfns\tkw\tDelta Air soars on record profit\thigh\tpositive\tearnings\t
wire-6\twire\tkw\tEcho Bank probed over loans to its own chairman\thigh\tnegative\tlegal_regulatory\t2015-09-01 08:00
"""
WIREDEV = """\
id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc
dev-1\twire\tkw\tEcho Bank probed over loans to own chairman\thigh\tnegative\tlegal_regulatory\t
"""
TFNS = 'text,label\n"Delta Air soars on record profit https://example.com/x",1\n$FOX falls on weak outlook,0\n'
SENTFIN = """\
S No.,Title,Decisions,Words
1,Golf Ltd rallies,"{'Golf Ltd': 'positive'}",3
2,"Hotel's shares sink","{'Hotel's': 'negative'}",3
3,India up and Juliet down,"{'India': 'positive', 'Juliet': 'negative'}",5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a handful of made-up rows."""
    (tmp_path / "labels.tsv").write_text(LABELS, "utf-8")
    (tmp_path / "wiredev.tsv").write_text(WIREDEV, "utf-8")
    (tmp_path / "tfns.csv").write_text(TFNS, "utf-8")
    (tmp_path / "sentfin.csv").write_text(SENTFIN, "utf-8")
    return tmp_path


@pytest.fixture
def fields() -> dict[str, Any]:
    """The news profile's fields, with sources that point to the tiny files; change them and load them."""
    found: dict[str, Any] = yaml.safe_load((PROFILES / "news.yaml").read_text("utf-8"))
    skip = {"skip_months": ["2015-11"], "unlicensed": ["wire"]}
    found["sources"] = [
        {"name": "labels", "file": "labels.tsv", "format": "labels", "licence": "made up", **skip},
        {"name": "tfns", "file": "tfns.csv", "format": "tfns", "licence": "MIT"},
        {"name": "sentfin", "file": "sentfin.csv", "format": "sentfin"},
    ]
    found["evaluation"] = [{"name": "wiredev", "file": "wiredev.tsv", "format": "labels"}]
    return found


@pytest.fixture
def load(tmp_path: Path) -> Callable[[dict[str, Any]], Profile]:
    """Write a profile's fields as YAML and load it by its path, as the command line does."""

    def written(fields: dict[str, Any]) -> Profile:
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(fields, sort_keys=False), "utf-8")
        return load_profile(str(path))

    return written


@pytest.fixture
def profile(fields: dict[str, Any], load: Callable[[dict[str, Any]], Profile]) -> Profile:
    """The tiny profile, loaded."""
    return load(fields)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data folder; skips where it is absent."""
    path = Path(os.environ.get("FLASHWIRE_DATA", REPOSITORY.parent / "shared"))
    if not (path / "labels").is_dir():
        pytest.skip(f"no data folder at {path}; set FLASHWIRE_DATA")
    return path


@pytest.fixture
def tiny_model() -> Callable[..., Any]:
    """Makes models with two random layers instead of the pre-trained encoder: all that training does, in seconds."""
    transformers = pytest.importorskip("transformers", reason="needs the training extra")
    from models.network import NewsModel

    def new_model(encoder: Encoder, outputs: dict[str, int], embedding: int = 0) -> NewsModel:
        sizes = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
        config = transformers.BertConfig(attn_implementation="eager", **sizes)
        config.outputs, config.embedding = outputs, embedding
        return NewsModel(config)

    return new_model
