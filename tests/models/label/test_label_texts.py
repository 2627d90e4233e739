"""Texts come from four kinds of file, and what cannot be read is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import DataError
from models.label.order import Heads
from models.label.texts import read_labelled, read_texts


def _file(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_bytes(body.encode())
    return path


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.tsv", 'text\tid\nSays "no"\t1\nTwo\t2\n'),
        ("a.csv", 'id,text\r\n1,"Says ""no"""\r\n2,Two\r\n'),
        ("a.csv", '\ufeffid,text\n1,"Says ""no"""\n2,"Two\n"\n'),
        ("a.jsonl", '{"id": 1, "text": "Says \\"no\\"", "score": null}\n\n{"id": "2", "text": "Two"}\n'),
    ],
)
def test_every_format_gives_the_same_texts(tmp_path: Path, name: str, body: str) -> None:
    """Ids and texts arrive; the data set is the file's name."""
    found = read_texts(_file(tmp_path, name, body))
    assert [(one.id, one.text, one.dataset) for one in found] == [("1", 'Says "no"', "a"), ("2", "Two", "a")]


def test_plain_text_is_one_text_a_line(tmp_path: Path) -> None:
    """Blank lines are none; the id is the name and a hash that white space and case do not change."""
    found = read_texts(_file(tmp_path, "a.txt", "One  thing\r\n\nONE THING\n"), dataset="wire")
    assert [one.line for one in found] == [1, 3]
    assert found[0].id == found[1].id
    assert found[0].id.startswith("wire-")
    assert len(found[0].id) == len("wire-") + 12


def test_what_a_labels_file_says_is_kept(tmp_path: Path) -> None:
    """Data set, stratum and time go through; tabs and line ends inside a text become spaces."""
    body = '{"text": "A\\tb\\nc", "dataset": "wire", "stratum": "kw", "ts_utc": "2015-08-03 12:00"}\n'
    one = read_texts(_file(tmp_path, "a.jsonl", body))[0]
    assert (one.text, one.dataset, one.stratum, one.ts_utc) == ("A b c", "wire", "kw", "2015-08-03 12:00")


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("a.parquet", "x", r"what is '\.parquet'\? A file ends in \.csv, \.jsonl"),
        ("a.tsv", "id\ttext\n1\tOne\tmore\n", r"a\.tsv:2: more fields than the header has"),
        ("a.tsv", "id\ttext\n1\n", r"a\.tsv:2: no field 'text': the line is shorter"),
        ("a.csv", 'id,text\n1,"One\n', r"a\.csv:2: unexpected end of data"),
        ("a.csv", "id,headline\n1,One\n", r"a\.csv:2: no column 'text'; there are: id, headline; name it with --col"),
        ("a.jsonl", '{"text": "One"}\n{"text": \n', r"a\.jsonl:2: .*a line is"),
        ("a.jsonl", '["One"]\n', r"a\.jsonl:1: Expected `object`, got `array`"),
        ("a.tsv", "id\ttext\n1\tOne\n1\tTwo\n", r"a\.tsv:3: id '1' has another text on line 2"),
        ("a.tsv", "id\ttext\n", r"a\.tsv: empty: no row to read"),
        ("a.txt", " \n", r"a\.txt: empty: no row to read"),
    ],
)
def test_bad_files_are_refused_with_the_place(tmp_path: Path, name: str, body: str, says: str) -> None:
    """File, line, and what to do."""
    with pytest.raises(DataError, match=says):
        read_texts(_file(tmp_path, name, body))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """With the byte where it is found out."""
    (tmp_path / "a.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(DataError, match="not UTF-8 at byte 3"):
        read_texts(tmp_path / "a.txt")


def test_labelled_rows_may_lack_heads(tmp_path: Path, heads: Heads) -> None:
    """A blank label and an absent column are unlabelled; a row without any label is no example."""
    path = _file(tmp_path, "a.tsv", "id\ttext\turgency\tevent\n1\tOne\thigh\t\n2\tTwo\t\t\n")
    assert [(row.id, row.labels) for row in read_labelled(path, heads)] == [("1", {"urgency": "high"})]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("id\ttext\turgency\n1\tOne\tdire\n", r"a\.tsv:2: urgency: unknown label 'dire'; known: \['low'"),
        ("id\ttext\tmood\n1\tOne\tbad\n", r"a\.tsv:2: no column is named after a head; known: urgency"),
        ("id\ttext\turgency\n1\tOne\tlow\n1\tOne\thigh\n", r"a\.tsv:3: id '1' stands above with other labels"),
    ],
)
def test_bad_labels_are_refused_with_the_place(tmp_path: Path, body: str, says: str, heads: Heads) -> None:
    """Unknown labels, no head at all, and two labels for one id."""
    with pytest.raises(DataError, match=says):
        read_labelled(_file(tmp_path, "a.tsv", body), heads)
