"""News in general: revisions, and that nothing but the errors we promise comes out of any bytes."""

from __future__ import annotations

import json
import sys
import unicodedata

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.codec import headlines, ninjs, plain
from engine.codec.news import Decoded, decode
from engine.errors import DeadLetterError
from tests.codec.test_news_ninjs import FIRST, THIRD
from tests.codec.test_news_plain import ITEM, NOW
from tests.codec.test_news_plain import plain as decoded

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["usable", "withheld", "canceled", "withdrawn", "2026-03-02", "9999-12-31T23:59:59-23:59"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted(plain.KNOWN | set(ninjs.Ninjs.__struct_encode_fields__))


# A busy machine is slow, which says nothing about the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survives(value: bytes) -> None:
    """Decode; only a ``DeadLetterError`` may come of it, else an item that goes through JSON unharmed."""
    try:
        result = decode(value, source="x", now=NOW)
    except DeadLetterError:
        return
    assert isinstance(result, Decoded)
    item = result.item
    assert all(unicodedata.category(c) != "Cc" for c in item.headline)
    assert item.headline or item.status == "withdrawn"
    assert 0 < len(item.source) <= 64
    assert len(item.headline) <= headlines.LIMIT
    assert len(item.symbols) <= 64
    orjson.dumps([item.id, item.headline, item.url, item.language, *result.unknown])


@unhurried
@given(st.binary())
def test_any_bytes(value: bytes) -> None:
    """Whatever the bytes, the reader gets an item or a dead letter."""
    survives(value)


@unhurried
@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_values_in_known_fields(fields: dict[str, object]) -> None:
    """Whatever stands in the fields that we know, the reader gets an item or a dead letter."""
    survives(json.dumps(fields).encode())


@unhurried
@given(st.sampled_from([ITEM, FIRST, THIRD]), st.sampled_from(NAMES), JSON)
def test_any_value_in_one_field(sample: dict[str, object], name: str, field: object) -> None:
    """Whatever stands in one field of a sound item, the reader gets an item or a dead letter."""
    survives(json.dumps({**sample, name: field}).encode())


@unhurried
@given(st.sampled_from([ITEM, FIRST, THIRD]), st.integers(min_value=0), st.binary(max_size=4))
def test_damaged_items(sample: dict[str, object], where: int, patch: bytes) -> None:
    """Whatever bytes overwrite a sound item, the reader gets an item or a dead letter."""
    value = json.dumps(sample, ensure_ascii=False).encode()
    at = where % len(value)
    survives(value[:at] + patch + value[at + len(patch) :])


@unhurried
@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A clean headline stays as it is."""
    once = headlines.clean(text, [])
    assert headlines.clean(once, []) == once


def test_every_control_and_format_character_is_removed() -> None:
    """None of Unicode's control and format characters survives but the two joiners."""
    unseen = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in ("Cc", "Cf")]
    assert headlines.clean("".join(unseen), []).replace(" ", "") == "\u200c\u200d"


def test_revision_is_pinned() -> None:
    """Alert ids are made of revisions, so the recipe may not change by accident."""
    assert decoded().item.revision == "3971c78b8ce796ed"


@pytest.mark.parametrize(
    "fields",
    [
        {"published": "2026-03-02T13:00:00Z"},
        {"first_created": 1.0},
        {"embargo": 1.0},
        {"url": "https://example.com"},
        {"language": "en"},
        {"body": "more"},
        {"other": 1},
        {"headline": " Acme  cuts\u200b guidance "},
        {"version": 0},
    ],
)
def test_revision_stays(fields: dict[str, object]) -> None:
    """An item that says the same has the same revision, whatever else changed on the way."""
    assert decoded(**fields).item.revision == decoded().item.revision


@pytest.mark.parametrize(
    "fields",
    [{"version": 1}, {"status": "withdrawn"}, {"headline": "Acme cuts guidance again"}, {"tickers": ["ACME"]}],
)
def test_revision_changes(fields: dict[str, object]) -> None:
    """An item that says something else has another revision."""
    assert decoded(**fields).item.revision != decoded().item.revision


def test_revision_does_not_hang_on_the_order_of_tickers() -> None:
    """Feeds that list tickers in any order say the same."""
    assert decoded(tickers=["A", "B"]).item.revision == decoded(tickers=["B", "A"]).item.revision
