"""What a rules file may say, and where a mistake is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RulesError
from engine.rules import load_rules
from tests.rules.rulesets import FLASH, HEAD, SCORES, ruleset

DEFAULT = Path(__file__).parents[2] / "deploy/rules/default.yaml"

MISTAKES = [
    ("", "1:1: the file is empty"),
    ("version: 1\nrules: [", "3:1: did not find expected node content"),
    ("version: 2\nrules: []\n", "1:10: version: unknown value '2'"),
    ("rules: []\n", "1:1: rules file: key 'version' is missing"),
    ("version: 1\nrule: []\n", "2:1: rules file: unknown key 'rule'; did you mean 'rules'?"),
    ("version: 1\nrules: {}\n", "2:8: rules: a list is needed, this is a mapping"),
    (HEAD + "  - {id: a, emit: {severity: high, desk: us}}\n", "4:5: rule: key 'when' is missing"),
    (HEAD + FLASH.replace("high, desk", "hihg, desk"), "7:22: severity: unknown value 'hihg'; did you mean 'high'?"),
    (HEAD + FLASH.replace("urgency.high", "urgency.hihg"), "6:18: unknown score or field 'urgency.hihg'; did you mean"),
    (HEAD + FLASH.replace(">= 0.9", ">= 1.2"), "6:18: urgency.high >= 1.2: a score lies between 0 and 1"),
    (HEAD + FLASH.replace(">= 0.9", ">= lots"), "'lots' is no number"),
    (HEAD + FLASH.replace("all:", "al:"), "6:12: when: unknown key 'al'; did you mean 'all'?"),
    (HEAD + FLASH.replace("id: flash", "id: Flash!"), "5:9: id: 'Flash!' may hold"),
    (HEAD + FLASH + FLASH, "9:5: id: rule 'flash' already stands in"),
    (HEAD + FLASH + "    dedup: {by: [entity, stroy], window: 5m}\n", "by: unknown value 'stroy'"),
    (HEAD + FLASH + "    dedup: {by: entity, window: 5 minutes}\n", "window: '5 minutes' is no duration; write 30s"),
    (HEAD + FLASH + "    cooldown: {by: entity}\n", "cooldown: key 'for' is missing"),
    (HEAD + FLASH + "    mode: lvie\n", "mode: unknown value 'lvie'; did you mean 'live'?"),
    (HEAD + FLASH + "    mode: live\n    mode: off\n", "rule: key 'mode' stands twice"),
    (HEAD + FLASH.replace("urgency.high >= 0.9", '"ticker in @tech"'), "unknown watchlist '@tech'"),
    (HEAD + FLASH.replace("urgency.high >= 0.9", '"source >= 3"'), "'source' is no number"),
    (HEAD + FLASH.replace("urgency.high >= 0.9", '"source in []"'), "source: the list is empty"),
    (
        HEAD + FLASH.replace("urgency.high >= 0.9", "event == crdit"),
        "the model knows no 'crdit'; did you mean 'credit'?",
    ),
    (HEAD + FLASH.replace("urgency.high >= 0.9", "fast"), "cannot read condition 'fast'"),
    ("version: 1\nwatchlists: {tech: {file: gone.txt}}\nrules: []\n", "2:27: watchlist tech: "),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_is_refused_with_its_place(text: str, message: str) -> None:
    """Every mistake names file, line, column and reason, and the nearest valid name where there is one."""
    with pytest.raises(RulesError) as raised:
        ruleset(text)
    assert message in str(raised.value)
    assert "rules.yaml:" in str(raised.value)


def test_a_missing_file_is_named() -> None:
    """A rules file that is not there is refused by name."""
    with pytest.raises(RulesError, match=r"nowhere\.yaml: No such file"):
        load_rules([Path("nowhere.yaml")])


def test_the_shipped_rules_are_valid() -> None:
    """The default rules pass their own check, and bear the conditions the product promises."""
    first, *_ = load_rules([DEFAULT], SCORES).rules
    assert (first.id, first.mode) == ("neg-flash", "live")


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (FLASH.replace("urgency.high >= 0.9", "event == credit"), "6:18"),
        (FLASH + "    dedup: {by: [entity, event], window: 5m}\n", "8:26"),
        (FLASH + "    cooldown: {by: event, for: 5m}\n", "8:20"),
    ],
)
def test_event_needs_a_model_that_has_it(rule: str, place: str, tmp_path: Path) -> None:
    """With a model without the head ``event`` the field would never be known: refused, with the heads there are."""
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + rule, "utf-8")
    scores = ("urgency.high", "sentiment.negative")
    with pytest.raises(RulesError, match=rf"rules\.yaml:{place}: event: the model has no such head; its heads: sent"):
        load_rules([path], scores)
    assert load_rules([path]).rules


def test_bombs_are_refused(tmp_path: Path) -> None:
    """A YAML bomb, a ten-megabyte file, deep nesting and broken UTF-8 are refused, not expanded."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    path = tmp_path / "rules.yaml"
    for raw in (bomb.encode(), b"version: 1 #" + b"x" * 10_000_000, b"[" * 5_000 + b"]" * 5_000, b"version: \xff\n"):
        path.write_bytes(raw)
        with pytest.raises(RulesError, match=r"rules\.yaml:"):
            load_rules([path], SCORES)


def test_watchlists_are_read_inline_and_from_a_file(tmp_path: Path) -> None:
    """A watchlist may be a list or a file of lines with comments, and changes the set's hash."""
    (tmp_path / "tech.txt").write_text("# big ones\nAAPL\n\nMSFT\n", "utf-8")
    path = tmp_path / "rules.yaml"
    rule = FLASH.replace("urgency.high >= 0.9", '"ticker in @tech", "ticker not in @old"')
    path.write_text("version: 1\nwatchlists: {tech: {file: tech.txt}, old: [IBM]}\nrules:\n" + rule, "utf-8")
    before = load_rules([path], SCORES)
    (tmp_path / "tech.txt").write_text("AAPL\n", "utf-8")
    assert load_rules([path], SCORES).sha != before.sha
