"""ninjs items of all three generations."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from engine.codec.news import Decoded, decode
from engine.errors import EmptyError, SchemaError
from engine.types import NewsItem, Symbol

NOW = 1_772_458_200.0  # 2026-03-02T13:30:00Z
URI = "urn:newsml:example.com:20260302:1"
FIRST = {
    "uri": URI,
    "type": "text",
    "version": "2",
    "versioncreated": "2026-03-02T13:29:00Z",
    "firstcreated": "2026-03-02T13:00:00Z",
    "embargoed": "2026-03-02T14:00:00Z",
    "pubstatus": "usable",
    "headline": "Acme cuts guidance",
    "language": "en",
    "organisation": [
        {"name": "Acme", "rel": "about", "symbols": [{"ticker": "acme", "exchange": "xnas"}]},
        {"name": "Beta", "symbols": [{"ticker": "BETA", "exchange": "XNYS"}, {"ticker": "ACME", "exchange": "XNAS"}]},
        {"name": "Regulator"},
    ],
    "infosource": [{"name": "Example News"}],
    "body_text": "…",
    "description_caption": "…",
    "headline_short": "…",
    "altids": {"x": 1},
}
SECOND = {
    **{name: field for name, field in FIRST.items() if name not in ("headline", "organisation", "infosource")},
    "headlines": [{"role": "short", "value": "Acme cuts"}, {"role": "main", "value": "Acme cuts guidance"}],
    "organisations": FIRST["organisation"],
    "infosources": FIRST["infosource"],
    "bodies": [{"role": "main", "value": "…"}],
}
THIRD = {
    "uri": URI,
    "version": "2",
    "versionCreated": "2026-03-02T13:29:00Z",
    "firstCreated": "2026-03-02T13:00:00Z",
    "embargoedUntil": "2026-03-02T14:00:00Z",
    "pubStatus": "usable",
    "headlines": [{"value": "Acme cuts guidance", "contentType": "text/plain"}],
    "language": "en",
    "organisations": [
        {"symbols": [{"symbol": "ACME", "symbolType": "x:ticker", "exchange": "XNAS"}]},
        {"symbols": [{"symbol": "BETA", "exchange": "XNYS"}]},
    ],
    "infoSources": [{"name": "Example News", "role": "x:publisher"}],
    "plannedCoverage": {},
}


def ninjs(sample: Mapping[str, object] = FIRST, /, **fields: object) -> Decoded:
    """The sample with some fields set otherwise, decoded; a value of ``...`` leaves the field out."""
    merged = {name: field for name, field in {**sample, **fields}.items() if field is not ...}
    return decode(json.dumps(merged).encode(), now=NOW)


@pytest.mark.parametrize("sample", [FIRST, SECOND, THIRD], ids=["1.x", "2.x", "3.x"])
def test_generations(sample: Mapping[str, object]) -> None:
    """The same news in ninjs 1, 2 and 3 is the same item, and all fields of the standard are known."""
    decoded = ninjs(sample)
    assert decoded == Decoded(
        NewsItem(
            id=f"example-news:{URI}",
            revision=decoded.item.revision,
            source="example-news",
            headline="Acme cuts guidance",
            version=2,
            published=NOW - 60,
            first_created=NOW - 1800,
            embargo=NOW + 1800,
            symbols=(Symbol("ACME", "XNAS"), Symbol("BETA", "XNYS")),
            language="en",
        )
    )
    assert decoded.item.revision == ninjs(FIRST).item.revision


@pytest.mark.parametrize("name", ["embargoed", "embargoedUntil"])
def test_an_embargo_is_seen_in_either_spelling(name: str) -> None:
    """An embargo counts in whatever version's spelling it comes."""
    for sample in (FIRST, SECOND, THIRD):
        fields: dict[str, object] = {"embargoed": ..., "embargoedUntil": ..., name: NOW + 7}
        assert ninjs(sample, **fields).item.embargo == NOW + 7


