"""Instants from and to ISO-8601."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.codec import times


@settings(deadline=None)
@given(st.integers(0, 4_102_444_800_000_000))
def test_microseconds_survive(microseconds: int) -> None:
    """Until the year 2100 every microsecond is written and read back as the same float."""
    instant = microseconds / 1e6
    assert times.read(times.write(instant), "t") == (instant, True)


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (1_772_458_200.25, "2026-03-02T13:30:00.250000Z"),
        (1_772_458_200.9999999, "2026-03-02T13:30:01.000000Z"),
    ],
)
def test_written_in_utc_to_the_microsecond(instant: float, written: str) -> None:
    """Times always have six decimals and a Z, so that they sort as text."""
    assert times.write(instant) == written


@pytest.mark.parametrize(("stamp", "instant"), [(99_999_999_999, 99_999_999_999.0), (100_000_000_000, 100_000_000.0)])
def test_milliseconds_from_eleven_zeros(stamp: int, instant: float) -> None:
    """A number from 1e11 on is milliseconds."""
    assert times.read(stamp, "t") == (instant, True)
