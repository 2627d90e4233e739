"""The command line: one clear line and exit code 2 for what a user can get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.__main__ import main


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["models", *arguments])
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(str(stopped.value.code))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build", "--profile", "nope"], "nope.yaml: no such profile; known profiles: news"),
        (
            ["evaluate", "--profile", "tickets", "--on", "tests"],
            "no evaluation set 'tests'; known: hadoop_priority, support_elsewhere, ",
        ),
        (["evaluate", "--data", "/nowhere"], "/nowhere/labels/wiredev.tsv: no such file; give the data folder with"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names what is missing and the mend; the exit code is 2."""
    assert _run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_folder_that_is_no_artefact_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine's own error for an artefact passes through."""
    labels = str(folder / "labels.tsv")
    assert _run(monkeypatch, "evaluate", "--labels", labels, "--artifact", str(folder)) == 2
    assert "manifest.json: no such file; give a folder that `python -m models build` wrote" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "export", "evaluate", "probes", "card", "label", "thresholds", "build"])
def test_help_needs_no_training_extra(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command explains itself where torch is not installed."""
    assert _run(monkeypatch, command, "--help") == 0
    assert "--profile" in capsys.readouterr().out
