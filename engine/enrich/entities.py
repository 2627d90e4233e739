"""Whom an item is about: the feed's own tickers, else tickers tagged in the headline, else a stand-in.

The stand-in is made of the headline's words, so an item about nobody we know shares its cooldown with
nothing but its own reprints. Names in free text are not looked up.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from engine.enrich.headlines import fingerprint
from engine.types import Entity, NewsItem, Symbol

# `$AAPL`, `(NASDAQ: AAPL, MSFT)`, `<AAPL.O>`: marks that an editor sets on purpose. `$USD` is money, no ticker.
_CODE = r"[A-Z0-9]{1,6}(?:[.-][A-Z])?"
_TAGGED = re.compile(
    r"(?<!\w)\$(?!(?:USD|EUR|GBP|JPY|CHF|CAD|AUD)\b)(?P<cash>[A-Z]{1,5}(?:\.[A-Z])?)\b"
    r"|\((?i:NASDAQ|NYSE(?: American| Arca)?|AMEX|LSE|AIM|TSX(?:-?V)?|ASX|OTC\w*|XNAS|XNYS)\s*:\s*"
    rf"(?P<listed>{_CODE}(?:\s*,\s*{_CODE})*)\)"
    r"|<(?P<ric>[A-Z0-9]{1,6})\.[A-Z]{1,2}>"
)


def locate(item: NewsItem) -> tuple[Entity, tuple[str, ...]]:
    """The item's primary entity and the ids of the others, in the order in which the item names them."""
    symbols = item.symbols or _tagged(item.headline)
    ids = list(dict.fromkeys(symbol.symbol for symbol in symbols))
    if not ids:
        digest = blake2b(fingerprint(item.headline).encode(), digest_size=6).hexdigest()
        return Entity(f"ITEM:{digest}", relevance=0.0), ()
    primary = tuple(symbol for symbol in symbols if symbol.symbol == ids[0])
    return Entity(ids[0], primary), tuple(ids[1:])


def _tagged(headline: str) -> tuple[Symbol, ...]:
    if not any(mark in headline for mark in "$(<"):
        return ()
    codes = [next(filter(None, found.groups())) for found in _TAGGED.finditer(headline)]
    return tuple(Symbol(code.strip()) for each in codes for code in each.split(","))
