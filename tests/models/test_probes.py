"""Probes: what is asked, what counts as right, which file is refused; and the shipped model under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.scoring.scorer import OnnxScorer, load_scorer
from engine.types import Scores
from models.commands import judge, options
from models.errors import ProbesError
from models.probe import probe, try_probes
from models.probe_set import Probe, ProbeSet, load_probes, read_probes
from models.profile import ARTIFACTS, Profile, load_profile

Load = Callable[[dict[str, Any]], Profile]


class Credulous:
    """Takes every "fraud" for an urgent, bad thing, unless Beta is named; all else is low and neutral."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Scores of urgency, sentiment and trigger; event is always ``other``."""
        return [self._one("fraud" in text and "Beta" not in text) for text in texts]

    def _one(self, alarmed: bool) -> Scores:
        most, least = (0.9, 0.05) if alarmed else (0.05, 0.9)
        return {
            "urgency.low": least,
            "urgency.medium": 0.05,
            "urgency.high": most,
            "sentiment.negative": most,
            "sentiment.neutral": least,
            "sentiment.positive": 0.05,
            "event.other": 1.0,
            "trigger": most,
        }


@pytest.fixture(scope="module")
def shipped() -> OnnxScorer:
    """The scorer that serves."""
    return load_scorer(ARTIFACTS / "news")


def test_a_probe_passes_where_every_head_is_right() -> None:
    """Counted by probe, by head and by kind; the joint event's answer follows from the labels of the others."""
    bad = {"urgency": "high", "sentiment": "negative"}
    probes = ProbeSet(
        version=1,
        profile="news",
        probes=[
            Probe("plain", "Acme charged with fraud", bad),
            Probe("negation", "No fraud at Acme", {"urgency": "medium", "sentiment": "positive"}),
            Probe("plain", "Acme opens a shop", {"urgency": "low"}),
        ],
    )
    found = try_probes(Credulous(), load_profile("news"), probes)
    assert (found["probes"], found["passed"]) == (3, 2)
    assert found["kinds"] == {"plain": {"passed": 2, "of": 2}, "negation": {"passed": 0, "of": 1}}
    assert found["heads"] == {
        "urgency": {"passed": 2, "of": 3},
        "sentiment": {"passed": 1, "of": 2},
        "trigger": {"passed": 1, "of": 2},
    }
    wrong = [a for a in found["all"][1]["heads"] if a["head"] == "trigger"]
    assert wrong == [{"head": "trigger", "expected": "no", "found": "yes", "probability": 0.9, "passed": False}]


def test_a_name_that_changes_a_label_is_found() -> None:
    """Per head: the lowest and highest probability of the commonest label, with their names, and who differs."""
    probes = ProbeSet(version=1, profile="news", probes=[], names=["Acme", "Beta", "Gamma"], swaps=["{} fraud"])
    (one,) = try_probes(Credulous(), load_profile("news"), probes)["swaps"]
    urgency, _, event, trigger = one["heads"]
    assert not one["passed"]
    assert urgency["label"] == "urgency.high"
    assert urgency["others"] == ["Beta"]
    assert urgency["lowest"] == {"name": "Beta", "probability": 0.05}
    assert urgency["highest"]["probability"] == 0.9
    assert event["passed"]
    assert (trigger["label"], trigger["others"]) == ("trigger", ["Beta"])


def test_a_profile_without_probes_has_none(fields: dict[str, Any], load: Load) -> None:
    """No file, no probes, no error."""
    profile = load(fields | {"id": "unheard"})
    assert load_probes(profile) is None
    assert probe(Credulous(), profile) == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"probes": [{"kind": "x", "text": "t", "expect": {"urgency": "hgih"}}]},
            "expect.urgency: unknown label 'hgih'",
        ),
        ({"probes": [{"kind": "x", "text": "t", "expect": {"mood": "bad"}}]}, "expect.mood: unknown label 'bad'"),
        ({"probes": [{"kind": "x", "text": "t", "expect": {"trigger": "yes"}}]}, "binary heads follow from the others"),
        ({"probes": [{"kind": "x", "text": "t"}]}, "missing required field `expect` - at `$.probes[0]`"),
        ({"probes": [], "names": ["Acme"], "swaps": ["{} up"]}, "needs {} once for the name, and two names or more"),
        ({"probes": [], "names": ["Acme", "Beta"], "swaps": ["up"]}, "swaps[0]: needs {} once"),
        ({"probes": [], "surprise": 1}, "unknown field `surprise`"),
    ],
)
def test_a_mistake_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    """The message names the file, the probe and what is known."""
    path = tmp_path / "news.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "profile": "news"} | change), "utf-8")
    with pytest.raises(ProbesError) as raised:
        read_probes(path, load_profile("news"))
    assert str(raised.value).startswith(f"{path}: ")
    assert says in str(raised.value)


def test_the_news_probes_are_of_use(shipped: OnnxScorer) -> None:
    """Thirty headlines and more, of ten kinds and more, none twice; the plain ones are no riddle to what ships."""
    probes = load_probes(load_profile("news"))
    assert probes is not None
    assert 30 <= len({one.text for one in probes.probes}) == len(probes.probes) <= 50
    assert len({one.kind for one in probes.probes}) >= 10
    assert all(one.expect for one in probes.probes)
    found = probe(shipped, load_profile("news"))
    assert found["kinds"]["plain"]["passed"] == found["kinds"]["plain"]["of"]
    assert found["probes"] == len(probes.probes)


def test_the_command_prints_each(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m models probes`` shows every headline with pass or what was expected and found."""
    monkeypatch.setattr(options.console, "width", 250)
    judge.probes_command()
    shown = capsys.readouterr().out
    assert "probes pass on every head" in shown
    assert "Harrow Mining files for bankruptcy protection" in shown
    assert ", expected " in shown
    assert "the name alone is changed" in shown
