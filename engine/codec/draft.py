"""What every news format comes down to, before anything is believed or tidied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from engine.codec.times import Stamp
from engine.types import Status

Id = Annotated[str, Meta(min_length=1, max_length=512)]


class Draft(Struct):
    """One item as its feed put it; ``listings`` are (exchange, ticker) pairs."""

    id: str
    source: str
    headline: str
    version: int
    status: Status
    published: Stamp | None
    first_created: Stamp | None
    embargo: Stamp | None
    listings: Sequence[tuple[str, str]]
    language: str
    url: str
