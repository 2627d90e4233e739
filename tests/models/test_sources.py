"""Data files of every format, and what is refused in them with the place and the mend."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from models.data import Row, check_classes, split
from models.errors import DataError
from models.profile import ColumnSpec, Profile, SourceSpec, TableSpec
from models.sources import read_source

CALLS = """\
no,desk,words,tone,stars
1,shop,The lamp hums,-,2
2,shop,Lovely lamp,+,
3,web,Is it blue?,?,
4,web,  ,+,3
5,shop,the  LAMP hums,+,2
6,web,"Broken, again",-,1
"""
MOOD = ColumnSpec("tone", {"+": "positive", "-": "negative", "?": None})
TABLE = TableSpec(text=["words"], labels={"sentiment": MOOD}, id="no", dataset="desk")


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A table that somebody else might have made."""
    path = tmp_path / "calls.csv"
    path.write_text(CALLS, "utf-8")
    return path


def _read(
    path: Path, profile: Profile, table: TableSpec = TABLE, dropped: Counter[str] | None = None, **more: object
) -> list[Row]:
    source = SourceSpec(name="calls", file=path.name, format="table", table=table)
    return read_source(path.parent, msgspec.structs.replace(source, **more), profile, dropped)


def test_a_table_is_read_by_its_columns(calls: Path, profile: Profile) -> None:
    """Values become labels by the map, and ids and data sets come from the columns that the profile names."""
    rows = _read(calls, profile)
    assert [(row.id, row.dataset, row.targets["sentiment"]) for row in rows] == [
        ("2", "shop", "positive"),
        ("6", "web", "negative"),
    ]
    assert rows[1].text == "Broken, again"
    assert (rows[1].sources, rows[1].file) == (("calls",), "calls.csv")


def test_what_a_table_cannot_give_is_counted(calls: Path, profile: Profile) -> None:
    """No text, no label, and every row of a text with contradicting labels: dropped, each under its reason."""
    dropped: Counter[str] = Counter()
    _read(calls, profile, dropped=dropped)
    assert dropped == {"calls: empty": 1, "calls: no label": 1, "calls: conflicting labels": 2}


def test_several_columns_make_one_text(tmp_path: Path, profile: Profile) -> None:
    """Title and body are joined by a full stop, once, and an empty part leaves no trace."""
    path = tmp_path / "bugs.csv"
    path.write_text("title,body,tone\nIt stops.,Nothing helps,-\nIt starts,,+\n", "utf-8")
    table = TableSpec(text=["title", "body"], labels={"sentiment": MOOD})
    assert [row.text for row in _read(path, profile, table)] == ["It stops. Nothing helps", "It starts"]


def test_without_ids_a_row_is_known_by_its_text(calls: Path, profile: Profile) -> None:
    """A row keeps its id when others come before it, so that it keeps its side of every split."""
    table = msgspec.structs.replace(TABLE, id="")
    before = {row.text: row.id for row in _read(calls, profile, table)}
    header, rest = CALLS.split("\n", 1)
    calls.write_text(f"{header}\n0,shop,New,+,\n{rest}", "utf-8")
    after = {row.text: row.id for row in _read(calls, profile, table)}
    assert before.items() <= after.items()
    assert all(name.startswith("calls-") for name in after.values())


def test_tabs_quotes_and_encodings(tmp_path: Path, profile: Profile) -> None:
    """Separated by tabs, quotes that are text, and bytes that are not UTF-8."""
    path = tmp_path / "old.tsv"
    path.write_bytes('words\ttone\n"Caf\xe9" again\t+\n'.encode("latin-1"))
    table = TableSpec(["words"], {"sentiment": MOOD}, separator="tab", quoted=False, encoding="latin-1")
    assert _read(path, profile, table)[0].text == '"Café" again'
    with pytest.raises(DataError, match=r"old\.tsv: is not valid UTF-8; name its encoding in the profile"):
        _read(path, profile, msgspec.structs.replace(table, encoding="utf-8"))


def test_only_some_data_sets_are_read(calls: Path, profile: Profile) -> None:
    """A file of several licences gives only the data sets that are asked for; a misspelt one is refused."""
    assert [row.id for row in _read(calls, profile, only=["web"])] == ["6"]
    with pytest.raises(DataError, match=r"calls\.csv has no row of data set 'wbe'; did you mean 'web'\?"):
        _read(calls, profile, only=["wbe"])


def test_a_pinned_file_that_changed_is_refused(calls: Path, profile: Profile) -> None:
    """Both hashes stand in the message, and what can be done; the file that was pinned is read."""
    pinned = hashlib.sha256(calls.read_bytes()).hexdigest()
    assert _read(calls, profile, sha256=pinned)
    calls.write_text(CALLS + "7,web,More,+,\n", "utf-8")
    now = hashlib.sha256(calls.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=rf"has changed: its sha256 is {now}, the profile says {pinned}; bring the old"):
        _read(calls, profile, sha256=pinned)


