"""Profiles are checked where they are read, and a wrong one says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.errors import ProfileError
from models.profile import Profile, load_profile

Change = Callable[[dict[str, Any]], None]
Load = Callable[[dict[str, Any]], Profile]


def test_the_news_profile_has_the_heads_that_rules_name() -> None:
    """The shipped profile loads, and its outputs are the product heads first, then those only training uses."""
    outputs = load_profile("news").outputs()
    assert list(outputs) == ["urgency", "sentiment", "event", "trigger", "sentiment@tfns", "sentiment@sentfin"]
    assert outputs["urgency"] == ["low", "medium", "high"]
    assert outputs["trigger"] == ["trigger"]
    assert outputs["sentiment@tfns"] == ["negative", "neutral", "positive"]


def test_an_unknown_profile_lists_the_known_ones() -> None:
    """A mistyped name is answered with the names there are."""
    with pytest.raises(ProfileError, match=r"nope\.yaml: no such profile; known profiles: .*news"):
        load_profile("nope")


def _typo(fields: dict[str, Any]) -> None:
    fields["training"]["epoch"] = 3


def _missing(fields: dict[str, Any]) -> None:
    del fields["encoder"]["folder"]


def _both(fields: dict[str, Any]) -> None:
    fields["heads"]["trigger"]["labels"] = ["yes", "no"]


def _no_such_label(fields: dict[str, Any]) -> None:
    fields["heads"]["trigger"]["all"] = ["urgency.huge"]


def _no_such_head(fields: dict[str, Any]) -> None:
    fields["floors"] = {"trigger": 0.5}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_typo, r"tiny\.yaml: .*unknown field `epoch`.*training"),
        (_missing, r"tiny\.yaml: .*missing required field `folder`.*encoder"),
        (_both, r"heads\.trigger: give either `labels` or `all`"),
        (_no_such_label, r"heads\.trigger\.all: no head and label 'urgency\.huge'"),
        (_no_such_head, r"floors\.trigger: no head with labels of that name"),
    ],
)
def test_a_wrong_profile_names_file_and_field(spoil: Change, says: str, fields: dict[str, Any], load: Load) -> None:
    """Unknown, missing and contradicting fields are refused with the file and the field."""
    spoil(fields)
    with pytest.raises(ProfileError, match=says):
        load(fields)


def test_yaml_that_does_not_parse_is_an_error_of_the_profile(tmp_path: Path) -> None:
    """A syntax error in the YAML comes out with the file's name, too."""
    (tmp_path / "broken.yaml").write_text("version: [1", "utf-8")
    with pytest.raises(ProfileError, match=r"broken\.yaml"):
        load_profile(str(tmp_path / "broken.yaml"))


def test_a_head_with_a_convention_of_its_own_shares_the_labels(profile: Profile) -> None:
    """``sentiment@tfns`` has the classes of ``sentiment``."""
    assert profile.classes("sentiment@tfns") == profile.classes("sentiment")
