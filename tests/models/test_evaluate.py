"""Judging goes through the scorer's interface, one row per call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from engine.scoring.manifest import load_manifest
from engine.types import Scores
from models.data import Row, read_source
from models.errors import ProfileError
from models.evaluate import check_fits, evaluate, per_class, summary
from models.profile import ARTIFACTS, Profile, load_profile


class _Sure:
    """A scorer that says the same of every text, and remembers how many came at once."""

    def __init__(self, profile: Profile, says: dict[str, str]) -> None:
        self.calls: list[int] = []
        self._scores = {"trigger": 0.9}
        for head, label in says.items():
            labels = profile.classes(head)
            rest = 0.1 / (len(labels) - 1)
            self._scores |= {f"{head}.{name}": 0.9 if name == label else rest for name in labels}

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.calls.append(len(texts))
        return [self._scores for _ in texts]


@pytest.fixture
def rows(folder: Path, profile: Profile) -> list[Row]:
    """The six labelled rows: three high, of which two negative."""
    return read_source(folder, profile.sources[0], profile)


def test_every_head_is_judged_on_its_own_rows(rows: list[Row], profile: Profile) -> None:
    """A scorer that always says high, negative and trigger is right in three, two and two of six rows."""
    found = evaluate(_Sure(profile, {"urgency": "high", "sentiment": "negative", "event": "other"}), rows, profile)
    assert found["urgency"]["accuracy"] == pytest.approx(3 / 6)
    assert found["sentiment"]["accuracy"] == pytest.approx(2 / 6)
    assert found["event"]["accuracy"] == pytest.approx(1 / 6)
    assert found["trigger"]["average_precision"] == pytest.approx(2 / 6)
    assert {head: figures["rows"] for head, figures in found.items()} == dict.fromkeys(profile.heads, 6)


def test_rows_are_scored_one_at_a_time(rows: list[Row], profile: Profile) -> None:
    """Dynamic int8 lets batch-mates touch a score, so figures are taken as the engine serves: one row per run."""
    scorer = _Sure(profile, {"urgency": "low", "sentiment": "neutral", "event": "other"})
    evaluate(scorer, rows, profile)
    assert scorer.calls == [1] * len(rows)


def test_the_tables_show_every_head_and_class(rows: list[Row], profile: Profile) -> None:
    """What is printed has a line per head and per class, with the figures in it."""
    found = evaluate(_Sure(profile, {"urgency": "high", "sentiment": "negative", "event": "other"}), rows, profile)
    console = Console(width=100)
    with console.capture() as capture:
        console.print(summary({"int8": found}, "tiny"), per_class(found))
    text = capture.get()
    assert "0.222 (0.500)" in text
    assert "0.333 (0.00, 0.00)" in text
    assert all(f"event.{label}" in text for label in profile.classes("event"))


def test_an_artefact_of_another_profile_is_refused(profile: Profile) -> None:
    """Judging one profile's artefact by another's labels would fail half-way: the missing score is named at once."""
    manifest = load_manifest(ARTIFACTS / "news")
    check_fits(manifest, ARTIFACTS / "news", profile)
    tickets = load_profile("tickets")
    says = (
        r"tickets\.yaml:\d+:3: heads\.sentiment: .*news \(profile 'news'\) has no 'sentiment\.frustrated'; give the art"
    )
    with pytest.raises(ProfileError, match=says):
        check_fits(manifest, ARTIFACTS / "news", tickets)