@pytest.mark.parametrize(
    ("there", "instead", "says"),
    [
        ("tone,stars", "tune,stars", r"calls\.csv:1: no column 'tone'; did you mean 'tune'\?"),
        ("1,shop", "1,a,shop", r"calls\.csv:2: not 5 fields, as the header has; mend or delete the row"),
        (
            "Lovely lamp,+,",
            "Lovely lamp,!,",
            r"calls\.csv:3: the profile's `map` says nothing of '!'; known: \+, -, \?",
        ),
        ("3,web", "2,web", r"calls\.csv:4: id '2' stands on line 3 with another text or label"),
        ("3,web", ",web", r"calls\.csv:4: the id is empty; give every row an id of its own"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    there: str, instead: str, says: str, calls: Path, profile: Profile
) -> None:
    """Missing columns, ragged rows, unknown values and contradicting ids: file, line and mend."""
    calls.write_text(CALLS.replace(there, instead, 1), "utf-8")
    with pytest.raises(DataError, match=says):
        _read(calls, profile)


@pytest.mark.parametrize(
    ("there", "instead", "says"),
    [
        (
            "\tsentiment\t",
            "\tsentimnt\t",
            r"labels\.tsv:1: column 'sentimnt' is no head of .*; did you mean 'sentiment'",
        ),
        ("id\tdataset", "ids\tdataset", r"labels\.tsv:1: no column 'id'"),
        ("wire-2", "wire-1", r"labels\.tsv:3: id 'wire-1' stands on line 2 with another text or label"),
        ("arp-3", "", r"labels\.tsv:4: the id is empty"),
        ("UPDATE 2-Charlie", "Charlie", None),
        (
            "\tcapital\t\narp-4\tarp\trest\tUPDATE 2-",
            "\tother\t\narp-4\tarp\trest\t",
            r"5: the text of 'arp-4' stands on line 4",
        ),
        ("\tcapital\t\n", "\n", r"labels\.tsv:4: not 8 fields, as the header has"),
    ],
)
def test_a_labels_file_that_contradicts_itself_is_refused(
    there: str, instead: str, says: str | None, folder: Path, profile: Profile
) -> None:
    """Unknown columns, one id or text with two labels, empty ids, ragged rows; a plain repeat is no contradiction."""
    path = folder / "labels.tsv"
    assert there in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(there, instead, 1), "utf-8")
    if says is None:
        assert len(read_source(folder, profile.sources[0], profile)) == 6
        return
    with pytest.raises(DataError, match=says):
        read_source(folder, profile.sources[0], profile)


def test_a_labels_file_may_leave_heads_out(folder: Path, profile: Profile) -> None:
    """A file with one head's labels is read, its other heads masked; one with none at all is refused."""
    path = folder / "labels.tsv"
    path.write_text("id\ttext\turgency\na\tAcme halts\thigh\n", "utf-8")
    assert [row.targets for row in read_source(folder, profile.sources[0], profile)] == [{"urgency": "high"}]
    path.write_text("id\ttext\na\tAcme halts\n", "utf-8")
    with pytest.raises(DataError, match=r"sources\[0\]\.file: .*labels none of the heads; known: urgency, sentiment"):
        read_source(folder, profile.sources[0], profile)


def test_an_error_in_a_file_says_who_asked_for_it(tmp_path: Path, profile: Profile) -> None:
    """A file that is missing is named together with the line of the profile that names it."""
    says = r"tiny\.yaml:\d+:\d+: sources\[1\]\.file: .*tfns\.csv: no such file; give the data folder with --data"
    with pytest.raises(DataError, match=says):
        read_source(tmp_path / "elsewhere", profile.sources[1], profile)


def test_an_evaluation_share_is_fixed_and_apart(tmp_path: Path, profile: Profile) -> None:
    """A share of a file's rows, by the hash of their ids, is judged on and never trained on; likenesses go, too."""
    path = tmp_path / "calls.csv"
    lines = [f"{n},shop,Customer number {n} says {n * 7919} and {n * 104729},{'+-'[n % 2]}," for n in range(300)]
    path.write_text("no,desk,words,tone,stars\n" + "\n".join(lines) + "\n", "utf-8")
    learnt = SourceSpec(name="calls", file=path.name, format="table", table=TABLE)
    judged = msgspec.structs.replace(learnt, name="test", share=0.2)
    small = msgspec.structs.replace(profile, sources=[learnt], evaluation=[judged])
    test = {row.id for row in read_source(tmp_path, judged, small)}
    rows = split(small, tmp_path)
    trained = {row.id for row in rows.train + rows.held_out}
    assert 40 < len(test) < 80
    assert test.isdisjoint(trained)
    assert len(trained) == 300 - len(test)
    assert rows.dropped["calls: kept for evaluation"] == len(test)
    assert 0 < len(rows.held_out) < 40  # Held out by another hash: not all of them lie in the evaluation share.
    path.write_text(path.read_text("utf-8") + "300,shop,One more,+,\n", "utf-8")
    assert test <= {row.id for row in read_source(tmp_path, judged, small)}


def test_a_class_that_no_row_shows_is_refused(folder: Path, profile: Profile) -> None:
    """What was never seen cannot be learnt: the label's place in the profile, and what to do."""
    rows = split(profile, folder)
    with pytest.raises(
        DataError, match=r"tiny\.yaml:\d+:\d+: heads\.urgency\.labels\[0\]: no row to train on is labell"
    ):
        check_classes(profile, rows.train)


def test_a_joint_event_needs_both_its_sides(folder: Path, profile: Profile) -> None:
    """A binary head that is always true, or never, is refused as well."""
    heads = {name: spec for name, spec in profile.heads.items() if name != "event"}
    small = msgspec.structs.replace(profile, heads=heads)
    rows = [
        Row(label, label, {"urgency": urgency, "sentiment": label})
        for label, urgency in zip(heads["sentiment"].labels, heads["urgency"].labels, strict=True)
    ]
    with pytest.raises(DataError, match=r"heads\.trigger\.all: the rows to train on do not show both its sides"):
        check_classes(small, rows)
    check_classes(small, [*rows, Row("x", "x", {"urgency": "high", "sentiment": "negative"})])
