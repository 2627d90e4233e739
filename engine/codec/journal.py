"""Records of the journal (``news.scored``): JSON, with every float as it was, so that a replay decides the same."""

from __future__ import annotations

from msgspec.json import Decoder, Encoder

from engine.codec.parsing import parse
from engine.errors import EmptyError
from engine.types import ScoredItem

_ENCODER = Encoder()
_DECODER = Decoder(ScoredItem)


def encode(record: ScoredItem) -> tuple[bytes, bytes]:
    """Key (the item's id) and value. Floats are written with as many digits as it takes to read them back."""
    return record.item.id.encode(), _ENCODER.encode(record)


def decode(value: bytes | None) -> ScoredItem:
    """The record. Fields of later versions are passed over.

    Raises:
        EmptyError: no value.
        NotJsonError: not JSON.
        SchemaError: JSON, but no record; the message names the path.
    """
    if not value:
        raise EmptyError("journal record without a value")
    return parse(_DECODER, value)
