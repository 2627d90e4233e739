"""JSON bytes through a prepared decoder, every failure as an error of ours."""

from __future__ import annotations

from typing import TypeVar

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from engine.errors import NotJsonError, SchemaError

T = TypeVar("T")


def parse(decoder: Decoder[T], value: bytes) -> T:
    """The decoded value.

    Raises:
        NotJsonError: malformed JSON (NaN, Infinity and lone surrogates among it), invalid UTF-8 in a string
            that is decoded, or nesting deeper than the interpreter's recursion limit.
        SchemaError: the wrong type or out of bounds; the message ends in the path.
    """
    try:
        return decoder.decode(value)
    except ValidationError as error:
        raise SchemaError(str(error)) from None
    except (DecodeError, UnicodeDecodeError) as error:
        raise NotJsonError(str(error)) from None
    except RecursionError:
        raise NotJsonError("nested too deeply") from None


def demand_utf8(value: bytes) -> None:
    """Refuse bytes that are not UTF-8 anywhere: the decoder looks only into the fields that it keeps.

    Raises:
        NotJsonError: the message names the first bad byte.
    """
    if value.isascii():
        return
    try:
        value.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8: {error.reason} (byte {error.start})") from None
