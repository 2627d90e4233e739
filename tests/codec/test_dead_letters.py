"""Dead letters keep what came and say why it could not be used."""

from __future__ import annotations

import pytest

from engine.codec import dead_letters
from engine.types import DeadLetter, Delivery, Origin

NOW = 1_772_458_200.0  # 2026-03-02T13:30:00Z
ORIGIN = Origin("news.raw", 3, 17)
REASONS = {
    "__connect.errors.topic": b"news.raw",
    "__connect.errors.partition": b"3",
    "__connect.errors.offset": b"17",
    "__connect.errors.stage": b"decode",
    "__connect.errors.exception.class.name": b"engine.errors.SchemaError",
    "__connect.errors.exception.message": b"headline: missing",
    "__flashwire.first_seen": b"2026-03-02T13:29:58.000000Z",
    "__flashwire.failed": b"2026-03-02T13:30:00.000000Z",
}


def letter(message: str = "headline: missing", **fields: object) -> DeadLetter:
    """A dead letter from a delivery with these fields."""
    delivery = Delivery(ORIGIN, **{"value": b"{}", "first_seen": NOW - 2, **fields})  # type: ignore[arg-type]
    return DeadLetter(delivery, "decode", "SchemaError", message)


@pytest.mark.parametrize("value", [None, b"", b"\xff\x00{", b"x" * 2_000_000])
@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_key_and_value_are_kept(key: bytes | None, value: bytes | None) -> None:
    """Whatever came goes out byte for byte, null and empty told apart."""
    assert dead_letters.encode(letter(key=key, value=value), now=NOW)[:2] == (key, value)


def test_reasons() -> None:
    """The headers tell where the message stood, what failed, and when, by Kafka Connect's names."""
    assert dict(dead_letters.encode(letter(), now=NOW)[2]) == REASONS


def test_original_headers_come_first() -> None:
    """The message's own headers are kept as they were, repeated names and odd bytes too."""
    own = (("trace", b"1"), ("trace", b"2"), ("odd", b"\xff"))
    headers = dead_letters.encode(letter(headers=own), now=NOW)[2]
    assert headers == [*own, *REASONS.items()]


def test_a_second_failure_replaces_the_first() -> None:
    """A letter that was sent back and failed again gives one set of reasons, the latest."""
    first = dead_letters.encode(letter("old reason", headers=(("trace", b"1"),)), now=NOW - 1)[2]
    headers = dead_letters.encode(letter(headers=tuple(first)), now=NOW)[2]
    assert headers == [("trace", b"1"), *REASONS.items()]


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("x" * 501, b"x" * 500),
        ("é" * 501, "é".encode() * 500),
        ("lone \ud800 half", b"lone ? half"),
        ("", b""),
    ],
)
def test_message_is_short_valid_utf8(message: str, written: bytes) -> None:
    """The error's message is cut between characters and always valid UTF-8."""
    headers = dict(dead_letters.encode(letter(message), now=NOW)[2])
    assert headers["__connect.errors.exception.message"] == written
