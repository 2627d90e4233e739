"""The command line's manners: what it lists, what it refuses, with which exit code and which words."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.kafka.broker import free_port
from engine import __version__
from engine.__main__ import main
from tests.command import ROOT, flashwire
from tests.rules.rulesets import FLASH, HEAD

COMMANDS = ("run", "demo", "tail", "score", "rules")
FILES = ("--set", "source=file", "--set", "sink=file")


class Shown(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Shown]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the entry point in this process: for commands that end before there is anything to set up."""

    def entered(*arguments: str) -> Shown:
        monkeypatch.setattr(sys, "argv", ["flashwire", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Shown(ended.value.code, out, err)

    return entered


def run_apart(*arguments: str) -> Shown:
    """Calls a command in a process of its own."""
    done = flashwire(*arguments)
    return Shown(done.returncode, done.stdout.decode(), done.stderr.decode())


def complaint(shown: Shown, code: int) -> str:
    """The last line on standard error of a command that ended with this exit code, without a traceback."""
    assert shown.code == code, shown.err
    assert "Traceback" not in shown.err
    return shown.err.splitlines()[-1]


def test_the_version() -> None:
    """``--version`` says it and ends."""
    assert run_apart("--version") == (0, f"flashwire {__version__}\n", "")


def test_help_lists_every_command_and_exit_code(call: Call) -> None:
    """All commands with a sentence each, and every exit code with its meaning."""
    shown = call("--help")
    text = " ".join(shown.out.split())
    assert shown.code == 0
    for command in COMMANDS:
        assert re.search(rf" {command} [A-Z]", text), command
    assert all(f" {code} " in text.partition("Exit codes:")[2] for code in range(9))


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), ("rules", "check")], ids=" ".join)
def test_every_command_explains_itself(call: Call, command: tuple[str, ...]) -> None:
    """Each has a help page that begins with its usage, and names no mark-up."""
    shown = call(*command, "--help")
    assert shown.code == 0
    usage = shown.out.lstrip().partition("\n")[0]
    assert usage.startswith("Usage: ")
    assert f" {' '.join(command)} " in usage
    assert "[bold" not in shown.out


def test_good_rules(call: Call) -> None:
    """``rules check`` counts the rules by mode, and names their hash."""
    shown = call("rules", "check", str(ROOT / "deploy/rules/default.yaml"))
    assert shown.code == 0, shown.err
    assert re.fullmatch(r"3 rules: 2 live, 1 shadow; sha [0-9a-f]{16}\n", shown.out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + FLASH.replace("urgency.high", "urgency.hihg"),
            ":6:18: unknown score or field 'urgency.hihg'; did you ",
        ),
        (HEAD + FLASH.replace("severity", "severty"), ":7:12: emit: unknown key 'severty'; did you mean 'severity'?"),
        ("rules: [", ":2:1: did not find expected node content"),
        ("", ":1:1: the file is empty"),
    ],
    ids=["score", "key", "YAML", "empty"],
)
def test_bad_rules(call: Call, tmp_path: Path, text: str, message: str) -> None:
    """Exit code 3, and one line with file, line, column and reason."""
    path = tmp_path / "rules.yaml"
    path.write_text(f"{text}\n" if text else "", "utf-8")
    assert complaint(call("rules", "check", str(path)), 3).startswith(f"flashwire: {path}{message}")


def test_a_rule_in_two_files(call: Call, tmp_path: Path) -> None:
    """Files are checked as one set: a rule that stands twice is named with both files."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for path in (one, two):
        path.write_text(HEAD + FLASH, "utf-8")
    line = complaint(call("rules", "check", str(one), str(two)), 3)
    assert line == f"flashwire: {two}:5:5: id: rule 'flash' already stands in {one}"


MISTAKES = [
    (("run", "--set", "kafka.brokres=x"), "flashwire: --set: unknown key 'kafka.brokres'; did you mean 'brokers'?"),
    (("run", "--set", "sourc=file"), "flashwire: --set: unknown key 'sourc'; did you mean 'source'?"),
    (("run", "--set", "source=fiel"), "flashwire: configuration: source: Invalid enum value 'fiel'"),
    (("run", "--config", "nowhere.yaml"), "flashwire: nowhere.yaml: No such file or directory"),
    (("tail", "--set", "kafka.grup=x"), "flashwire: --set: unknown key 'kafka.grup'; did you mean 'group'?"),
    (("tail", "--severity", "hihg"), "'hihg'; known: low, medium, high, critical"),
    (("rnu",), "No such command 'rnu'."),
    (("run", "--sett", "x"), "No such option: --sett"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_wrong_configuration(call: Call, arguments: tuple[str, ...], message: str) -> None:
    """Exit code 2, and a line that names the key and, where there is one, the nearest valid name."""
    assert message in complaint(call(*arguments), 2)


@pytest.mark.parametrize(
    "override",
    [
        "http.port=70000",
        "batching.queue=0",
        "drain_s=-1",
        "model.threads=-1",
    ],
)
def test_values_out_of_bounds(override: str) -> None:
    """What no engine could run with is refused as configuration."""
    rest = [] if override.startswith("http") else ["--set", "http.port=-1"]
    complaint(run_apart("run", *FILES, *rest, "--set", "rules.reload=false", "--set", override), 2)


def test_a_section_that_was_given_as_a_value(call: Call) -> None:
    """``--set kafka=5`` before ``--set kafka.brokers=…`` is a mistake in the configuration."""
    assert "kafka" in complaint(call("run", "--set", "kafka=5", "--set", "kafka.brokers=x"), 2)


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "tail",
    ],
)
def test_no_broker(command: str) -> None:
    """Nobody listens: exit code 6, and the address is named."""
    address = f"127.0.0.1:{free_port()}"
    port = ("--set", "http.port=-1")
    line = complaint(run_apart(command, *port, "--set", f"kafka.brokers={address}"), 6)
    assert line.startswith(f"flashwire: no broker answers at {address}")


@pytest.mark.parametrize("command", ["run", "score", "demo"])
def test_a_damaged_artefact(tmp_path: Path, command: str) -> None:
    """One byte too many in the tokenizer: exit code 4, and the file is named."""
    for path in (ROOT / "models/artifacts/news").iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "tokenizer.json").unlink()
    shutil.copy(ROOT / "models/artifacts/news/tokenizer.json", tmp_path)
    with (tmp_path / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    arguments = {
        "run": (*FILES, "--set", "http.port=-1", "--set", f"model.artifact={tmp_path}"),
        "score": ("--artifact", str(tmp_path), "a headline"),
        "demo": ("--artifact", str(tmp_path)),
    }
    line = complaint(run_apart(command, *arguments[command]), 4)
    assert line.startswith(f"flashwire: {tmp_path}/tokenizer.json: hash mismatch: ")


def test_no_artefact(call: Call, tmp_path: Path) -> None:
    """A folder that is none: exit code 4 from every command that needs one, ``rules check`` among them."""
    rules = str(ROOT / "deploy/rules/default.yaml")
    for arguments in (("score", "x"), ("rules", "check", rules)):
        line = complaint(call(*arguments, "--artifact", str(tmp_path)), 4)
        assert line.startswith(f"flashwire: {tmp_path}/manifest.json: no such file; ")
