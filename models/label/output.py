"""What a run leaves: the labels file, how the passes voted, and the rows that no answer could be had for.

Each file is written whole beside its name and then renamed, so that a reader never sees half of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from models.errors import DataError
from models.label.order import Heads
from models.label.texts import Text
from models.label.vote import Vote

Votes = dict[str, dict[str, Vote]]
"""Text → head → its vote; a text without a decision is absent."""


def write_labels(path: Path, texts: Sequence[Text], votes: Votes, heads: Heads) -> None:
    """The labels file: id, dataset, stratum, text, a column for each head, ts_utc. An unknown label is blank."""
    rows = (
        [one.id, one.dataset, one.stratum, one.text, *(_label(votes, one, head) for head in heads), one.ts_utc]
        for one in texts
    )
    _write(path, ["id", "dataset", "stratum", "text", *heads, "ts_utc"], rows)


def write_votes(path: Path, texts: Sequence[Text], votes: Votes, heads: Heads) -> None:
    """Per row and head the share of agreement and every label's votes: ``0.67`` and ``high 2, medium 1``."""
    header = ["id", *(column for head in heads for column in (f"{head}_share", f"{head}_votes"))]
    rows = ([one.id, *_told(votes[one.text], heads)] for one in texts if one.text in votes)
    _write(path, header, rows)


def write_rejects(path: Path, texts: Sequence[Text], reasons: dict[str, str]) -> int:
    """The rows whose text has a reason; returns how many. Without any, the file of an earlier run is removed."""
    rows = [
        [one.id, str(one.line), one.text, " ".join(reasons[one.text].split())] for one in texts if one.text in reasons
    ]
    if rows:
        _write(path, ["id", "line", "text", "reason"], rows)
    else:
        path.unlink(missing_ok=True)
    return len(rows)


def _label(votes: Votes, text: Text, head: str) -> str:
    found = votes.get(text.text)
    return found[head].label if found else ""


def _told(votes: dict[str, Vote], heads: Heads) -> Iterable[str]:
    for head in heads:
        yield f"{votes[head].share:.2f}"
        yield ", ".join(f"{label} {count}" for label, count in votes[head].counts.items())


def _write(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    # No field holds a tab or a line's end: texts are flat, labels come from the profile. So nothing is quoted.
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.writelines("\t".join(row) + "\n" for row in (header, *rows))
        partial.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: {error.strerror}: the answers are in the cache; run again with another --out"
        ) from None
