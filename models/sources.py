"""One data file to the rows that a source asks for, and what is refused on the way."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

from engine.located import nearest
from models.errors import DataError
from models.formats import Row, read_rows
from models.profile import Profile, SourceSpec


def read_source(data: Path, source: SourceSpec, profile: Profile, dropped: Counter[str] | None = None) -> list[Row]:
    """The rows of one file that the source asks for; ``dropped`` counts those that cannot be used, and why.

    Raises:
        DataError: the file is missing, is not the one that was pinned, lacks a column, names a data set that is not
            there, or a row has an unknown label or contradicts another one.
    """
    path = _found(data / source.file, source, profile)
    rows = []
    try:
        for line, row in read_rows(path, source, profile):
            for output, label in row.targets.items():
                if label not in profile.classes(output):
                    known = profile.classes(output)
                    raise DataError(f"{path}:{line}: {output}: unknown label {label!r}; known: {known}")
            row.sources, row.file = (source.name,), source.file
            row.weight = source.base_rate.get(row.stratum, 0.0)
            rows.append((line, row))
    except UnicodeDecodeError as error:
        mend = "name its encoding in the profile" if source.table else "save it as UTF-8"
        raise DataError(f"{path}: is not valid {error.encoding.upper()}; {mend}") from None
    except csv.Error as error:
        raise DataError(f"{path}: {error}; is it separated and quoted as the profile says?") from None
    return _chosen(_agreeing(path, rows, source, Counter() if dropped is None else dropped), source, profile)


def share_of(text: str) -> float:
    """A fixed number in [0, 1) for a text, so that a row keeps its side of a split when data grows."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _found(path: Path, source: SourceSpec, profile: Profile) -> Path:
    if not path.is_file():
        place = profile.where_source(source, "file")
        raise DataError(f"{place}{path}: no such file; give the data folder with --data or FLASHWIRE_DATA")
    if source.sha256 and (found := file_hash(path)) != source.sha256:
        place = profile.where_source(source, "sha256")
        raise DataError(
            f"{place}{path} has changed: its sha256 is {found}, the profile says {source.sha256}; "
            "bring the old file back, or write the new hash into the profile"
        )
    return path


def _agreeing(path: Path, rows: list[tuple[int, Row]], source: SourceSpec, dropped: Counter[str]) -> list[Row]:
    """Rows that have text and labels and that no other row of the file contradicts.

    In a labels file a contradiction is refused: it is ours to mend. In a table of someone else's, every row of a text
    with contradicting labels is dropped and counted.
    """
    by_id: dict[str, tuple[int, Row]] = {}
    by_text: dict[str, tuple[int, Row]] = {}
    torn: set[str] = set()
    for line, row in rows:
        text = " ".join(row.text.split()).casefold()
        first, other = by_id.setdefault(row.id, (line, row))
        if source.format == "labels" or (source.table and source.table.id):
            if not row.id:
                raise DataError(f"{path}:{line}: the id is empty; give every row an id of its own")
            if (other.text, other.targets) != (row.text, row.targets):
                raise DataError(f"{path}:{line}: id {row.id!r} stands on line {first} with another text or label")
        first, other = by_text.setdefault(text, (line, row))
        if text and _contradict(row, other):
            if source.format == "labels":
                raise DataError(
                    f"{path}:{line}: the text of {row.id!r} stands on line {first} with other labels; keep one of them"
                )
            torn.add(text)
    return [row for _, row in rows if _usable(row, source, torn, dropped)]


def _contradict(one: Row, other: Row) -> bool:
    return any(one.targets[output] != other.targets[output] for output in one.targets.keys() & other.targets.keys())


def _usable(row: Row, source: SourceSpec, torn: set[str], dropped: Counter[str]) -> bool:
    if source.format != "table":
        return True
    text = " ".join(row.text.split()).casefold()
    why = "empty" if not text else "no label" if not row.targets else "conflicting labels" if text in torn else ""
    if why:
        dropped[f"{source.name}: {why}"] += 1
    return not why


def _chosen(rows: list[Row], source: SourceSpec, profile: Profile) -> list[Row]:
    """The rows of the data sets asked for, and of those the share that is taken for evaluation."""
    there = {row.dataset for row in rows}
    for number, name in enumerate(source.only):
        if name not in there:
            place = profile.where_source(source, f"only[{number}]")
            raise DataError(f"{place}{source.file} has no row of data set {name!r}{nearest(name, there)}")
    rows = [row for row in rows if not source.only or row.dataset in source.only]
    return [row for row in rows if not source.share or share_of(f"evaluation {row.id}") < source.share]
