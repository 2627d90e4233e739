"""Which unlabelled headlines a student is shown; runs where the training extra is installed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from models.data import split
from models.errors import DataError
from models.profile import PoolSpec, Profile

polars = pytest.importorskip("polars", reason="needs the training extra")
pytest.importorskip("sklearn", reason="needs the training extra")

from models.pool import with_pool  # noqa: E402  # only where both are there

_SPEC = PoolSpec(file="wire.parquet", months=["2015-08"], rows=100, whole=["newsroom"], thin=10_000)
_HEADLINES = [
    ("2015-08-01", "newsroom", "Foxtrot warns of a loss after recall"),
    ("2015-08-02", "newsroom", "UPDATE 1-Foxtrot warns of a loss after recall"),
    ("2015-11-02", "newsroom", "Golf names a new chairman"),
    ("2015-08-03", "newsroom", "Echo Bank probed over loans to own chairman"),
    ("2015-08-04", "newsroom", 'Acme cuts "full year" outlook after plant fire'),
    ("2015-08-05", "releases", "Hotel proudly presents its summer collection"),
    ("2015-08-06", "newsroom", "India Mills shuts two lines for repairs"),
]


@pytest.fixture
def wire(folder: Path) -> Path:
    """The tiny data folder with a tiny wire file beside the labels."""
    columns = {
        "ts_utc": [datetime.fromisoformat(day) for day, _, _ in _HEADLINES],
        "source": [source for _, source, _ in _HEADLINES],
        "title": [title for _, _, title in _HEADLINES],
    }
    polars.DataFrame(columns).write_parquet(folder / "wire.parquet")
    return folder


def test_the_pool_keeps_clear_of_whatever_judges_or_is_labelled(wire: Path, profile: Profile) -> None:
    """Other months, reprints, press releases thinned out, and what resembles a known row stay away, counted."""
    found = with_pool(profile, _SPEC, wire, split(profile, wire))
    assert [row.text for row in found.pool] == [
        "Foxtrot warns of a loss after recall",
        "India Mills shuts two lines for repairs",
    ]
    assert all(row.targets == {} for row in found.pool)
    assert {why: count for why, count in found.dropped.items() if why.startswith("pool: ")} == {
        "pool: month left out": 1,
        "pool: same text": 1,
        "pool: press release thinned out": 1,
        "pool: resembles an evaluation row": 1,
        "pool: resembles a labelled row": 1,
    }


def test_likely_triggers_are_picked_first(wire: Path, profile: Profile) -> None:
    """Where the pool is larger than asked for, a headline of a trigger's words comes before one of none."""
    quiet = [f"Juliet {n} holds its annual picnic" for n in range(300)]
    loud = [f"Kilo {n} cuts outlook after plant fire" for n in range(10)]
    texts = quiet[:150] + loud + quiet[150:]
    frame = {"ts_utc": [datetime(2015, 8, 1)] * len(texts), "source": ["newsroom"] * len(texts), "title": texts}
    polars.DataFrame(frame).write_parquet(wire / "wire.parquet")
    lines = [f"wire-{n}\twire\tkw\tLima {n} cuts outlook after fire\thigh\tnegative\tguidance\t" for n in range(5)]
    lines += [f"arp-{n}\tarp\trest\tMike {n} holds a picnic\tlow\tneutral\tother\t" for n in range(5)]
    with (wire / "labels.tsv").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    spec = msgspec.structs.replace(_SPEC, rows=30)
    found = with_pool(profile, spec, wire, split(profile, wire))
    assert len(found.pool) == 30
    assert set(loud) <= {row.text for row in found.pool}
    assert found == with_pool(profile, spec, wire, split(profile, wire))


def test_a_missing_file_is_named(folder: Path, profile: Profile) -> None:
    """The message says which file, and how to give the data folder."""
    with pytest.raises(DataError, match=r"wire\.parquet: no such file; give the data folder with --data"):
        with_pool(profile, _SPEC, folder, split(profile, folder))
