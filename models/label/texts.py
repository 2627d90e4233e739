"""Texts to label, and rows that are labelled already: examples and gold."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from models.errors import DataError
from models.label.order import Heads
from models.label.records import Record, read_records


class Text(Struct, frozen=True):
    """One text as a labels file holds it, and the line it was read from. ``text`` is one line, without tabs."""

    id: str
    dataset: str
    stratum: str
    text: str
    ts_utc: str
    line: int


class Labelled(Struct, frozen=True):
    """A row with the labels it has; a head that is absent is unlabelled."""

    id: str
    text: str
    labels: dict[str, str]


def flat(text: str) -> str:
    """The text on one line: every run of white space is one space."""
    return " ".join(text.split())


def normal(text: str) -> str:
    """What makes two texts the same: white space and case do not tell them apart."""
    return flat(text).casefold()


def text_id(dataset: str, text: str) -> str:
    """The data set's name and 12 hex digits of the SHA-256 of the normal text."""
    return f"{dataset}-{hashlib.sha256(normal(text).encode()).hexdigest()[:12]}"


def read_texts(path: Path, column: str = "text", dataset: str = "") -> list[Text]:
    """The texts of a file, in its order; ``dataset`` (else the file's stem) names those that name no data set.

    Raises:
        DataError: the file cannot be read, or one id stands for two texts.
    """
    texts = [_text(record, column, dataset or path.stem) for record in read_records(path, column)]
    seen: dict[str, Text] = {}
    for one in texts:
        first = seen.setdefault(one.id, one)
        if normal(first.text) != normal(one.text):
            raise DataError(
                f"{path}:{one.line}: id {one.id!r} has another text on line {first.line}: give each text its own"
            )
    return texts


def _text(record: Record, column: str, dataset: str) -> Text:
    fields = {name: flat(value) for name, value in record.fields.items()}
    text, dataset = fields[column], fields.get("dataset") or dataset
    row_id = fields.get("id") or text_id(dataset, text)
    return Text(row_id, dataset, fields.get("stratum", ""), text, fields.get("ts_utc", ""), record.line)


def read_labelled(path: Path, heads: Heads) -> list[Labelled]:
    """Rows of a labels file with at least one label.

    Raises:
        DataError: the file cannot be read, has no column of any head, a label is unknown, or one id has two labels.
    """
    found: dict[str, Labelled] = {}
    for record in read_records(path):
        place = f"{path}:{record.line}"
        if not heads.keys() & record.fields.keys():
            raise DataError(f"{place}: no column is named after a head; known: {', '.join(heads)}")
        labels = _labels(record, heads, place)
        text = flat(record.fields["text"])
        row = Labelled(record.fields.get("id") or text_id(path.stem, text), text, labels)
        if found.setdefault(row.id, row).labels != labels:
            raise DataError(f"{place}: id {row.id!r} stands above with other labels: keep one of them")
    return [row for row in found.values() if row.labels]


def _labels(record: Record, heads: Heads, place: str) -> dict[str, str]:
    labels = {head: record.fields[head] for head in heads if record.fields.get(head)}
    for head, label in labels.items():
        if label not in heads[head]:
            raise DataError(f"{place}: {head}: unknown label {label!r}; known: {heads[head]}")
    return labels
