"""A study holds what was found, says what it is worth, and comes out as table, page and JSON."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
from rich.console import Console

from engine.types import ModelRef
from models.profile import ErrorCosts
from models.thresholds.criterion import Budget, Precision
from models.thresholds.evidence import Evidence
from models.thresholds.study import Study, Wish, examine
from models.thresholds.table import shown

MODEL = ModelRef("tiny", "abc")


@pytest.fixture
def stream(calibrated: Evidence) -> Evidence:
    """2,000 rows of the calibrated stream, half of them of a heavy stratum."""
    columns = [getattr(calibrated, name)[:2000] for name in ("score", "truth", "events")]
    weight = np.repeat([1.0, 10.75], 1000)
    return Evidence(columns[0], columns[1], weight, ["hi"] * 1000 + ["left"] * 1000, columns[2].tolist())


@pytest.fixture
def found(wish: Wish, stream: Evidence, five: Evidence) -> Study:
    """A study of the stream, with five rows beside it."""
    return examine(wish, stream, "rows of a test", MODEL, {"dev": five}, [])


class _Loads(HTMLParser):
    """Collects whatever a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes tags, and attributes that name another resource, but for places inside this page."""
        self.tags.add(tag)
        names = ("src", "srcset", "href", "xlink:href", "data", "poster", "action")
        self.found += [value for name, value in attrs if name in names and value and not value.startswith("#")]


def test_the_study_is_what_was_asked_for(found: Study, stream: Evidence) -> None:
    """The figures at the cut-off are those of the curve, within their intervals; the rows are named and counted."""
    assert found.chosen.figures["recall"].value == stream.curve.at(found.chosen.cut_off, found.costs)["recall"]
    for one in found.chosen.figures.values():
        assert one.low <= one.value <= one.high
    assert found.bayes.cut_off == pytest.approx(1 / 6)
    assert (found.seen.rows, found.seen.heaviest) == (2000, 10.75)
    assert found.seen.effective == pytest.approx(11_750**2 / (1000 + 1000 * 10.75**2))
    assert found.beside["dev"][0].rows == 5
    assert found.beside["dev"][1].cut_off == found.chosen.cut_off


def test_a_small_sample_is_called_small(wish: Wish, five: Evidence) -> None:
    """Few events, a score that expects too many of them, and a matrix without costs: each is a note."""
    high = Evidence(five.score**0.1, five.truth, five.weight, five.strata.tolist(), five.events.tolist())
    bare = msgspec.structs.replace(wish, profile=msgspec.structs.replace(wish.profile, costs=None))
    notes = "\n".join(examine(bare, high, "five rows", MODEL, {}, ["as given"]).notes)
    assert "as given" in notes
    assert "Few events: 3, which tell as much as 3 of equal weight; the heaviest row stands for 6 items" in notes
    assert re.search(r"Not calibrated on these rows: trigger expects \d+\.\d events per 1,000 items, the labels", notes)
    assert "No matrix: `costs.events` of profile news" in notes


def test_a_calibrated_stream_is_not_called_uncalibrated(found: Study) -> None:
    """Where the score's mean lies within the interval of the labels, nothing is said."""
    assert not [note for note in found.notes if "calibrated" in note]


def test_costs_come_from_the_criterion_or_the_profile(wish: Wish) -> None:
    """A budget has no costs of its own: the profile's are used, and one each where it has none."""
    budget = msgspec.structs.replace(wish, criterion=Budget(20, 2400))
    assert wish.costs == ErrorCosts(5, 1)
    assert budget.costs == ErrorCosts(50, 1)
    bare = msgspec.structs.replace(budget, profile=msgspec.structs.replace(wish.profile, costs=None))
    assert bare.costs == ErrorCosts(1, 1)


def test_the_table_shows_the_figures(found: Study) -> None:
    """Cut-off, alerts per 1,000 and per day, precision, recall and cost, with intervals, and the effective sample."""
    console = Console(width=160)
    with console.capture() as capture:
        console.print(shown(found))
    text = capture.get()
    for says in ("alerts per 1,000 items", "alerts a day, of 2,400 items", "precision", "recall", "expected cost"):
        assert says in text
    assert "dev, reported only" in text
    assert "effective sample size (Kish) 1,184 rows" in text
    assert all(action in text for action in ("act automatically", "act and review", "hold for a human", "drop"))


def test_the_json_reads_back(found: Study) -> None:
    """Every figure comes back the same."""
    assert msgspec.json.decode(msgspec.json.encode(found), type=Study) == found


@pytest.mark.parametrize("criterion", [ErrorCosts(5, 1), Budget(5_000, 2_400), Precision(0.6)])
def test_the_page_carries_all_it_shows(
    wish: Wish, stream: Evidence, criterion: ErrorCosts | Budget | Precision
) -> None:
    """Four pictures and no link, script, font or image to load; also at a cut-off of 0, where the axis ends."""
    pytest.importorskip("matplotlib", reason="the page's pictures need matplotlib")
    from models.thresholds.page import page

    asked = msgspec.structs.replace(wish, criterion=criterion)
    text = page(examine(asked, stream, "rows <of> a test", MODEL, {}, ["note & more"]))
    loads = _Loads()
    loads.feed(text)
    assert loads.found == []
    assert not loads.tags & {"script", "link", "img", "iframe", "object", "embed", "image"}
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(r"https?://", re.sub(r'xmlns(:\w+)?="[^"]*"', "", text))
    assert text.count("<svg") == 4
    assert "rows &lt;of&gt; a test" in text
    assert "note &amp; more" in text


def test_the_page_is_the_same_bytes_twice(found: Study) -> None:
    """No clock and no random name in it, so that a committed report changes only with its figures."""
    pytest.importorskip("matplotlib", reason="the page's pictures need matplotlib")
    from models.thresholds.page import page

    assert page(found) == page(found)
