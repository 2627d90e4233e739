"""Records of a table file, each with the line it stands on: TSV, CSV, JSON lines, or one text a line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from models.errors import DataError


class Record(Struct, frozen=True):
    """One row: its line (from 1) and its fields, white space at their ends removed."""

    line: int
    fields: dict[str, str]


def read_records(path: Path, column: str = "text") -> list[Record]:
    """Every record of the file; its suffix says how it is read. A plain text file has the one field ``column``.

    Raises:
        DataError: no such file, an unknown suffix, not UTF-8, a malformed line, no column of that name, no record.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: what is {path.suffix!r}? A file ends in {', '.join(sorted(_READERS))}")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        records = list(reader(path, column))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    if not records:
        raise DataError(f"{path}: empty: no row to read")
    return records


def _read_table(path: Path, dialect: dict[str, Any]) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True, **dialect)
        try:
            for fields in reader:
                yield Record(reader.line_num, _whole(fields, f"{path}:{reader.line_num}"))
        except csv.Error as error:
            # The reader counts whole rows only; the one that it could not read begins on the next line.
            raise DataError(f"{path}:{reader.line_num + 1}: {error}: close the quote, or double one inside") from None


def _whole(fields: dict[str | Any, Any], place: str) -> dict[str, str]:
    # csv puts surplus fields under None, and None in the place of missing ones.
    if None in fields:
        raise DataError(f"{place}: more fields than the header has: is a separator inside the text?")
    missing = [name for name, value in fields.items() if value is None]
    if missing:
        raise DataError(f"{place}: no field {missing[0]!r}: the line is shorter than the header")
    return {name: value.strip() for name, value in fields.items()}


def _read_tsv(path: Path, column: str) -> Iterator[Record]:
    # As in a labels file, a quote is text.
    return _having(column, path, _read_table(path, {"delimiter": "\t", "quoting": csv.QUOTE_NONE}))


def _read_csv(path: Path, column: str) -> Iterator[Record]:
    return _having(column, path, _read_table(path, {}))


def _read_jsonl(path: Path, column: str) -> Iterator[Record]:
    return _having(column, path, _json_lines(path))


def _json_lines(path: Path) -> Iterator[Record]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    for line, raw in enumerate(path.read_text("utf-8-sig").split("\n"), start=1):
        if raw.strip():
            try:
                fields = decoder.decode(raw)
            except msgspec.DecodeError as error:
                raise DataError(f'{path}:{line}: {error}; a line is {{"text": "…"}}') from None
            yield Record(line, {name: str(value).strip() for name, value in fields.items() if value is not None})


def _read_plain(path: Path, column: str) -> Iterator[Record]:
    for line, text in enumerate(path.read_text("utf-8-sig").split("\n"), start=1):
        if text.strip():
            yield Record(line, {column: text.strip()})


def _having(column: str, path: Path, records: Iterator[Record]) -> Iterator[Record]:
    for record in records:
        if column not in record.fields:
            known = ", ".join(record.fields)
            raise DataError(f"{path}:{record.line}: no column {column!r}; there are: {known}; name it with --column")
        yield record


_READERS: dict[str, Callable[[Path, str], Iterator[Record]]] = {
    ".tsv": _read_tsv,
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".txt": _read_plain,
}
