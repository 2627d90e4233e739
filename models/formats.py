"""Readers of data files, one per format: bytes to numbered rows. Nothing here writes text anywhere."""

from __future__ import annotations

import ast
import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from engine.located import nearest
from models.errors import DataError
from models.profile import Profile, SourceSpec, TableSpec

_TFNS = {"0": "negative", "1": "positive", "2": "neutral"}
_PAIR = re.compile(r"""(?:'|")[^:]*?(?:'|")\s*:\s*['"](negative|neutral|positive)['"]""")
_ABOUT = ("id", "dataset", "stratum", "text", "ts_utc")
"""Columns of a labels file beside the heads; ``id`` and ``text`` must be there."""


class Row(msgspec.Struct):
    """One text with the labels it has. ``targets`` maps an output to a label; absent means masked.

    ``dataset`` is the collection the text is from, ``sources`` the profile's sources that gave it labels, ``file``
    the file it was read from. ``weight`` is how many rows of the real stream it stands for; 0 where it was drawn by
    its content.
    """

    id: str
    text: str
    targets: dict[str, str]
    dataset: str = ""
    month: str = ""
    sources: tuple[str, ...] = ()
    stratum: str = ""
    weight: float = 0.0
    file: str = ""


Numbered = Iterator[tuple[int, Row]]
"""Line number and row."""


def read_rows(path: Path, source: SourceSpec, profile: Profile) -> Numbered:
    """Every row of a file as its format says, with the labels as they stand there; nothing is left out.

    Raises:
        DataError: a column is missing or unknown, a row has other fields than the header, or a value that the
            profile's ``map`` does not know.
    """
    if source.table:
        return _read_table(path, source.table)
    if source.format == "labels":
        return _read_labels(path, source, profile)
    return {"tfns": _read_tfns, "sentfin": _read_sentfin}[source.format](path, source.name)


def _read_labels(path: Path, source: SourceSpec, profile: Profile) -> Numbered:
    heads = [head for head, spec in profile.heads.items() if spec.labels]
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        columns = list(reader.fieldnames or ())
        _has_columns(path, columns, ["id", "text"])
        for column in columns:
            if column not in (*_ABOUT, *heads):
                known = nearest(column, [*_ABOUT, *heads])
                raise DataError(f"{path}:1: column {column!r} is no head of profile {profile.id!r}{known}")
        if not set(heads) & set(columns):
            place = profile.where_source(source, "file")
            raise DataError(f"{place}{path}:1: labels none of the heads; known: {', '.join(heads)}")
        for line, record in _records(path, reader):
            targets = {head: record[head] for head in heads if record.get(head)}
            month, stratum = record.get("ts_utc", "")[:7], record.get("stratum", "")
            yield line, Row(record["id"], record["text"], targets, record.get("dataset", ""), month, stratum=stratum)


def _read_table(path: Path, table: TableSpec) -> Numbered:
    delimiter = {"comma": ",", "tab": "\t"}[table.separator]
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if table.quoted else csv.QUOTE_NONE
    with path.open(encoding=table.encoding, newline="") as file:
        reader = csv.DictReader(file, delimiter=delimiter, quoting=quoting)
        used = [*table.text, *(spec.column for spec in table.labels.values()), table.id, table.dataset]
        _has_columns(path, list(reader.fieldnames or ()), [column for column in used if column])
        for line, record in _records(path, reader):
            text = ". ".join(part for column in table.text if (part := record[column].strip().rstrip(".")))
            text = record[table.text[0]] if len(table.text) == 1 else text
            targets = {
                output: label
                for output, spec in table.labels.items()
                if (label := _label(path, line, record[spec.column], spec.map))
            }
            known_by = record[table.id] if table.id else f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
            yield line, Row(known_by, text, targets, record[table.dataset] if table.dataset else "")


def _label(path: Path, line: int, value: str, names: dict[str, str | None]) -> str | None:
    """The label that a value stands for; None where it stands for none, or there is none."""
    if not value or not names:
        return value
    if value not in names:
        raise DataError(f"{path}:{line}: the profile's `map` says nothing of {value!r}{nearest(value, names)}")
    return names[value]


def _records(path: Path, reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields; a row with more or fewer fields than the header is refused."""
    for record in reader:
        if None in record or None in record.values():
            wanted = len(reader.fieldnames or ())
            raise DataError(f"{path}:{reader.line_num}: not {wanted} fields, as the header has; mend or delete the row")
        yield reader.line_num, record


def _has_columns(path: Path, columns: list[str], wanted: list[str]) -> None:
    for column in wanted:
        if column not in columns:
            raise DataError(f"{path}:1: no column {column!r}{nearest(column, columns)}")


def _read_tfns(path: Path, name: str) -> Numbered:
    with path.open(encoding="utf-8", newline="") as file:
        for line, record in enumerate(csv.DictReader(file), start=2):
            label = _TFNS.get(record["label"], record["label"])
            yield line, Row(f"{name}-{line}", record["text"], {"sentiment@tfns": label})


def _read_sentfin(path: Path, name: str) -> Numbered:
    """Titles whose entities agree; a title with mixed labels has no sentiment of its own."""
    with path.open(encoding="utf-8", newline="") as file:
        for line, record in enumerate(csv.DictReader(file), start=2):
            labels = set(_decisions(record["Decisions"]))
            if len(labels) == 1:
                yield line, Row(f"{name}-{line}", record["Title"], {"sentiment@sentfin": labels.pop()})


def _decisions(text: str) -> list[str]:
    try:
        return list(ast.literal_eval(text).values())
    except (SyntaxError, ValueError):  # Apostrophes inside names are not escaped in the file.
        return _PAIR.findall(text)
