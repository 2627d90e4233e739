"""Journal records, there and back without loss."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.codec import journal
from engine.errors import DeadLetterError, EmptyError, NotJsonError, SchemaError
from engine.types import Entity, NewsItem, Origin, ScoredItem, Symbol

NOW = 1_772_458_200.123457
RECORD = ScoredItem(
    item=NewsItem("reuters:1", "3971c78b8ce796ed", "reuters", "Acme cuts guidance", symbols=(Symbol("ACME", "XNAS"),)),
    entity=Entity("ACME", (Symbol("ACME", "XNAS"),)),
    first_seen=NOW,
    scored=NOW + 0.003,
    decided=NOW + 0.0041,
    origin=Origin("news.raw", 3, 17),
    scores={"trigger": 0.30000001192092896},
    model="news-flash",
)
SYMBOLS = st.lists(st.builds(Symbol, exchange=st.text(max_size=4)), max_size=2).map(tuple)
INSTANTS = st.floats(0, 1e11)
MAYBE = st.none() | INSTANTS
RECORDS = st.builds(
    ScoredItem,
    item=st.builds(
        NewsItem,
        version=st.integers(0, 2**53),
        status=st.sampled_from(["usable", "withdrawn"]),
        published=MAYBE,
        first_created=MAYBE,
        embargo=MAYBE,
        symbols=SYMBOLS,
        language=st.text(max_size=4),
        url=st.text(max_size=8),
    ),
    entity=st.builds(Entity, symbols=SYMBOLS, relevance=st.floats(0, 1)),
    first_seen=INSTANTS,
    scored=INSTANTS,
    decided=INSTANTS,
    also=st.lists(st.text(max_size=4), max_size=2).map(tuple),
    scores=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    model=st.text(max_size=8),
)


def test_key() -> None:
    """The key is the item's id."""
    assert journal.encode(RECORD)[0] == b"reuters:1"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS)
def test_round_trip(record: ScoredItem) -> None:
    """A record read back is the one that was written, every float to the last bit."""
    assert journal.decode(journal.encode(record)[1]) == record


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_single_precision_scores(score: float) -> None:
    """A score that came from the model in single precision comes back as the same bits."""
    record = ScoredItem(RECORD.item, RECORD.entity, NOW, NOW, NOW, RECORD.origin, scores={"trigger": score})
    back = journal.decode(journal.encode(record)[1]).scores["trigger"]
    assert struct.pack("d", back) == struct.pack("d", score)


def test_later_fields_are_passed_over() -> None:
    """A record with fields of a later version is read."""
    value = journal.encode(RECORD)[1]
    assert journal.decode(value[:-1] + b',"story":{"id":"s"}}') == RECORD


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, EmptyError),
        (b"", EmptyError),
        (b"{", NotJsonError),
        (b"[" * 100_000, DeadLetterError),
        (b'{"item":' * 100_000, DeadLetterError),
        (b"{}", SchemaError),
        (journal.encode(RECORD)[1].replace(b"0.30000001192092896", b"null"), SchemaError),
        (journal.encode(RECORD)[1].replace(b"Acme", b"\xff"), NotJsonError),
    ],
)
def test_what_is_no_record(value: bytes | None, error: type[DeadLetterError]) -> None:
    """Anything but a record is refused with an error that the reader can pass over."""
    with pytest.raises(error):
        journal.decode(value)
