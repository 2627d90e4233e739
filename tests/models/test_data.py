"""Rows are read, merged by their words and kept apart from the evaluation sets."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from models.data import Row, Split, joint_target, near_duplicates, read_source, split, unlike_training, words
from models.errors import DataError
from models.profile import Profile


def _trained(rows: Split) -> dict[str, Row]:
    return {row.id: row for row in rows.train + rows.held_out}


def test_a_labels_file_is_read_as_it_stands(folder: Path, profile: Profile) -> None:
    """Quotes are text, not syntax; id, month, data set and all three labels arrive."""
    first = read_source(folder, profile.sources[0], profile)[0]
    assert first.text == 'Acme cuts "full year" outlook after plant fire'
    assert first.targets == {"urgency": "high", "sentiment": "negative", "event": "guidance"}
    assert (first.id, first.dataset, first.month, first.sources) == ("wire-1", "wire", "2015-08", ("labels",))


def test_tfns_numbers_become_labels_of_an_output_of_its_own(folder: Path, profile: Profile) -> None:
    """Bearish is negative, bullish positive, and neither claims to be the product's sentiment."""
    found = [row.targets for row in read_source(folder, profile.sources[1], profile)]
    assert found == [{"sentiment@tfns": "positive"}, {"sentiment@tfns": "negative"}]


def test_sentfin_keeps_titles_whose_entities_agree(folder: Path, profile: Profile) -> None:
    """An unescaped apostrophe is no obstacle, and a title with mixed labels is left out."""
    found = [(row.text, row.targets["sentiment@sentfin"]) for row in read_source(folder, profile.sources[2], profile)]
    assert found == [("Golf Ltd rallies", "positive"), ("Hotel's shares sink", "negative")]


def test_a_missing_file_says_how_to_point_to_it(tmp_path: Path, profile: Profile) -> None:
    """The message has the path and the option that sets it."""
    with pytest.raises(DataError, match=r"labels\.tsv: no such file; give the data folder with --data"):
        read_source(tmp_path / "elsewhere", profile.sources[0], profile)


def test_an_unknown_label_names_file_and_line(folder: Path, profile: Profile) -> None:
    """A label that the profile does not know is refused where it stands."""
    path = folder / "labels.tsv"
    path.write_text(path.read_text("utf-8").replace("\tmedium\t", "\tmiddling\t", 1), "utf-8")
    with pytest.raises(DataError, match=r"labels\.tsv:4: urgency: unknown label 'middling'; known: \['low'"):
        read_source(folder, profile.sources[0], profile)


def test_one_text_in_two_sources_becomes_one_row_with_both_labels(folder: Path, profile: Profile) -> None:
    """The wording decides: links and case do not make a second row, and each source adds its own output."""
    row = _trained(split(profile, folder))["tfns-5"]
    assert row.targets["sentiment"] == row.targets["sentiment@tfns"] == "positive"
    assert row.sources == ("labels", "tfns")


def test_what_is_left_out_is_counted(folder: Path, profile: Profile) -> None:
    """A month of the backtest, a repeat behind an UPDATE prefix and a likeness to an evaluation row: out, with why."""
    rows = split(profile, folder)
    assert not {"wire-2", "arp-4", "wire-6"} & _trained(rows).keys()
    assert rows.dropped == {"labels: month left out": 1, "labels: same text": 1, "resembles an evaluation row": 1}


def test_stated_licence_leaves_out_text_without_one(folder: Path, profile: Profile) -> None:
    """Both a whole source without a licence and a data set inside a labels file stay away."""
    rows = split(profile, folder, stated_licence=True)
    assert {row.dataset for row in _trained(rows).values()} == {"arp", "tfns", ""}
    assert rows.dropped["labels: no stated licence"] == 3
    assert rows.dropped["sentfin: no stated licence"] == 2


def test_a_row_keeps_its_side_of_the_split(folder: Path, profile: Profile) -> None:
    """Which rows are held out depends on their ids alone, so more data moves none; unlabelled ones never are."""
    half = msgspec.structs.replace(profile, training=msgspec.structs.replace(profile.training, held_out=0.5))
    before = {row.id for row in split(half, folder).held_out}
    path = folder / "labels.tsv"
    extra = "".join(f"wire-{n}\twire\tkw\tKilo number {n} halts\tlow\tneutral\tother\t\n" for n in range(100, 140))
    path.write_text(path.read_text("utf-8") + extra, "utf-8")
    after = split(half, folder).held_out
    assert before == {row.id for row in after} - {f"wire-{n}" for n in range(100, 140)}
    assert 10 < len(after) < 35
    assert all("urgency" in row.targets for row in after)


def test_near_duplicates_reach_the_threshold_and_no_less() -> None:
    """Six words of seven shared is 0.86 and counts; five of seven is 0.71 and does not."""
    near, far = frozenset("abcdef"), frozenset("bcdef")
    assert near_duplicates([near, far], [frozenset("abcdefg")]) == {near}


def test_prefixes_and_links_do_not_make_a_text_new() -> None:
    """What a wire puts before a repeated headline is no word of it."""
    assert words("UPDATE 3-Acme cuts outlook https://t.co/x") == words("RPT-Acme CUTS outlook")


def test_a_held_out_row_that_repeats_a_training_row_is_no_evidence() -> None:
    """Calibration looks only at held-out rows that the training rows do not give away."""
    known = Row("a", "Acme cuts its full year outlook", {})
    repeat, fresh = Row("b", "Acme cuts its full-year outlook", {}), Row("c", "Bravo names a new chief", {})
    assert unlike_training(Split([known], [repeat, fresh], {})) == [fresh]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ({"urgency": "high", "sentiment": "negative"}, 1),
        ({"urgency": "high", "sentiment": "neutral"}, 0),
        ({"urgency": "high"}, None),
        ({"urgency": "low"}, None),
        ({"sentiment@tfns": "negative"}, None),
    ],
)
def test_a_joint_event_is_masked_where_a_head_is_unlabelled(targets: dict[str, str], expected: int | None) -> None:
    """The joint target needs every head's label; another convention's sentiment is no substitute."""
    assert joint_target(Row("x", "x", targets), ["urgency.high", "sentiment.negative"]) == expected
