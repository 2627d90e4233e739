"""What is under embargo: the order of release, moved releases, how long to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.io.holding import Holding, hold_key
from engine.types import Delivery, NewsItem, Origin

KEYS = ("a", "b", "c", "d")


def held(key: str) -> Delivery:
    """A delivery that is told by its value."""
    return Delivery(Origin("news.raw", 0, 0), key.encode(), 0.0, held=True)


def holding(*entries: tuple[str, float]) -> Holding:
    """What holds these keys until these moments."""
    made = Holding()
    for key, until in entries:
        made.add(key, held(key), until)
    return made


def taken(waiting: Holding, now: float) -> list[str]:
    """The keys of what is released by now."""
    return [(delivery.value or b"").decode() for delivery in waiting.due(now)]


def test_release_is_in_the_order_of_time_not_of_arrival() -> None:
    """What is released first comes first; each comes once, at its very moment and not before."""
    waiting = holding(("late", 30.0), ("first", 10.0), ("second", 20.0))
    assert taken(waiting, 9.999) == []
    assert taken(waiting, 20.0) == ["first", "second"]
    assert taken(waiting, 20.0) == []
    assert taken(waiting, 1_000.0) == ["late"]
    assert len(waiting) == 0


@pytest.mark.parametrize(
    ("moves", "at_ten", "at_thirty"),
    [
        ((10.0, 30.0), [], ["a"]),
        ((30.0, 10.0), ["a"], []),
        ((10.0, 30.0, 10.0), ["a"], []),
        ((10.0, 10.0), ["a"], []),
    ],
    ids=["put off", "brought forward", "there and back", "sent twice"],
)
def test_a_moved_release_counts_once(moves: tuple[float, ...], at_ten: list[str], at_thirty: list[str]) -> None:
    """The last release that was given counts, however often it was moved, and the item comes once."""
    waiting = holding(*(("a", until) for until in moves))
    assert len(waiting) == 1
    assert taken(waiting, 10.0) == at_ten
    assert taken(waiting, 30.0) == at_thirty


@pytest.mark.parametrize(
    ("entries", "now", "seconds"),
    [
        ((), 5.0, 60.0),
        ((("a", 15.0),), 5.0, 10.0),
        ((("a", 15.0), ("b", 8.0)), 5.0, 3.0),
        ((("a", 15.0),), 15.0, 0.0),
        ((("a", 15.0),), 99.0, 0.0),
        ((("a", 500.0),), 5.0, 60.0),
    ],
    ids=["nothing held", "one", "the earliest", "due now", "overdue", "far off"],
)
def test_how_long_to_wait(entries: tuple[tuple[str, float], ...], now: float, seconds: float) -> None:
    """Until the earliest release, never less than nothing and never more than asked for."""
    assert holding(*entries).wait(now, at_most=60.0) == seconds


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.floats(0, 100)), max_size=20), st.lists(st.floats(0, 100)))
def test_whatever_is_held_comes_once_and_never_early(entries: list[tuple[str, float]], looks: list[float]) -> None:
    """For any moves and any looks: each key comes exactly once, at the first look from its last release on."""
    waiting, last = holding(*entries), dict(entries)
    for now in [*sorted(looks), 100.0]:
        found = taken(waiting, now)
        assert set(found) == {key for key, until in last.items() if until <= now}
        assert found == sorted(found, key=lambda key: last[key])
        for key in found:
            del last[key]
    assert not last


def test_the_key_names_a_version() -> None:
    """Another version of an item is held beside the first; another release of the same version replaces it."""
    first = NewsItem("wire:1", "r1", "wire", "Acme", embargo=10.0)
    moved = NewsItem("wire:1", "r1", "wire", "Acme", embargo=99.0)
    second = NewsItem("wire:1", "r2", "wire", "Acme Corp", embargo=10.0)
    assert hold_key(first) == hold_key(moved) != hold_key(second)
