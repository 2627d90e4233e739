"""ninjs, the IPTC's news in JSON: https://iptc.org/standards/ninjs/, versions 1.x, 2.x and 3.x.

Versions 1 and 2 write ``versioncreated``, version 3 ``versionCreated``. Both spellings are read whatever version
an item declares: an embargo overlooked for its spelling could never be made good.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field
from msgspec.json import Decoder

from engine.codec.draft import Draft, Id
from engine.codec.times import Stamp
from engine.errors import SchemaError

PubStatus = Literal["usable", "withheld", "canceled"]
_DIGITS = 15  # of a version; more would not be exact in every reader of our JSON


class Party(Struct, frozen=True):
    """Who supplied the item."""

    name: str | None = None


class Headline(Struct, frozen=True):
    """One of several headlines (2.x and later)."""

    role: str | None = None
    value: str | None = None


class Listing(Struct, frozen=True):
    """A financial instrument: ``ticker`` in 1.x and 2.x, ``symbol`` in 3.x."""

    ticker: str | None = None
    symbol: str | None = None
    exchange: str | None = None


class Organisation(Struct, frozen=True):
    """An organisation that the item is about."""

    symbols: tuple[Listing, ...] | None = None


class Ninjs(Struct, frozen=True):
    """The fields that are read. ``source``, ``provider``, ``url`` and ``urlcanonical`` are common additions."""

    uri: Id
    version: str | int | None = None
    versioncreated: Stamp | None = None
    version_created: Stamp | None = field(default=None, name="versionCreated")
    firstcreated: Stamp | None = None
    first_created: Stamp | None = field(default=None, name="firstCreated")
    embargoed: Stamp | None = None
    embargoed_until: Stamp | None = field(default=None, name="embargoedUntil")
    pubstatus: PubStatus | None = None
    pub_status: PubStatus | None = field(default=None, name="pubStatus")
    headline: str | None = None
    headlines: tuple[Headline, ...] | None = None
    organisation: tuple[Organisation, ...] | None = None
    organisations: tuple[Organisation, ...] | None = None
    source: str | Party | None = None
    provider: str | Party | None = None
    infosource: tuple[Party, ...] | None = None
    infosources: tuple[Party, ...] | None = None
    info_sources: tuple[Party, ...] | None = field(default=None, name="infoSources")
    language: str | None = None
    url: str | None = None
    urlcanonical: str | None = None


_IGNORED = """
    $standard altIds altids associations bodies by byline charcount contentCreated contentcreated copyrightHolder
    copyrightNotice copyrightholder copyrightnotice descriptions digitalSourceType digitalsourcetype edNote ednote
    event eventDetails events expires genre genres located mimetype object objects people person place places
    plannedCoverage profile renditions representationType representationtype rightsInfo rightsinfo slugline standard
    subject subjects title trustIndicators trustindicator trustindicators type urgency usageTerms usageterms wordcount
"""
DECODER = Decoder(Ninjs)
_KNOWN = frozenset((*Ninjs.__struct_encode_fields__, *_IGNORED.split()))
_PREFIXES = ("body_", "description_", "headline_")


def known(name: str) -> bool:
    """Whether a field is part of the standard, in any version, or one of the additions that are read."""
    return name in _KNOWN or name.startswith(_PREFIXES)


def draft(ninjs: Ninjs, flags: list[str]) -> Draft:
    """The item in common terms.

    Raises:
        SchemaError: withheld without a time of release.
    """
    status = ninjs.pubstatus or ninjs.pub_status
    embargo = _first(ninjs.embargoed, ninjs.embargoed_until)
    if status == "withheld" and embargo is None:
        raise SchemaError("pubstatus: withheld, but no embargo says until when")
    return Draft(
        ninjs.uri,
        _source(ninjs),
        _headline(ninjs),
        _version(ninjs.version, flags),
        "withdrawn" if status == "canceled" else "usable",
        _first(ninjs.versioncreated, ninjs.version_created),
        _first(ninjs.firstcreated, ninjs.first_created),
        embargo,
        list(_listings(ninjs)),
        ninjs.language or "",
        ninjs.url or ninjs.urlcanonical or "",
    )


def _first(one: Stamp | None, other: Stamp | None) -> Stamp | None:
    return other if one is None else one  # Not `or`, because an embargo of 0 is one.


def _source(ninjs: Ninjs) -> str:
    suppliers = ninjs.infosource or ninjs.infosources or ninjs.info_sources or ()
    named = (party.name if isinstance(party, Party) else party for party in (ninjs.source, ninjs.provider, *suppliers))
    return next(filter(None, named), "")


def _headline(ninjs: Ninjs) -> str:
    """The headline; of several the main one, or one without a role, or else the first."""
    if ninjs.headline or not ninjs.headlines:
        return ninjs.headline or ""
    ranked = sorted(ninjs.headlines, key=lambda headline: headline.role not in ("main", "", None))
    return next((headline.value for headline in ranked if headline.value and not headline.value.isspace()), "")


def _version(version: str | int | None, flags: list[str]) -> int:
    """The number, or 0 where there is none to order by."""
    text = str(version).strip() if version is not None else "0"
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    flags.append("version_unusable")
    return 0


def _listings(ninjs: Ninjs) -> Iterable[tuple[str, str]]:
    for organisation in ninjs.organisation or ninjs.organisations or ():
        for listing in organisation.symbols or ():
            yield listing.exchange or "", listing.ticker or listing.symbol or ""
