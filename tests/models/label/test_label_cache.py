"""Answers that are paid for survive."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import DataError, LabelError
from models.label.cache import Cache, cache_key

LABELS = {"urgency": "low"}


def _filled(path: Path, *keys: str) -> bytes:
    with Cache(path, "m") as cache:
        for key in keys:
            cache.keep(key, 0, LABELS)
    return path.read_bytes()


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    """By the next run, and only under its key."""
    _filled(tmp_path / "cache", "a")
    with Cache(tmp_path / "cache", "m") as cache:
        assert (cache.get("a"), cache.get("b")) == (LABELS, None)


@pytest.mark.parametrize("left", [1, 20, 60])
def test_a_torn_last_line_costs_one_answer(tmp_path: Path, left: int) -> None:
    """It is cut off; those before it stay, and new lines stand by themselves."""
    path = tmp_path / "cache"
    whole, longer = _filled(path, "a"), _filled(path, "b")
    path.write_bytes(longer[: len(whole) + left])
    with Cache(path, "m") as cache:
        assert (cache.get("a"), cache.get("b")) == (LABELS, None)
        cache.keep("b", 0, LABELS)
    assert path.read_bytes() == longer


def test_a_broken_line_elsewhere_is_refused_with_its_number(tmp_path: Path) -> None:
    """That is no torn end: somebody edited the file."""
    path = tmp_path / "cache"
    path.write_bytes(b"{}\n" + _filled(path, "a"))
    with pytest.raises(DataError, match=r"cache:1: .*delete this line"):
        Cache(path, "m")


def test_two_runs_do_not_share_it(tmp_path: Path) -> None:
    """The second one is told; once the first is done, it may."""
    with Cache(tmp_path / "cache", "m"), pytest.raises(LabelError, match="another run is writing to it"):
        Cache(tmp_path / "cache", "m")
    _filled(tmp_path / "cache", "a")


def test_every_part_of_the_key_counts() -> None:
    """Prompt and model (the fingerprint), text and pass."""
    keys = {cache_key("p", "t", 0), cache_key("q", "t", 0), cache_key("p", "u", 0), cache_key("p", "t", 1)}
    assert len(keys) == 4


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(DataError, match="name another file with --cache"):
        Cache(tmp_path, "m")