@pytest.mark.parametrize("name", ["pubstatus", "pubStatus"])
def test_canceled_is_a_withdrawal(name: str) -> None:
    """A canceled item is withdrawn, and needs no headline."""
    fields: dict[str, object] = {"pubstatus": ..., "headline": ..., name: "canceled"}
    item = ninjs(**fields).item
    assert (item.status, item.headline) == ("withdrawn", "")


def test_withheld_needs_an_embargo() -> None:
    """Withheld with a time of release is an embargo; without one nobody could ever release it."""
    assert ninjs(pubstatus="withheld").item.embargo == NOW + 1800
    with pytest.raises(SchemaError, match="withheld"):
        ninjs(pubstatus="withheld", embargoed=...)


@pytest.mark.parametrize(
    ("version", "number", "flags"),
    [
        (..., 0, ()),
        (None, 0, ()),
        ("7", 7, ()),
        (" 7 ", 7, ()),
        (7, 7, ()),
        ("1.2", 0, ("version_unusable",)),
        ("draft", 0, ("version_unusable",)),
        ("", 0, ("version_unusable",)),
        ("٣", 0, ("version_unusable",)),
        (-1, 0, ("version_unusable",)),
        ("9" * 16, 0, ("version_unusable",)),
    ],
)
def test_version(version: object, number: int, flags: tuple[str, ...]) -> None:
    """A version that is no number to order by counts as 0, with a flag."""
    decoded = ninjs(version=version)
    assert (decoded.item.version, decoded.flags) == (number, flags)


@pytest.mark.parametrize(
    ("headlines", "headline"),
    [
        ([{"role": "short", "value": "a"}, {"value": "b"}, {"role": "main", "value": "c"}], "b"),
        ([{"role": "short", "value": "a"}, {"role": "alt", "value": "b"}], "a"),
        ([{"role": "main", "value": " "}, {"role": "main"}, {"role": "alt", "value": "b"}], "b"),
    ],
)
def test_of_several_headlines_the_main_one(headlines: object, headline: str) -> None:
    """The first main or unnamed headline with text is taken, else the first with text."""
    assert ninjs(SECOND, headlines=headlines).item.headline == headline


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"source": "Own", "provider": "P"}, "own"),
        ({"provider": "P"}, "p"),
        ({"provider": {"name": "P"}}, "p"),
        ({"source": None, "provider": {}}, "example-news"),
        ({"infosource": [{}, {"name": "Second"}]}, "second"),
    ],
)
def test_source(fields: dict[str, object], source: str) -> None:
    """The source is the item's own word, else its provider, else the first supplier with a name."""
    assert ninjs(**fields).item.source == source


def test_link_and_unknown_fields() -> None:
    """A link is taken where feeds put one; a field outside the standard is named."""
    decoded = ninjs(urlcanonical="https://example.com/1", priority=3, guid="x")
    assert decoded.item.url == "https://example.com/1"
    assert decoded.unknown == ("priority", "guid")


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"uri": ""}, SchemaError, "$.uri"),
        ({"uri": None, "id": "1"}, SchemaError, "$.uri"),
        ({"uri": "x" * 513}, SchemaError, "$.uri"),
        ({"headline": ...}, EmptyError, "headline"),
        ({"headline": ..., "headlines": []}, EmptyError, "headline"),
        ({"headline": ..., "headlines": ["x"]}, SchemaError, "$.headlines[0]"),
        ({"pubstatus": "cancelled"}, SchemaError, "$.pubstatus"),
        ({"versioncreated": "soon"}, SchemaError, "published: 'soon'"),
        ({"embargoed": "soon"}, SchemaError, "embargo: 'soon'"),
        ({"embargoed": ""}, SchemaError, "embargo"),
        ({"infosource": []}, SchemaError, "source"),
        ({"organisation": [{"symbols": [{"ticker": 1}]}]}, SchemaError, "ticker"),
    ],
)
def test_bad_fields_are_refused(fields: dict[str, object], error: type[Exception], message: str) -> None:
    """What cannot be used is refused, with the field's name or path."""
    with pytest.raises(error) as caught:
        ninjs(**fields)
    assert message in str(caught.value)
