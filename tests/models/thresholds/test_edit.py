"""The number goes into the rules file, and nothing else moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.rules import load_rules
from engine.rules.conditions import All, AnyOf, Condition, ScoreIs
from models.errors import ThresholdError
from models.thresholds.choice import written
from models.thresholds.edit import set_threshold
from tests.models.thresholds.conftest import NAMES

DEFAULT = Path(__file__).parents[3] / "deploy/rules/default.yaml"
TWO_RULES = """\
version: 1   # é, 株, 😀: characters of two, three and four bytes
watchlists: {banks: {file: banks.txt}}
rules:
  - id: other
    when: trigger >= 0.60
    emit: {severity: low, desk: news}
  - id: mine
    when: WHEN
    cooldown: {by: entity, for: 2m, bypass: trigger >= 0.97}
    emit: {severity: low, desk: news}   # the end, without a line end"""


def _file(folder: Path, when: str) -> Path:
    (folder / "banks.txt").write_text("AAPL\n", "utf-8")
    path = folder / "rules.yaml"
    path.write_bytes(TWO_RULES.replace("WHEN", when).encode())
    return path


@pytest.mark.parametrize(
    ("when", "written"),
    [
        ("trigger >= 0.60", "trigger >= 0.47"),
        ("trigger>=.6", "trigger>=0.47"),
        ("{all: [trigger >= 0.60, urgency.high >= 0.6]}", "{all: [trigger >= 0.47, urgency.high >= 0.6]}"),
        ("{any: [{all: [event == credit, 'trigger > 6e-1']}]}", "{any: [{all: [event == credit, 'trigger > 0.47']}]}"),
        ("&mine trigger >= 0.6  # why", "&mine trigger >= 0.47  # why"),
        (">-\n      trigger >=\n      0.6", ">-\n      trigger >=\n      0.47"),
        ('{all: [ticker in @banks, "trigger  >=  0.6"]}', '{all: [ticker in @banks, "trigger  >=  0.47"]}'),
    ],
)
def test_only_the_number_changes(when: str, written: str, tmp_path: Path) -> None:
    """In every way a condition can be written, the bytes around the number stay; so do `bypass` and other rules."""
    path = _file(tmp_path, when)
    set_threshold(path, "mine", "trigger", 0.47, NAMES)
    assert path.read_bytes() == TWO_RULES.replace("WHEN", written).encode()
    assert [file.name for file in tmp_path.iterdir()].count("rules.yaml") == 1
    assert len(list(tmp_path.iterdir())) == 2


_COMMENTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff")
)
_RULES = st.fixed_dictionaries(
    {
        "indent": st.integers(0, 4),
        "space": st.sampled_from(["", " ", "   "]),
        "quote": st.sampled_from(["", "'", '"']),
        "op": st.sampled_from([">=", ">"]),
        "number": st.sampled_from(["0.6", "0.600", ".5", "1", "0", "6e-1", "1.0"]),
        "list": st.sampled_from(["all", "any"]),
        "break": st.sampled_from(["\n", "\r\n"]),
        "mark": st.sampled_from(["", "\ufeff"]),
        "comments": st.lists(_COMMENTS, min_size=3, max_size=3),
    }
)


