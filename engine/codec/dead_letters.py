"""Dead letters: what came, byte for byte, with the reason in headers that carry Kafka Connect's names.

https://kafka.apache.org/documentation/#connect (``errors.deadletterqueue.context.headers.enable``). Connect's
``connector.name``, ``task.id``, ``class.name`` and ``exception.stacktrace`` have no counterpart here.
"""

from __future__ import annotations

from engine.codec.times import write
from engine.types import DeadLetter, Instant

_PREFIX = "__connect.errors."
_OURS = "__flashwire."
_MESSAGE_LIMIT = 500  # characters
Headers = list[tuple[str, bytes]]


def encode(letter: DeadLetter, *, now: Instant) -> tuple[bytes | None, bytes | None, Headers]:
    """Key and value untouched, and headers: the original ones, then the reasons.

    The reasons of an earlier failure are left out, so that a letter sent back and failing again has one of each.
    """
    delivery = letter.delivery
    reasons = {
        f"{_PREFIX}topic": delivery.origin.topic,
        f"{_PREFIX}partition": str(delivery.origin.partition),
        f"{_PREFIX}offset": str(delivery.origin.offset),
        f"{_PREFIX}stage": letter.stage,
        f"{_PREFIX}exception.class.name": f"engine.errors.{letter.error}",
        f"{_PREFIX}exception.message": letter.message[:_MESSAGE_LIMIT],
        f"{_OURS}first_seen": write(delivery.first_seen),
        f"{_OURS}failed": write(now),
    }
    kept = [header for header in delivery.headers if not header[0].startswith((_PREFIX, _OURS))]
    # An error's message may quote text that UTF-8 cannot hold.
    added = [(name, text.encode("utf-8", "replace")) for name, text in reasons.items()]
    return delivery.key, delivery.value, kept + added
