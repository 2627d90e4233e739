"""Securities as feeds name them."""

from __future__ import annotations

from collections.abc import Iterable

from engine.types import Symbol

LIMIT = 64  # symbols an item
_LENGTH = 32  # characters of a ticker, or of an exchange


def gather(listings: Iterable[tuple[str, str]], flags: list[str]) -> tuple[Symbol, ...]:
    """Symbols of (exchange, ticker) pairs in their order, upper-cased, each once.

    Those that are blank, too long or unprintable and those beyond ``LIMIT`` are left out, and ``symbols_dropped``
    is added to ``flags``: a headline is worth reading even if one of its tickers is not.
    """
    found: dict[Symbol, None] = {}
    dropped = False
    for exchange, ticker in listings:
        symbol = Symbol(ticker.strip().upper(), exchange.strip().upper())
        if not _sound(symbol):
            dropped = True
        elif symbol not in found:
            if len(found) == LIMIT:
                dropped = True
                break
            found[symbol] = None
    if dropped:
        flags.append("symbols_dropped")
    return tuple(found)


def _sound(symbol: Symbol) -> bool:
    return (
        0 < len(symbol.symbol) <= _LENGTH
        and len(symbol.exchange) <= _LENGTH
        and symbol.symbol.isprintable()
        and symbol.exchange.isprintable()
    )
