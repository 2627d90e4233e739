"""The shipped profiles on the real data: what trains what ships, and what only judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.data import Split, check_classes, split
from models.profile import Profile, evaluation_set, load_profile
from models.sources import read_source

pytestmark = pytest.mark.realdata


def _trained(profile: Profile, data: Path) -> Split:
    rows = split(profile, data)
    check_classes(profile, rows.train)
    return rows


def test_the_news_labels_are_refused_nothing(real_data: Path) -> None:
    """Every row of the labels files is read: no id or text contradicts another, no column is unknown."""
    profile = load_profile("news")
    for source, rows in ((profile.sources[0], 55_392), (profile.evaluation[0], 1_499)):
        assert len(read_source(real_data, source, profile)) == rows


def test_tickets_learn_only_from_what_may_be_shipped(real_data: Path) -> None:
    """Data sets under a licence against commercial use judge the model and never train it."""
    profile = load_profile("tickets")
    rows = _trained(profile, real_data)
    assert {row.dataset for row in rows.train + rows.held_out} <= {
        "banking77",
        "thunderbird_q",
        "thunderbird_reply",
        "",
    }
    elsewhere = read_source(real_data, evaluation_set(profile, "support_elsewhere"), profile)
    assert {row.dataset.partition("_")[0] for row in elsewhere} == {"twcs", "airline"}
    assert len(elsewhere) == 1_000


@pytest.mark.parametrize(("name", "rows"), [("tickets", range(250, 310)), ("tweets", range(1_250, 1_500))])
def test_the_evaluation_slice_is_apart(name: str, rows: range, real_data: Path) -> None:
    """About the share that the profile asks for, and no row of it among those trained on or held out."""
    profile = load_profile(name)
    test = {row.id for row in read_source(real_data, evaluation_set(profile), profile)}
    learnt = _trained(profile, real_data)
    assert len(test) in rows
    assert test.isdisjoint(row.id for row in learnt.train + learnt.held_out)


def test_what_tweets_leave_out_is_counted(real_data: Path) -> None:
    """Rows that nobody could label, rows without text, and texts with contradicting labels."""
    dropped = _trained(load_profile("tweets"), real_data).dropped
    assert dropped["brands: no label"] == 156
    assert dropped["brands: empty"] == 1
    assert dropped["brands: conflicting labels"] == 37
