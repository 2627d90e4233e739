"""Plain items: fields, what is mended, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.codec.news import AHEAD, Decoded, decode
from engine.errors import DeadLetterError, EmptyError, NotJsonError, SchemaError
from engine.types import NewsItem, Symbol

NOW = 1_772_458_200.0  # 2026-03-02T13:30:00Z
ITEM = {"id": "1", "source": "reuters", "headline": "Acme cuts guidance", "published": "2026-03-02T13:29:59.250Z"}


def plain(**fields: object) -> Decoded:
    """The sample item with some fields set otherwise, decoded; a value of ``...`` leaves the field out."""
    merged = {name: field for name, field in {**ITEM, **fields}.items() if field is not ...}
    return decode(json.dumps(merged).encode(), now=NOW)


def test_every_field() -> None:
    """A full item comes out whole, without flags or unknown fields."""
    decoded = plain(
        first_created=NOW - 60,
        embargo="2026-03-02T14:00:00+01:00",
        version=3,
        status="usable",
        tickers=["xnas:acme", "BRK.B"],
        language="en",
        url="https://example.com/1",
        body="…" * 1000,
        summary={"any": ["thing"]},
    )
    assert decoded == Decoded(
        NewsItem(
            id="reuters:1",
            revision=decoded.item.revision,
            source="reuters",
            headline="Acme cuts guidance",
            version=3,
            published=NOW - 0.75,
            first_created=NOW - 60,
            embargo=NOW - 1800,
            symbols=(Symbol("ACME", "XNAS"), Symbol("BRK.B")),
            language="en",
            url="https://example.com/1",
        )
    )


def test_least_item() -> None:
    """Id, source and headline are enough; that the time of publication is missing is flagged."""
    decoded = plain(published=...)
    assert decoded.item.published is None
    assert decoded.flags == ("published_missing",)


def test_nulls_are_missing_fields() -> None:
    """A null in an optional field is as if the field were not there."""
    names = ("published", "first_created", "embargo", "version", "status", "replaces", "tickers", "language", "url")
    assert plain(**dict.fromkeys(names)) == plain(published=...)


def test_correction_takes_the_id_of_what_it_replaces() -> None:
    """An item that replaces another is a version of that one."""
    assert plain(id="2", replaces="1").item.id == "reuters:1"


def test_withdrawn_needs_no_headline() -> None:
    """A withdrawal is an item even without a headline."""
    item = plain(status="withdrawn", headline=...).item
    assert (item.status, item.headline) == ("withdrawn", "")


@pytest.mark.parametrize(
    ("named", "default", "slug"),
    [
        ("Reuters", "", "reuters"),
        ("  Business  Wire® ", "", "business-wire"),
        ("sec.gov", "", "sec.gov"),
        ("a:b", "", "a-b"),
        ("dpa_afx", "", "dpa_afx"),
        ("ÉCHOS", "", "échos"),
        (..., "Default Feed", "default-feed"),
        (None, "x", "x"),
        ("own", "default", "own"),
    ],
)
def test_source(named: object, default: str, slug: str) -> None:
    """A source is a slug, so that rules can name it and the id has one colon that counts."""
    fields = {**ITEM, "source": named} if named is not ... else {k: v for k, v in ITEM.items() if k != "source"}
    item = decode(json.dumps(fields).encode(), source=default, now=NOW).item
    assert (item.source, item.id) == (slug, f"{slug}:1")


@pytest.mark.parametrize(
    ("raw", "clean", "flags"),
    [
        ("  Acme \t cuts\r\n guidance\u00a0\u2028now ", "Acme cuts guidance now", ()),
        ("\x1b[1;31mAcme\x1b[0m cuts", "Acme cuts", ()),
        ("A\x00c\x07me\x7f\u009b", "Acme", ()),
        ("\u202eAcme\u202c \u2066cuts\u2069 \u200f\ufeff\u200bnow\u00ad", "Acme cuts now", ()),
        ("Acme\x1b", "Acme", ()),
        ("می\u200cرود 👩\u200d💻", "می\u200cرود 👩\u200d💻", ()),
        ("x" * 1000, "x" * 1000, ()),
        ("x" * 1001, "x" * 1000, ("headline_cut",)),
        ("x" * 999 + " yz", "x" * 999, ("headline_cut",)),
        ("x " * 300_000, ("x " * 500)[:-1], ("headline_cut",)),
    ],
)
def test_headline_is_cleaned(raw: str, clean: str, flags: tuple[str, ...]) -> None:
    """White space is collapsed, what cannot be seen removed, and what is too long cut."""
    decoded = plain(headline=raw)
    assert (decoded.item.headline, decoded.flags) == (clean, flags)


@pytest.mark.parametrize(
    ("tickers", "symbols", "flags"),
    [
        ([], (), ()),
        (["aapl", " AAPL ", "xnas:aapl"], (Symbol("AAPL"), Symbol("AAPL", "XNAS")), ()),
        ([":AAPL"], (Symbol("AAPL"),), ()),
        (["", " ", "XNAS:", "A\u202eB", "X" * 33, f"{'X' * 33}:A", "OK"], (Symbol("OK"),), ("symbols_dropped",)),
        ([f"T{n}" for n in range(64)] + ["t0"], tuple(Symbol(f"T{n}") for n in range(64)), ()),
        ([f"T{n}" for n in range(65)], tuple(Symbol(f"T{n}") for n in range(64)), ("symbols_dropped",)),
    ],
)
def test_tickers(tickers: list[str], symbols: tuple[Symbol, ...], flags: tuple[str, ...]) -> None:
    """Tickers are upper-cased and kept once; unusable ones and those past the 64th are dropped with a flag."""
    decoded = plain(tickers=tickers)
    assert (decoded.item.symbols, decoded.flags) == (symbols, flags)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "https://x\u202e", "https://" + "x" * 2048])
def test_only_a_web_link_is_kept(url: str) -> None:
    """A link that would be unsafe to show is dropped with a flag; the item stays."""
    decoded = plain(url=url)
    assert (decoded.item.url, decoded.flags) == ("", ("url_dropped",))


@pytest.mark.parametrize(
    ("stamp", "instant", "flags"),
    [
        ("2026-03-02T13:29:00Z", NOW - 60, ()),
        ("2026-03-02t13:29:00z", NOW - 60, ()),
        ("2026-03-02T14:29:00+01:00", NOW - 60, ()),
        ("2026-03-02 08:29:00-0500", NOW - 60, ()),
        ("2026-03-02T13:29:00.000001999Z", NOW - 60 + 1e-6, ()),
        ("2026-03-02T13:29:00", NOW - 60, ("published_without_zone",)),
        ("2026-03-02", NOW - 48_600, ("published_without_zone",)),
        (NOW, NOW, ()),
        (int(NOW), NOW, ()),
        (NOW * 1000 - 250, NOW - 0.25, ()),
        (0, 0.0, ()),
        ("1999-12-31T23:59:59Z", 946_684_799.0, ()),
        (NOW + AHEAD, NOW + AHEAD, ()),
        (NOW + AHEAD + 1, None, ("published_in_future",)),
        ("2999-01-01T00:00:00", None, ("published_without_zone", "published_in_future")),
    ],
)
def test_published(stamp: object, instant: float | None, flags: tuple[str, ...]) -> None:
    """Times with and without a zone, in seconds and milliseconds; what lies ahead is not believed, what is old is."""
    decoded = plain(published=stamp)
    assert (decoded.item.published, decoded.flags) == (instant, flags)


def test_other_stamps_have_flags_of_their_own() -> None:
    """An embargo may lie ahead, a first creation may not; each lack of a zone is flagged by its field."""
    decoded = plain(first_created="2026-03-02T15:00:00", embargo="2026-03-02T15:00:00Z")
    assert decoded.item.first_created is None
    assert decoded.item.embargo == NOW + 5400
    assert decoded.flags == ("first_created_without_zone", "first_created_in_future")


def test_unknown_fields_are_named_and_left_out() -> None:
    """A field that no one knows costs the item nothing; the caller can count it."""
    decoded = plain(mood="grim", Headline={"x": [1]})
    assert decoded.item == plain().item
    assert decoded.unknown == ("mood", "Headline")


def test_of_a_key_given_twice_the_last_counts() -> None:
    """JSON leaves this open; we take the last."""
    value = b'{"id":"1","headline":"old","headline":"new","source":"x"}'
    assert decode(value, now=NOW).item.headline == "new"


@pytest.mark.parametrize("character", ["x", "é"])
def test_large_bodies_pass(character: str) -> None:
    """A body of two megabytes is skipped, known field or not."""
    assert plain(body=character * 2_000_000).item == plain(text=character * 2_000_000).item == plain().item


BAD: list[tuple[dict[str, Any], type[DeadLetterError], str]] = [
    ({"id": ...}, SchemaError, "neither `uri` (ninjs) nor `id` (plain)"),
    ({"id": ""}, SchemaError, "$.id"),
    ({"id": "  "}, SchemaError, "id: blank"),
    ({"id": None}, SchemaError, "$.id"),
    ({"id": 7}, SchemaError, "Expected `str`, got `int` - at `$.id`"),
    ({"id": "x" * 513}, SchemaError, "$.id"),
    ({"replaces": ""}, SchemaError, "$.replaces"),
    ({"source": ...}, SchemaError, "source"),
    ({"source": "®"}, SchemaError, "source"),
    ({"source": "x" * 65}, SchemaError, "source"),
    ({"headline": ...}, EmptyError, "headline"),
    ({"headline": None}, EmptyError, "headline"),
    ({"headline": " \u202e\u200b\x00\t"}, EmptyError, "headline"),
    ({"headline": ["x"]}, SchemaError, "$.headline"),
    ({"version": -1}, SchemaError, "$.version"),
    ({"version": 1.5}, SchemaError, "$.version"),
    ({"version": "1"}, SchemaError, "$.version"),
    ({"version": 2**60}, SchemaError, "$.version"),
    ({"version": True}, SchemaError, "$.version"),
    ({"status": "killed"}, SchemaError, "$.status"),
    ({"tickers": "AAPL"}, SchemaError, "$.tickers"),
    ({"tickers": ["AAPL", None]}, SchemaError, "$.tickers[1]"),
    ({"published": "yesterday"}, SchemaError, "published: 'yesterday'"),
    ({"published": ""}, SchemaError, "published"),
    ({"published": "1772458200000"}, SchemaError, "published"),
    ({"published": "Mon, 02 Mar 2026 13:29:59 GMT"}, SchemaError, "published"),
    ({"published": "2026-02-30T00:00:00Z"}, SchemaError, "published"),
    ({"published": "0001-01-01T00:00:00+23:00"}, SchemaError, "published"),
    ({"published": "x" * 100_000}, SchemaError, "published"),
    ({"published": -1}, SchemaError, "published"),
    ({"published": 1e308}, SchemaError, "published"),
    ({"published": 10**300}, SchemaError, "published"),
    ({"published": 10**400}, SchemaError, "published"),
    ({"published": NOW * 1e6}, SchemaError, "published"),
    ({"published": True}, SchemaError, "$.published"),
    ({"published": {}}, SchemaError, "$.published"),
    ({"first_created": "x"}, SchemaError, "first_created"),
    ({"embargo": "tomorrow"}, SchemaError, "embargo"),
    ({"embargo": "2026-03-02T15:00:00"}, SchemaError, "names no zone"),
    ({"embargo": 10**30}, SchemaError, "embargo"),
    ({"language": 1}, SchemaError, "$.language"),
    ({"url": []}, SchemaError, "$.url"),
]


@pytest.mark.parametrize(("fields", "error", "message"), BAD)
def test_bad_fields_are_refused(fields: dict[str, Any], error: type[DeadLetterError], message: str) -> None:
    """What cannot be used is refused with the field's name, in a message of reasonable length."""
    with pytest.raises(error) as caught:
        plain(**fields)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, EmptyError, "null value (tombstone)"),
        (b"", EmptyError, "empty value"),
        (b"  \n", NotJsonError, ""),
        (b"<xml/>", NotJsonError, ""),
        (b"null", SchemaError, "Expected `object`"),
        (b"[1]", SchemaError, "Expected `object`"),
        (b'"id"', SchemaError, "Expected `object`"),
        (b"{}", SchemaError, "neither"),
        (b'{"id":"1"', NotJsonError, ""),
        (b'{"id":"1","headline":"x","source":"x"} {}', NotJsonError, ""),
        (b'\xef\xbb\xbf{"id":"1"}', NotJsonError, ""),
        (b'{"id":"1","source":"x","headline":"x\xff"}', NotJsonError, "not UTF-8"),
        (b'{"id":"1","source":"x","headline":"x","body":"\xff"}', NotJsonError, "not UTF-8"),
        (b'{"id":"1","source":"x","headline":"x","other":"\xed\xa0\x80"}', NotJsonError, "not UTF-8"),
        (b'{"id":"1","source":"x","headline":"x \\ud800 y"}', NotJsonError, ""),
        (b'{"id":"1","source":"x","headline":"x","body":"x \\udc00 y, and so on"}', NotJsonError, "surrogate"),
        (b'{"id":"1","source":"x","headline":"x","published":NaN}', NotJsonError, ""),
        (b'{"id":"1","source":"x","headline":"x","published":Infinity}', NotJsonError, ""),
        (b'{"id":"1","source":"x","headline":"x","other":-Infinity}', NotJsonError, ""),
        (b'{"id":"1","source":"x","headline":"x","published":1e999}', SchemaError, "$.published"),
        (b'{"id":"1","source":"x","headline":"x","published":' + b"9" * 5000 + b"}", SchemaError, "$.published"),
        (b"[" * 100_000, SchemaError, ""),
        (b'{"id":"1","body":' + b"[" * 100_000, NotJsonError, "nested"),
        (b'{"id":' + b'{"id":' * 100_000, DeadLetterError, ""),
        (b'{"id":"1","other":' + b"[" * 5000 + b"]" * 5000 + b"}", NotJsonError, "nested"),
    ],
)
def test_bad_bytes_are_refused(value: bytes | None, error: type[DeadLetterError], message: str) -> None:
    """Values that are no JSON object of a format we know are refused and never crash the reader."""
    with pytest.raises(error) as caught:
        decode(value, now=NOW)
    assert message in str(caught.value)
