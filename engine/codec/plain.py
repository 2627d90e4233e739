"""The plain format: the least that a feed must say, for those who write their own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct
from msgspec.json import Decoder

from engine.codec.draft import Draft, Id
from engine.codec.times import Stamp
from engine.types import Status

_NONE = Raw()


class Plain(Struct, frozen=True):
    """The fields. ``body`` and ``summary`` may be there and are not read."""

    id: Id
    source: str | None = None
    headline: str | None = None
    published: Stamp | None = None
    first_created: Stamp | None = None
    embargo: Stamp | None = None
    version: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    status: Status | None = None
    replaces: Id | None = None
    tickers: tuple[str, ...] | None = None
    language: str | None = None
    url: str | None = None
    body: Raw = _NONE
    summary: Raw = _NONE


class KnownPlain(Plain, frozen=True, forbid_unknown_fields=True):
    """A plain item without any other field."""


DECODER = Decoder(Plain)
STRICT = Decoder(KnownPlain)
KNOWN = frozenset(Plain.__struct_encode_fields__)


def draft(plain: Plain) -> Draft:
    """The item in common terms; a correction goes by the id of what it corrects."""
    return Draft(
        plain.replaces or plain.id,
        plain.source or "",
        plain.headline or "",
        plain.version or 0,
        plain.status or "usable",
        plain.published,
        plain.first_created,
        plain.embargo,
        [_listing(ticker) for ticker in plain.tickers] if plain.tickers else (),
        plain.language or "",
        plain.url or "",
    )


def _listing(ticker: str) -> tuple[str, str]:
    exchange, _, symbol = ticker.rpartition(":")
    return exchange, symbol
