"""The evaluation's figures on rows with known answers, and its report on the shipped artefact."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.types import Scores
from models.batches import MASKED
from models.data import Row
from models.evaluation.alerts import alerts_of
from models.evaluation.intervals import intervals
from models.evaluation.precisions import compare, flips
from models.evaluation.scored import Scored
from models.evaluation.slices import FEWEST, slices
from models.evaluation.stream import per_1000
from models.evaluation.study import base_rate
from models.profile import HeadSpec, Profile

RULES = """\
version: 1
defaults: {max_age: 30s, max_story_age: 1d, expires: 60s}
rules:
  - {id: loud, mode: live, owner: quant, when: {all: [mood.angry >= 0.75]}, emit: {severity: high, desk: news}}
  - {id: quiet, mode: shadow, owner: quant, when: {all: [mood.angry >= 0.10]}, emit: {severity: low, desk: news}}
"""


@pytest.fixture
def moods(profile: Profile) -> Profile:
    """A profile of one head with two labels, and a binary one that says the same."""
    heads = {"mood": HeadSpec(labels=["calm", "angry"]), "alarm": HeadSpec(all=["mood.angry"])}
    return msgspec.structs.replace(profile, heads=heads, floors={}, costs=None)


def _scored(profile: Profile, angry: list[float], truth: list[int], weights: list[float] | None = None) -> Scored:
    scores: list[Scores] = [{"mood.calm": 1 - p, "mood.angry": p, "alarm": p} for p in angry]
    rows = [
        Row(f"x-{n}", "one two three", {}, stratum="kw" if n % 2 else "rest", weight=weights[n] if weights else 0.0)
        for n in range(len(truth))
    ]
    return Scored(rows, scores, {"mood": np.array(truth), "alarm": np.array(truth)}, profile)


def test_intervals_hold_the_figure_and_shrink_with_rows(moods: Profile) -> None:
    """The figure lies inside its interval, and four times the rows halve it, roughly."""
    random = np.random.default_rng(1)
    widths = []
    for rows in (200, 3200):
        truth = random.integers(0, 2, rows)
        angry = np.where(random.random(rows) < 0.8, truth, 1 - truth) * 0.8 + 0.1
        found = intervals(_scored(moods, angry.tolist(), truth.tolist()), "mood", draws=200)
        one = found["accuracy"]
        assert one.low < one.value < one.high
        widths.append(one.high - one.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.4)


def test_rows_without_a_label_are_not_judged(moods: Profile) -> None:
    """Masked rows change no figure; a head that nothing is known of has none."""
    known = _scored(moods, [0.9, 0.2, 0.7, 0.4], [1, 0, 0, 1])
    masked = _scored(moods, [0.9, 0.2, 0.7, 0.4, 0.9, 0.9], [1, 0, 0, 1, MASKED, MASKED])
    assert intervals(known, "mood", 1)["accuracy"].value == intervals(masked, "mood", 1)["accuracy"].value == 0.5
    assert intervals(_scored(moods, [0.5], [MASKED]), "mood") == {}


def test_alerts_are_what_the_live_rules_say(tmp_path: Path) -> None:
    """Only live rules count, and their own limit decides."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    alerts = alerts_of(path, ["mood.calm", "mood.angry", "alarm"])
    scores: list[Scores] = [{"mood.angry": 0.75}, {"mood.angry": 0.74}, {}]
    assert alerts(["a", "b", "c"], scores).tolist() == [True, False, False]


def test_flips_are_a_share_of_all_that_alert_in_either() -> None:
    """Three alert in one or the other and one of them in one only; nothing at all is no flip."""
    one, other = np.array([True, True, False, False]), np.array([True, True, True, False])
    assert flips(one, other) == {"union": 3, "flips": 1, "share": pytest.approx(1 / 3)}
    assert flips(~one & one, ~one & one)["share"] == 0


def test_precisions_are_compared_row_by_row(moods: Profile, tmp_path: Path) -> None:
    """The largest difference and the share of labels that differ are those of the rows that moved."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    one = _scored(moods, [0.9, 0.52, 0.1, 0.3], [1, 0, 0, 1])
    other = _scored(moods, [0.7, 0.48, 0.1, 0.3], [1, 0, 0, 1])
    found = compare(one, other, alerts_of(path, ["mood.calm", "mood.angry", "alarm"]))
    assert found["heads"]["mood"]["most"] == pytest.approx(0.2)
    assert found["heads"]["mood"]["flips"] == found["heads"]["alarm"]["flips"] == 0.25
    assert found["alerts"] == {"union": 1, "flips": 1, "share": 1.0}


def test_small_parts_get_no_figure(moods: Profile) -> None:
    """A slice says how many rows it has, and more only from a number on that carries a figure."""
    few = slices(_scored(moods, [0.9] * 10, [1] * 10))
    assert few["stratum"] == {"kw": {"rows": 5}, "rest": {"rows": 5}}
    many = slices(_scored(moods, [0.9, 0.2] * FEWEST, [1, 1] * FEWEST))
    assert many["stratum"]["rest"] == {"rows": FEWEST, "mood": 1.0}
    assert many["stratum"]["kw"]["mood"] == 0.0


def test_the_base_rate_counts_rows_by_what_they_stand_for(moods: Profile) -> None:
    """A row of weight 9 counts nine times, one of weight 0 not at all."""
    found = base_rate(_scored(moods, [0.5, 0.1, 0.9], [1, 0, 1], weights=[1.0, 9.0, 0.0]))["alarm"]
    assert found["rows"] == 2
    assert found["observed_per_1000"].value == pytest.approx(100)
    assert found["expected_per_1000"].value == pytest.approx(140)


def test_a_rates_interval_is_that_of_a_proportion() -> None:
    """The bootstrap of 50 in 1,000 gives the binomial's interval, within its own noise."""
    found = per_1000(np.repeat([1.0, 0.0], [50, 950]))
    assert found.value == 50
    assert found.low == pytest.approx(37, abs=3)
    assert found.high == pytest.approx(64, abs=3)


@pytest.mark.realdata
def test_the_report_of_the_shipped_artefact(real_data: Path, tmp_path: Path) -> None:
    """One page that loads nothing, with a plot for every head, and a JSON of the same figures."""
    pytest.importorskip("polars", reason="the stream is read with the training extra")
    from models.evaluation.outputs import evaluate_fully
    from models.profile import ARTIFACTS, PROFILES, load_profile

    rules = PROFILES.parents[1] / "deploy" / "rules" / "default.yaml"
    spec = load_profile("news")
    page, figures = tmp_path / "report.html", tmp_path / "report.json"
    found = evaluate_fully(spec, ARTIFACTS / "news", spec.evaluation[0], real_data, rules, page, figures)
    text = page.read_text("utf-8")
    assert text.count("<svg") == 2 * len(found.heads)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert not re.search(r"\bnan\b", text)
    kept = msgspec.json.decode(figures.read_bytes())
    assert kept["intervals"]["urgency"]["macro_f1"]["value"] == found.heads["urgency"]["macro_f1"]
    assert all(row.text not in text for row in found.scored.rows[:50] if len(row.text) > 20)