@settings(max_examples=150, deadline=None)
@given(rules=_RULES, value=st.floats(0, 1).map(lambda number: round(number, 4)))
def test_bytes_stay_in_any_file(
    rules: dict[str, object], value: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the comments, line ends, quotes, indents and marks: before and after differ in the number alone."""
    quote, space, comments = str(rules["quote"]), str(rules["space"]), [f" # {text}" for text in rules["comments"]]  # type: ignore[attr-defined]
    front = [f"version: 1{comments[0]}", "rules:", "- id: one", "  when:", f"    {rules['list']}:{comments[1]}"]
    front.append("    - urgency.high >= 0.5")
    before = str(rules["break"]).join(front) + str(rules["break"])
    before += f"    -{' ' * (1 + int(str(rules['indent'])))}{quote}trigger{space}{rules['op']}{space}"
    after = f"{quote}{comments[2]}{rules['break']}  emit: {{severity: low, desk: news}}{rules['break']}"
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_bytes(f"{rules['mark']}{before}{rules['number']}{after}".encode())
    edit = set_threshold(path, "one", "trigger", value, NAMES)
    assert path.read_bytes() == f"{rules['mark']}{before}{written(value)}{after}".encode()
    assert edit.line == 7
    assert _limits(load_rules([path], NAMES).rules[0].when) == [0.5, value]


def _limits(condition: Condition) -> list[float]:
    if isinstance(condition, All | AnyOf):
        return [limit for part in condition.parts for limit in _limits(part)]
    return [condition.value] if isinstance(condition, ScoreIs) else []


def test_the_default_rules_take_a_threshold(tmp_path: Path) -> None:
    """A copy of the shipped rules: one line differs, and the edit says which, from what to what."""
    path = tmp_path / "default.yaml"
    path.write_bytes(DEFAULT.read_bytes())
    edit = set_threshold(path, "trigger-watch", "trigger", 0.47, NAMES)
    lines = zip(DEFAULT.read_text("utf-8").splitlines(), path.read_text("utf-8").splitlines(), strict=True)
    differing = [(number, new) for number, (old, new) in enumerate(lines, start=1) if old != new]
    assert differing == [(edit.line, "    when: {all: [trigger >= 0.47]}")]
    assert str(edit) == f"{path}:{edit.line}: trigger >= 0.60 -> 0.47"


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("urgency.high >= 0.5", r"rules\.yaml:8: the rule has no condition on trigger; add `trigger >= 0\.5`"),
        ("{all: [trigger >= 0.1,\n      trigger >= 0.2]}", r"several conditions on trigger, in lines 8, 9; which one"),
        ("{all: [trigger >= 0.1, trigger <= 0.9]}", r"several conditions on trigger, in lines 8, 8"),
        ("trigger <= 0.5", r"rules\.yaml:8: 'trigger <= 0\.5' is no lower limit"),
        ("{not: trigger >= 0.5}", r"'trigger >= 0\.5' inside `not` is no lower limit"),
        ('"trigger \\x3e= 0.5"', r"rules\.yaml:8: write the condition without escapes"),
    ],
)
def test_a_rule_without_one_place_is_refused(when: str, says: str, tmp_path: Path) -> None:
    """None, several, an upper limit, a negated one: refused with the lines, and the file stays."""
    path = _file(tmp_path, when)
    before = path.read_bytes()
    with pytest.raises(ThresholdError, match=says):
        set_threshold(path, "mine", "trigger", 0.47, NAMES)
    assert path.read_bytes() == before


def test_a_number_that_two_rules_share_is_refused(tmp_path: Path) -> None:
    """Behind an anchor the number stands for another rule as well, which nobody asked to change."""
    path = tmp_path / "rules.yaml"
    rule = "{{id: {id}, when: {when}, emit: {{severity: low, desk: news}}}}"
    one, two = rule.format(id="one", when="&limit trigger >= 0.5"), rule.format(id="two", when="*limit ")
    path.write_text(f"version: 1\nrules:\n- {one}\n- {two}\n", "utf-8")
    before = path.read_bytes()
    with pytest.raises(ThresholdError, match=r"shared with another place \(an anchor"):
        set_threshold(path, "two", "trigger", 0.47, NAMES)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["rules.yaml"]


def test_an_unknown_rule_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    """A mistyped id is answered with the nearest; a file that the engine would refuse comes out as it says."""
    path = _file(tmp_path, "trigger >= 0.5")
    with pytest.raises(ThresholdError, match=r"no rule 'mien'; known: mine"):
        set_threshold(path, "mien", "trigger", 0.47, NAMES)
    path.write_text("version: 1\nrules: [{id: mine}]\n", "utf-8")
    with pytest.raises(RulesError, match=r"rules\.yaml:2:9: rule: key 'when' is missing"):
        set_threshold(path, "mine", "trigger", 0.47, NAMES)


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    """The file behind the link is replaced, with the permissions it had."""
    path = _file(tmp_path, "trigger >= 0.5")
    path.chmod(0o640)
    (link := tmp_path / "link.yaml").symlink_to(path)
    set_threshold(link, "mine", "trigger", 0.47, NAMES)
    assert link.is_symlink()
    assert "trigger >= 0.47" in path.read_text("utf-8")
    assert os.stat(path).st_mode & 0o777 == 0o640
