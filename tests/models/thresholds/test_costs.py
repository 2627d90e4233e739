"""A profile says what errors cost, and a wrong cost is refused with its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models.errors import ProfileError
from models.profile import ErrorCosts, Profile, load_profile

Load = Callable[[dict[str, Any]], Profile]


def test_the_news_profile_names_costly_kinds() -> None:
    """The shipped profile has costs for errors in general, and more for the kinds that take a position with them."""
    costs = load_profile("news").costs
    assert costs is not None
    assert costs.costly == ("credit", "guidance", "legal_regulatory", "m_and_a")
    assert costs.review < min(costs.events[kind].miss for kind in costs.costly)


def test_the_bayes_cut_off_is_the_share_of_the_false_alarm() -> None:
    """One against fifty: from 1/51 on an alert is expected to cost less than silence."""
    assert ErrorCosts(50, 1).bayes == pytest.approx(1 / 51)
    assert ErrorCosts(1, 1).bayes == 0.5


def test_costs_are_optional(fields: dict[str, Any], load: Load) -> None:
    """A profile without them loads."""
    del fields["costs"]
    del fields["items_per_day"]
    assert load(fields).costs is None


@pytest.mark.parametrize(
    ("costs", "says"),
    [
        ({"miss": 0, "false_alarm": 1}, r"tiny\.yaml:\d+:\d+: costs\.miss: must be above 0"),
        ({"miss": 5, "false_alarm": -1}, r"costs\.false_alarm: must be above 0"),
        ({"miss": 5, "false_alarm": 1, "review": 0}, r"costs\.review: must be above 0"),
        ({"miss": 5, "false_alarm": 1, "review": float("inf")}, r"costs\.review: must be above 0"),
        ({"miss": 5}, r"costs: Object missing required field `false_alarm`"),
        ({"miss": 5, "false_alarm": 1, "look": 1}, r"costs\.look: Object contains unknown field `look`"),
        (
            {"miss": 5, "false_alarm": 1, "events": {"crdit": {"miss": 9, "false_alarm": 1}}},
            r"costs\.events\.crdit: no event kind 'crdit'; known: earnings, .*credit",
        ),
        (
            {"miss": 5, "false_alarm": 1, "events": {"credit": {"miss": -9, "false_alarm": 1}}},
            r"costs\.events\.credit\.miss: must be above 0",
        ),
    ],
)
def test_wrong_costs_are_refused(costs: dict[str, Any], says: str, fields: dict[str, Any], load: Load) -> None:
    """Zero, negative and endless costs, missing and unknown fields, kinds that the head does not have."""
    fields["costs"] = costs
    with pytest.raises(ProfileError, match=says):
        load(fields)


def test_kinds_need_a_head_of_events(fields: dict[str, Any], load: Load) -> None:
    """Where no head is called `event` there are no kinds to name."""
    del fields["heads"]["event"]
    del fields["floors"]["event"]
    for training in (fields["training"], fields["teacher"]["training"]):
        del training["loss_weights"]["event"]
    with pytest.raises(ProfileError, match=r"costs\.events\.credit: no event kind 'credit'; known: none, the profile"):
        load(fields)


def test_a_stream_brings_more_than_nothing(fields: dict[str, Any], load: Load) -> None:
    """Zero items a day is refused."""
    fields["items_per_day"] = 0
    with pytest.raises(ProfileError, match=r"items_per_day: must be above 0"):
        load(fields)
