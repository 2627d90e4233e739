"""News in: one message's bytes to one validated item. The formats are ninjs and plain; see docs/formats.md."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from msgspec import Raw, Struct
from msgspec.json import Decoder

from engine.codec import ninjs, plain
from engine.codec.draft import Draft
from engine.codec.headlines import clean
from engine.codec.parsing import demand_utf8, parse
from engine.codec.symbols import gather
from engine.codec.times import Stamp, read
from engine.errors import DeadLetterError, EmptyError, SchemaError
from engine.types import Instant, NewsItem, Status, Symbol

AHEAD = 300.0  # seconds that a publisher's clock may run ahead of ours before its stamps are not believed
_SOURCE_LIMIT = 64
_URL_LIMIT = 2048
_FIELDS = Decoder(dict[str, Raw])


class Decoded(Struct, frozen=True):
    """An item, the names of top-level fields that its format does not know, and oddities that were mended."""

    item: NewsItem
    unknown: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def decode(delivery_value: bytes | None, *, source: str = "", now: Instant) -> Decoded:
    """Read one message. ``source`` is for items that name none; ``now`` tells which stamps lie in the future.

    Raises:
        EmptyError: no value, or nothing to read in the headline.
        NotJsonError: not JSON, or not UTF-8.
        SchemaError: neither format, or a field is missing, of the wrong type or out of bounds.
    """
    if not delivery_value:
        raise EmptyError("null value (tombstone)" if delivery_value is None else "empty value")
    demand_utf8(delivery_value)
    flags: list[str] = []
    try:
        unknown: tuple[str, ...] = ()
        draft = plain.draft(parse(plain.STRICT, delivery_value))
    except DeadLetterError:
        draft, unknown = _by_keys(delivery_value, flags)
    return Decoded(_item(draft, source, now, flags), unknown, tuple(flags))


def revision(version: int, status: Status, headline: str, symbols: tuple[Symbol, ...]) -> str:
    """16 hex digits that name what an item says, so that the same item delivered twice is seen to be the same.

    In it: the feed's number, the status, the headline as cleaned, and the symbols in any order. Not in it: stamps
    and link, which a feed may change while it says the same, and the embargo, which says when, not what; an item
    released early and sent again is then a duplicate of the one that was held.

    Alert ids are made of it: another recipe would repeat alerts across an upgrade.
    """
    names = sorted(f"{symbol.exchange}:{symbol.symbol}" for symbol in symbols)
    said = "\n".join((str(version), status, headline, *names))  # No part can hold a line break.
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _by_keys(value: bytes, flags: list[str]) -> tuple[Draft, tuple[str, ...]]:
    """Tell the format by its keys, for all that is not plain without any other field."""
    fields = parse(_FIELDS, value)
    if "uri" in fields:
        draft = ninjs.draft(parse(ninjs.DECODER, value), flags)
        return draft, tuple(name for name in fields if not ninjs.known(name))
    if "id" in fields:
        draft = plain.draft(parse(plain.DECODER, value))
        return draft, tuple(name for name in fields if name not in plain.KNOWN)
    raise SchemaError("neither `uri` (ninjs) nor `id` (plain) is there")


def _item(draft: Draft, source: str, now: Instant, flags: list[str]) -> NewsItem:
    origin = _slug(draft.source or source)
    if draft.id.isspace():
        raise SchemaError("id: blank")
    headline = clean(draft.headline, flags)
    if not headline and draft.status != "withdrawn":
        raise EmptyError("headline: nothing to read")
    symbols = gather(draft.listings, flags) if draft.listings else ()
    if draft.published is None:
        flags.append("published_missing")
    return NewsItem(
        id=f"{origin}:{draft.id}",
        revision=revision(draft.version, draft.status, headline, symbols),
        source=origin,
        headline=headline,
        version=draft.version,
        status=draft.status,
        published=_claim("published", draft.published, now, flags),
        first_created=_claim("first_created", draft.first_created, now, flags),
        embargo=_embargo(draft.embargo),
        symbols=symbols,
        language=draft.language,
        url=_link(draft.url, flags) if draft.url else "",
    )


def _embargo(stamp: Stamp | None) -> Instant | None:
    """The time of release. Its zone is not guessed: hours too early would be a breach."""
    if stamp is None:
        return None
    instant, zoned = read(stamp, "embargo")
    if not zoned:
        raise SchemaError(f"embargo: {stamp!r} names no zone, so its release cannot be known")
    return instant


def _claim(field: str, stamp: Stamp | None, now: Instant, flags: list[str]) -> Instant | None:
    """A time that lies behind us by its nature; one ahead is not believed."""
    if stamp is None:
        return None
    instant, zoned = read(stamp, field)
    if not zoned:
        flags.append(f"{field}_without_zone")
    if instant > now + AHEAD:
        flags.append(f"{field}_in_future")
        return None
    return instant


@lru_cache(maxsize=1024)
def _slug(source: str) -> str:
    """Lower case, with dashes for all but letters, digits, dots and underscores; so ids have one colon that counts."""
    slug = re.sub(r"[^\w.]+", "-", source.lower()).strip("-")
    if not slug:
        raise SchemaError("source: the item names none, and there is no default")
    if len(slug) > _SOURCE_LIMIT:
        raise SchemaError(f"source: longer than {_SOURCE_LIMIT} characters")
    return slug


def _link(url: str, flags: list[str]) -> str:
    """The address, if it is safe to show as a link: ``javascript:`` and the like are not."""
    if url.startswith(("https://", "http://")) and url.isprintable() and len(url) <= _URL_LIMIT:
        return url
    flags.append("url_dropped")
    return ""
