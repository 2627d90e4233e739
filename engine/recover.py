"""State after a restart: what the alert topics hold may not be said again, what the journal holds is not scored again.

Published alerts come first. They are facts, and live state is a function of them alone; folding the journal first
could let a different item win a dedup key than the one that was already told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.rules import Evaluator
from engine.types import Alert, Origin, ScoredItem

Committed = Mapping[tuple[str, int], int]


def recover(
    rules: Evaluator, alerts: Iterable[Alert], records: Iterable[ScoredItem], committed: Committed
) -> dict[Origin, ScoredItem]:
    """Fold the past into the rules' state, with emission off.

    Args:
        rules: the evaluator, its rules adopted.
        alerts: what the alert topics hold within ``rules.horizon``, in order.
        records: the journal's tail over the same time, in order.
        committed: for every partition of the source, the offset up to which all is acknowledged.

    Returns:
        The records whose messages will be delivered again, by where they stand: they are decided anew, so an
        alert that was lost with the crash goes out now, with the id it would have had.
    """
    for alert in alerts:
        rules.published(alert)
    again = {}
    for record in records:
        rules.replay(record)
        origin = record.origin
        if origin.offset >= committed.get((origin.topic, origin.partition), 0):
            again[origin] = record
    return again
