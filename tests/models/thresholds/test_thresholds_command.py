"""The command, with the shipped artefact on a few rows of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.rules import load_rules
from models.__main__ import main
from models.profile import ARTIFACTS, Profile

BAD = [
    "Zulu Bank files for bankruptcy protection after depositors flee",
    "Yankee Steel shares halted, auditor resigns over fraud",
    "Xray Motors cuts full-year profit forecast by half, suspends dividend",
    "Whiskey Mining defaults on bonds, seeks chapter 11",
]
DULL = [
    "Victor Foods names a new head of sales",
    "Uniform Stores opens a second shop in Lyon",
    "Tango Software to present at a conference in May",
    "Sierra Paper publishes its annual report",
    "Romeo Ltd renews its web site",
    "Quebec Travel wins an award for its brochure",
]
RULES = "version: 1\nrules:\n- id: mine\n  when: trigger >= 0.6   # kept\n  emit: {severity: high, desk: news}\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Ten made-up rows, four of them events."""
    rows = [("high", "negative", "credit", text) for text in BAD] + [("low", "neutral", "other", text) for text in DULL]
    lines = ["id\tdataset\tstratum\ttext\turgency\tsentiment\tevent\tts_utc"]
    lines += [f"own-{n}\town\t\t{text}\t{u}\t{s}\t{e}\t" for n, (u, s, e, text) in enumerate(rows)]
    path = tmp_path / "own.tsv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def run(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command on the ten rows: exit code, output, error."""

    def done(*arguments: str) -> tuple[int, str, str]:
        given = ["--labels", str(own), "--data", str(tmp_path), "--artifact", str(ARTIFACTS / "news"), *arguments]
        monkeypatch.setattr("sys.argv", ["models", "thresholds", *given])
        monkeypatch.setenv("COLUMNS", "160")
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(str(stopped.code or 0))
        said = capsys.readouterr()
        return code, said.out, said.err

    return done


def test_one_call_does_it_all(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Table, page, JSON, policy, and the number in the rules file, where the comment stays."""
    pytest.importorskip("matplotlib", reason="the page's pictures need matplotlib")
    rules, report, figures, policy = (tmp_path / name for name in ("rules.yaml", "a.html", "a.json", "policy.yaml"))
    rules.write_text(RULES, "utf-8")
    options = ["--report", report, "--json", figures, "--policy", policy, "--write", rules, "--rule", "mine"]
    code, out, _ = run("--cost-miss", "50", "--cost-false", "1", *map(str, options))
    assert code == 0
    chosen = msgspec.json.decode(figures.read_bytes())["chosen"]["cut_off"]
    assert f"{rules}:4: trigger >= 0.6 -> {chosen:g}" in out
    assert rules.read_text("utf-8") == RULES.replace("0.6 ", f"{chosen:g} ")
    assert report.read_text("utf-8").startswith("<!doctype html>")
    assert len(load_rules([policy]).rules) in (2, 3)
    assert "Few events: 4" in out


def test_another_score_can_be_asked_for(run: Callable[..., tuple[int, str, str]]) -> None:
    """Any score of the artefact that the profile has labels for."""
    code, out, _ = run("--score", "urgency.high", "--min-precision", "0.9")
    assert code == 0
    assert "urgency.high: a precision of at least 0.9" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give exactly one of `--cost-miss 50 --cost-false 1`, `--budget 20/day` and `--min-precision 0.9`"),
        (["--budget", "20"], "--budget 20: give alerts above 0 per day or hour"),
        (
            ["--budget", "20/day", "--score", "triger"],
            "--score triger: the artefact news-minilm has no such score; did",
        ),
        (["--budget", "20/day", "--items-per-day", "0"], "--items-per-day 0: must be above 0"),
        (["--budget", "20/day", "--rule", "mine"], "--write RULES.yaml and --rule ID go together"),
        (["--budget", "20/day", "--json", "/nowhere/a.json"], "/nowhere/a.json: there is no folder /nowhere"),
        (["--budget", "20/day", "--labels", "/nowhere.tsv"], "/nowhere.tsv: no such file; give a labels file"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], says: str, run: Callable[..., tuple[int, str, str]]) -> None:
    """Exit code 2, and the mend in the line."""
    code, _, error = run(*arguments)
    assert code == 2
    assert says in error
    assert error.count("\n") == 1


def test_a_policy_needs_costly_kinds(
    run: Callable[..., tuple[int, str, str]],
    fields: dict[str, Any],
    load: Callable[[dict[str, Any]], Profile],
    tmp_path: Path,
) -> None:
    """A profile that names none is answered before anything is scored."""
    fields["costs"]["events"] = {}
    load(fields)
    code, _, error = run("--budget", "20/day", "--profile", str(tmp_path / "tiny.yaml"), "--policy", "p.yaml")
    assert code == 2
    assert "--policy: profile news has no costly event kind: name event kinds" in error


def test_help_needs_no_extra_and_states_the_stream(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default of items a day stands in the help, with where it comes from."""
    monkeypatch.setattr("sys.argv", ["models", "thresholds", "--help"])
    monkeypatch.setenv("COLUMNS", "160")
    with pytest.raises(SystemExit):
        main()
    assert "2,400" in capsys.readouterr().out
