"""Votes, agreement beyond chance, and the choice of examples."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from models.errors import DataError
from models.label.agreement import agreement, cohen_kappa
from models.label.examples import draw
from models.label.order import Heads
from models.label.plan import make_plan
from models.label.texts import Labelled
from models.label.vote import decide, majority
from models.profile import load_profile


def test_the_majority_wins_and_its_share_is_kept() -> None:
    """Three of five."""
    vote = majority(["a", "b", "a", "c", "a"], "blank")
    assert (vote.label, vote.share, vote.tied, vote.counts) == ("a", 0.6, False, {"a": 3, "b": 1, "c": 1})


@pytest.mark.parametrize(("ties", "label"), [("blank", ""), ("first", "b")])
def test_a_tie_follows_the_stated_rule(ties: str, label: str) -> None:
    """Blank, or the leading label that an earlier pass gave, not one that comes first and trails."""
    vote = majority(["x", "b", "a", "a", "b"], ties)  # type: ignore[arg-type]  # Parametrized literals are plain str.
    assert (vote.label, vote.share, vote.tied) == (label, 0.4, True)


@pytest.mark.parametrize(("answers", "decided"), [(1, False), (2, False), (3, True), (4, True)])
def test_more_than_half_of_the_passes_must_have_answered(answers: int, decided: bool) -> None:
    """Of four passes three are enough, two are not."""
    readings = [{"urgency": "low"} if n < answers else None for n in range(4)]
    assert (decide(readings, 4, "blank") is not None) is decided


def test_kappa_by_hand() -> None:
    """A table of 20, 5, 10, 15: observed 0.7, expected 0.5, kappa 0.4."""
    truth = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    predicted = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert cohen_kappa(truth, predicted, 2) == pytest.approx(0.4)


def test_kappa_knows_its_bounds() -> None:
    """1 where all agree, -1 where two even labels are swapped, nan where there is one label only, or no row."""
    truth = np.array([0, 1, 0, 1])
    assert cohen_kappa(truth, truth, 2) == pytest.approx(1)
    assert cohen_kappa(truth, 1 - truth, 2) == pytest.approx(-1)
    assert math.isnan(cohen_kappa(truth * 0, truth * 0, 2))
    assert math.isnan(cohen_kappa(truth[:0], truth[:0], 2))


def test_kappa_and_macro_f1_are_those_of_scikit_learn(heads: Heads) -> None:
    """On random labels of sixteen kinds, a few of which never occur."""
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the training extra")
    random = np.random.default_rng(3)
    names = np.array(heads["event"])
    gold, found = random.integers(0, 12, 200), random.integers(2, 12, 200)
    pairs = [({"event": str(names[a])}, {"event": str(names[b])}) for a, b in zip(gold, found, strict=True)]
    ours = agreement(pairs, heads, load_profile("news"))["event"]
    assert ours.kappa == pytest.approx(metrics.cohen_kappa_score(gold, found))
    assert ours.macro_f1 == pytest.approx(metrics.f1_score(gold, found, average="macro"))


def test_agreement_skips_what_either_side_left_blank(heads: Heads) -> None:
    """And a joint event is judged only where all its heads have a label on both sides."""
    both = ({"urgency": "high", "sentiment": "negative"}, {"urgency": "high", "sentiment": "negative"})
    differs = ({"urgency": "high", "sentiment": "negative"}, {"urgency": "low", "sentiment": "negative"})
    blank = ({"urgency": "high", "sentiment": "negative"}, {"urgency": "", "sentiment": "neutral"})
    report = agreement([both, differs, blank], heads, load_profile("news"))
    assert {head: of.rows for head, of in report.items()} == {"urgency": 2, "sentiment": 3, "event": 0, "trigger": 2}
    assert report["trigger"].accuracy == 0.5
    assert math.isnan(report["event"].kappa)


def _pool() -> list[Labelled]:
    rare = [Labelled(f"r{n}", f"rare {n}", _labels("high", "negative", "clinical")) for n in range(3)]
    common = [Labelled(f"c{n}", f"common {n}", _labels("low", "neutral", "other")) for n in range(500)]
    partial = [Labelled(f"p{n}", f"partial {n}", {"urgency": "medium"}) for n in range(50)]
    return common + partial + rare


def _labels(urgency: str, sentiment: str, event: str) -> dict[str, str]:
    return {"urgency": urgency, "sentiment": sentiment, "event": event}


def test_examples_are_balanced_and_repeatable(heads: Heads) -> None:
    """Rare labels are shown as often as common ones; a seed draws the same rows, another one others."""
    drawn = draw(_pool(), heads, 6, 1, set())
    assert Counter(row.labels["urgency"] for row in drawn) == {"high": 3, "low": 3}
    assert drawn == draw(_pool(), heads, 6, 1, set())
    assert drawn != draw(_pool(), heads, 6, 2, set())


def test_examples_are_never_texts_to_be_labelled(heads: Heads) -> None:
    """They would give the answer away; when too few are left, that is said."""
    apart = {f"common {n}" for n in range(500)} | {"rare 0"}
    assert {row.id for row in draw(_pool(), heads, 2, 1, apart)} == {"r1", "r2"}
    with pytest.raises(DataError, match="--shots 3: only 2 examples are labelled in every head"):
        draw(_pool(), heads, 3, 1, apart)


def _unknown(_: str) -> None:
    """A cache that is empty."""


def test_a_plan_asks_every_text_once_a_pass(heads: Heads) -> None:
    """The same text twice is one job; blank ones are none; what the cache knows is left out."""
    plan = make_plan(["a", "b", "", "a", "c"], 1, 2, "f", 0, _unknown)
    assert [[job.text for job in batch] for batch in plan.batches] == [["a", "b"], ["c"]]
    known: dict[str, object] = {plan.jobs["a"][0].key: {}}
    assert [[job.text for job in batch] for batch in make_plan(["a", "b", "c"], 1, 2, "f", 0, known.get).batches] == [
        ["b", "c"]
    ]


def test_passes_of_a_batch_come_together_and_in_another_order() -> None:
    """A run that stops leaves whole votes; no text stands first in every pass."""
    texts = [str(n) for n in range(20)]
    plan = make_plan(texts, 3, 10, "f", 0, _unknown)
    assert [batch[0].reading for batch in plan.batches] == [0, 1, 2, 0, 1, 2]
    first = [[job.text for job in batch] for batch in plan.batches[:3]]
    assert first[0] == texts[:10]
    assert first[1] != first[0] != first[2] != first[1]
    assert sorted(first[1]) == sorted(first[2]) == texts[:10]
