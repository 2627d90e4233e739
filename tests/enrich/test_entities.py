"""Whom an item is about: the feed's tickers, tags in the headline, a stand-in."""

from __future__ import annotations

import pytest

from engine.enrich.entities import locate
from engine.types import Entity, NewsItem, Symbol


def item(headline: str, *symbols: Symbol) -> NewsItem:
    """An item with this headline and these symbols from its feed."""
    return NewsItem("wire:1", "r1", "wire", headline, symbols=symbols)


def ids(headline: str, *symbols: Symbol) -> list[str]:
    """The ids found, the primary one first."""
    entity, also = locate(item(headline, *symbols))
    return [entity.id, *also]


def test_the_feed_s_tickers_win_and_keep_their_order() -> None:
    """Where the feed names securities the headline is not searched, and the first is the primary."""
    entity, also = locate(item("$TAGG and <RIC.O> rally", Symbol("BETA", "XNAS"), Symbol("ACME"), Symbol("CORP")))
    assert (entity, also) == (Entity("BETA", (Symbol("BETA", "XNAS"),)), ("ACME", "CORP"))
    assert entity.relevance == 1.0


def test_one_ticker_on_two_exchanges_is_one_entity() -> None:
    """Listings of the primary stay with it; the others are named once."""
    listings = (Symbol("ACME", "XNAS"), Symbol("BETA"), Symbol("ACME", "XLON"), Symbol("BETA", "XNYS"))
    entity, also = locate(item("Acme and Beta merge", *listings))
    assert entity == Entity("ACME", (Symbol("ACME", "XNAS"), Symbol("ACME", "XLON")))
    assert also == ("BETA",)


TAGS = [
    ("$AAPL slides after hours", ["AAPL"]),
    ("Traders eye $AAPL, $MSFT and $AAPL again", ["AAPL", "MSFT"]),
    ("$BRK.B buys a railway", ["BRK.B"]),
    ("Calls on $F.", ["F"]),
    ("($GE) splits", ["GE"]),
    ("Acme (NASDAQ: ACME) halts trading", ["ACME"]),
    ("Acme (NYSE:ACM.A) halts trading", ["ACM.A"]),
    ("Acme (XNAS : ACME) to buy Beta (LSE: BETA)", ["ACME", "BETA"]),
    ("Acme <ACME.O> cuts its forecast", ["ACME"]),
    ("Beta <BETA.L> to buy Acme (NASDAQ: ACME), says $CORP", ["BETA", "ACME", "CORP"]),
]


@pytest.mark.parametrize(("headline", "found"), TAGS, ids=[headline for headline, _ in TAGS])
def test_tags_in_the_headline(headline: str, found: list[str]) -> None:
    """Cashtags, exchange tags and RICs name the securities, each once, in the order of the headline."""
    assert ids(headline) == found


@pytest.mark.parametrize(
    "headline",
    [
        "Acme raises $500 million",
        "Acme to pay $5B for Beta",
        "The US$B bond falls",
        "$aapl in lower case is slang",
        "Acme (the MAKER: of anvils) falls",
        "5 < 6.O > 4",
        "<acme.o> in lower case is mark-up",
        "AAPL without a mark may be any word",
        "Prices up A$1.2, C$3",
    ],
)
def test_what_is_no_tag(headline: str) -> None:
    """Sums of money, brackets and mark-up are no tickers: a stand-in is made, of no relevance."""
    entity, also = locate(item(headline))
    assert entity.id.startswith("ITEM:")
    assert (entity.symbols, entity.relevance, also) == ((), 0.0, ())


STORY = "Regulator fines the maker of anvils"


@pytest.mark.parametrize(
    "reprint",
    [
        STORY,
        STORY.upper(),
        f"UPDATE 2-{STORY}",
        f"RPT-{STORY}",
        f"BRIEF-{STORY}",
        f"*{STORY}*",
        "Regulator  fines: the maker of 'anvils'!",
        f"RPT-UPDATE 1-{STORY}",
        f"CORRECTED-UPDATE 1-{STORY}",
    ],
)
def test_a_reprint_shares_the_stand_in(reprint: str) -> None:
    """Case, punctuation and the wires' prefixes make no other story."""
    assert ids(reprint) == ids(STORY)


def test_another_story_has_another_stand_in() -> None:
    """A word more, a word less or another order is another story; so one cooldown never rests another's story."""
    stories = [
        STORY,
        f"{STORY} again",
        STORY.removesuffix(" anvils"),
        "The maker of anvils fines regulator",
        "株価急落",
    ]
    assert len({ids(story)[0] for story in stories}) == len(stories)


def test_a_stand_in_is_the_same_in_every_process() -> None:
    """The id rests on the words alone, not on Python's seeded hash: a restart must not change it."""
    assert ids(STORY) == ["ITEM:62c3dfd06e43"]
