"""Instants from and to what stands in messages. ISO-8601 is written in UTC, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.errors import SchemaError
from engine.types import Instant

Stamp = int | float | str
"""A time as feeds write it: ISO-8601, epoch seconds, or epoch milliseconds from ``MILLISECONDS_FROM`` on."""

MILLISECONDS_FROM = 1e11  # As seconds this is the year 5138, as milliseconds 1973: no stamp of ours is ambiguous.
_LATEST = 253_402_300_799.0  # The end of the year 9999, the last that ISO-8601 writes with four digits.


def read(stamp: Stamp, field: str) -> tuple[Instant, bool]:
    """The instant, and whether its zone was known; a string without one is taken as UTC.

    Raises:
        SchemaError: not a time, or outside 1970 to 9999; the message names ``field``.
    """
    if isinstance(stamp, str):
        instant, zoned = _iso(stamp, field)
    else:
        instant, zoned = _number(stamp), True
    if not 0.0 <= instant <= _LATEST:
        raise SchemaError(f"{field}: {_short(stamp)} is not between the years 1970 and 9999")
    return instant, zoned


def write(instant: Instant) -> str:
    """``2026-03-02T13:30:00.250000Z``. Reading it back gives the same microsecond."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _number(stamp: int | float) -> float:
    """Compared before it is converted, because an integer may be too large for a float."""
    if not 0 <= stamp <= _LATEST * 1000:
        return -1.0
    return stamp / 1000 if stamp >= MILLISECONDS_FROM else float(stamp)


def _iso(stamp: str, field: str) -> tuple[float, bool]:
    try:
        if stamp[4:5] != "-":  # Else `1709385000000`, a number in quotes, would pass as a day of the year 1709.
            raise ValueError
        moment = datetime.fromisoformat(stamp.upper())
    except ValueError:
        raise SchemaError(f"{field}: {_short(stamp)} is not an ISO-8601 time") from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC).timestamp(), False
    return moment.timestamp(), True


def _short(stamp: Stamp) -> str:
    """Cut, because the message goes into a header. An integer may have more digits than Python will print."""
    if isinstance(stamp, int) and abs(stamp) > _LATEST * 1000:
        return "a number"
    text = repr(stamp)
    return text if len(text) <= 60 else f"{text[:60]}…"
