"""The model card: generated, never stale, complete; other profiles, newer manifests and odd text do not break it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.scoring.manifest import Manifest, load_manifest
from models.card import card, card_of, place_of
from models.errors import CardError
from models.figures import figures_table, markdown_table, named, plain, shown
from models.probe_set import load_probes
from models.profile import ARTIFACTS, HeadSpec, Profile, load_profile
from models.prose import Prose, load_prose

Load = Callable[[dict[str, Any]], Profile]
PROBES = {
    "probes": 1,
    "passed": 0,
    "heads": {"urgency": {"passed": 0, "of": 1}},
    "kinds": {"negation": {"passed": 0, "of": 1}},
    "all": [
        {
            "kind": "negation",
            "text": "Acme | Beta *not* bankrupt",
            "passed": False,
            "heads": [{"head": "urgency", "expected": "low", "found": "high", "probability": 0.91, "passed": False}],
        }
    ],
    "swaps": [],
}


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The shipped manifest."""
    return load_manifest(ARTIFACTS / "news")


@pytest.fixture(scope="module")
def committed() -> str:
    """The card in the repository."""
    return place_of(load_profile("news")).read_text("utf-8")


def test_the_committed_card_is_what_the_manifest_gives(committed: str) -> None:
    """Whoever replaces the artefact, the probes or the prose runs `python -m models card` and commits the result."""
    assert committed == card_of(ARTIFACTS / "news", load_profile("news")), "run `python -m models card`"


def test_every_file_and_licence_is_named(committed: str, manifest: Manifest) -> None:
    """Each data file and each file of the artefact with its whole hash, every licence, and who made the labels."""
    assert all(one["sha256"] in committed and one["file"] in committed for one in manifest.data)
    assert all(file.sha256 in committed for file in manifest.files.values())
    assert re.search(r"\| `labels` \| `wire` \| [\d,]+ \| none stated \|", committed)
    assert "made by a large language model" in committed
    assert "No human has verified them" in committed
    assert all(plain(note) in committed for note in manifest.training["notes"])


def test_every_failed_probe_is_named(committed: str) -> None:
    """The card's table has the failures in full, and how many probes there are."""
    probes = load_probes(load_profile("news"))
    assert probes is not None
    assert f"{len(probes.probes)} headlines written for its weak spots" in committed
    section = committed.partition("## Known failures")[2].partition("\n## ")[0]
    assert "What it gets wrong:" in section
    assert "**The name alone.**" in section


def test_the_tables_are_tables(committed: str) -> None:
    """Every row of a table has as many cells as its header."""
    widths = [len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in committed.splitlines()]
    assert all(here == after for here, after in itertools.pairwise(widths) if here and after)
    assert "None" not in committed
    assert not re.search(r"\n## [^\n]+\n+(?=## |\Z)", committed)


def test_another_profile_leaves_out_what_it_does_not_have(
    manifest: Manifest, fields: dict[str, Any], load: Load
) -> None:
    """A manifest of one head, without metrics, training or prose: no heading without text, no word of urgency."""
    heads = {"mood": HeadSpec(labels=["calm", "angry"])}
    profile = msgspec.structs.replace(
        load(fields), id="moods", model="moods-minilm", heads=heads, floors={}, costs=None, notes=[]
    )
    bare = msgspec.structs.replace(
        manifest, id="moods-minilm", profile="moods", heads=(manifest.heads[0],), metrics={}, data=[], training={}
    )
    bare = msgspec.structs.replace(
        bare, heads=(msgspec.structs.replace(bare.heads[0], name="mood", labels=("calm", "angry")),)
    )
    found = card(bare, profile, load_prose("moods"), {})
    assert re.findall(r"^## (.+)$", found, re.MULTILINE) == ["Model details", "Outputs", "Files and hashes"]
    assert "urgen" not in found
    assert "None" not in found
    assert place_of(profile).name == "model-card-moods.md"


def test_figures_of_a_newer_build_are_shown(manifest: Manifest) -> None:
    """Unknown figures, slices and sections come out under their own names; data for plots does not."""
    metrics = {
        "wiredev": {"int8": {"urgency": {"macro_f1": 0.5, "slices": {"source": {"reuters": {"macro_f1": 0.25}}}}}},
        "thresholds": {"trigger": {"at": 0.4321, "interval_95": [0.4, 0.5], "curve": [[0.1, 0.2]] * 40}},
        "flips": 0.0123,
    }
    found = card(msgspec.structs.replace(manifest, metrics=metrics), load_profile("news"), Prose(), PROBES)
    assert "| `urgency` | slices · source · reuters · macro-F1 | 0.2500 |" in found
    assert "### thresholds" in found
    assert "| trigger · at | 0.4321 |" in found
    assert "| trigger · 95% interval | 0.4000 to 0.5000 |" in found
    assert "0.1000, 0.2000" not in found
    assert "| flips | 0.0123 |" in found


def test_foreign_text_stays_in_its_cell(manifest: Manifest) -> None:
    """A headline with a bar or a star is shown as it is."""
    found = card(manifest, load_profile("news"), Prose(), PROBES)
    assert r"| negation | Acme \| Beta \*not\* bankrupt | `urgency` | `low` | `high` (0.91) |" in found


@pytest.mark.parametrize(
    ("key", "value", "name", "text"),
    [
        ("macro_f1", 0.83061, "macro-F1", "0.8306"),
        ("recall_at_80_precision", 0.5, "recall at 80% precision", "0.5000"),
        ("interval_90", (0.1, 0.2), "90% interval", "0.1000 to 0.2000"),
        ("positives", 1234, "positives", "1,234"),
        ("learning_rate", 8e-05, "learning rate", "8e-05"),
        ("ok", True, "ok", "yes"),
        ("labels", ["a", "b_c"], "labels", r"a, b\_c"),
    ],
)
def test_figures_read_as_words(key: str, value: object, name: str, text: str) -> None:
    """Keys become words, numbers keep what they can claim."""
    assert (named(key), shown(value)) == (name, text)


def test_a_table_says_what_it_leaves_out() -> None:
    """Sixty rows at most, and how many more there are; no rows, no table."""
    assert figures_table({f"f{n}": n for n in range(70)}).endswith("10 more stand in the manifest.")
    assert markdown_table(("a",), []) == ""


def test_prose_with_a_mistake_is_refused(tmp_path: Path) -> None:
    """The message names the file and the fields that there are."""
    (tmp_path / "news.yaml").write_text("version: 1\nlimts: [x]\n", "utf-8")
    with pytest.raises(CardError, match=r"news\.yaml: .*unknown field `limts`.*; fields: version, profile, "):
        load_prose("news", tmp_path)
