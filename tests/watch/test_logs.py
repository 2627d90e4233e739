"""Logs: one JSON object a line, whoever logs it, and never a headline."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from engine.watch.logs import configure
from tests.command import flashwire

ORIGINAL = structlog.get_config()


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging is the process's; the next test finds it as it was."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.configure(**ORIGINAL)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged, each line decoded."""
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_a_line_is_an_object_with_level_event_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and a library's lines have the same shape; fields stand as they were given, time in UTC."""
    configure("info", "json")
    structlog.get_logger("engine").info("rules in force", rules=3, path=Path("a/b"), text="café\n2")
    logging.getLogger("aiokafka").warning("lost %s", "broker")
    ours, theirs = lines(capsys)
    assert (ours["level"], ours["event"]) == ("info", "rules in force")
    assert (ours["rules"], ours["path"], ours["text"]) == (3, "a/b", "café\n2")
    assert (theirs["level"], theirs["event"]) == ("warning", "lost broker")
    for line in (ours, theirs):
        moment = datetime.fromisoformat(line["timestamp"])
        assert moment.utcoffset() is not None


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["debug", "info", "warning", "error", "library warning", "library error"]),
        ("info", ["info", "warning", "error", "library warning", "library error"]),
        ("warning", ["warning", "error", "library warning", "library error"]),
        ("error", ["error", "library error"]),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], level: str, events: list[str]) -> None:
    """What lies below the level is left out; of libraries never less than warnings."""
    configure(level, "json")
    log, library = structlog.get_logger("engine"), logging.getLogger("library")
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
        getattr(library, name)(f"library {name}")
    found = [line["event"] for line in lines(capsys)]
    assert sorted(found) == sorted(events)


def test_an_exception_stays_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback of ours is a field of its line."""
    configure("info", "json")
    try:
        raise ValueError("odd")
    except ValueError:
        structlog.get_logger("engine").exception("failed")
    (line,) = lines(capsys)
    assert "ValueError: odd" in line["exception"]
    assert "test_logs.py" in line["exception"]


def test_a_library_s_exception_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's traceback can be read, too."""
    configure("info", "json")
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("aiokafka").exception("failed")
    (line,) = lines(capsys)
    assert "test_logs.py" in json.dumps(line)


def test_a_library_that_repeats_itself_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    """The same line again within seconds is left out, whatever its arguments; another line is not."""
    configure("info", "json")
    for number in range(80):
        logging.getLogger("aiokafka").error("Unable to connect to node %s", number)
    logging.getLogger("aiokafka").error("another")
    assert [line["event"] for line in lines(capsys)] == ["Unable to connect to node 0", "another"]


@pytest.mark.parametrize("value", [{1: 2}, "caf\udce9"], ids=["a number as key", "a file name that is not UTF-8"])
def test_no_value_makes_logging_fail(capsys: pytest.CaptureFixture[str], value: object) -> None:
    """Whatever is logged, the line is written: a log line must never stop the engine."""
    configure("info", "json")
    structlog.get_logger("engine").info("odd", value=value)
    assert [line["event"] for line in lines(capsys)] == ["odd"]


def test_a_person_reads_lines_without_colours_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The console style is text on standard error, without escape sequences where that is no terminal."""
    assert not sys.stderr.isatty()
    configure("info", "console")
    structlog.get_logger("engine").info("rules in force", rules=3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "rules in force" in err
    assert "rules=3" in err
    assert "\x1b" not in err


MARK = "Zyzzyva"


def test_nothing_logs_a_headline(tmp_path: Path) -> None:
    """At the most talkative level no line of the run holds a word of any item: not of an alert, an embargo, a wreck."""
    feed = [
        f'{{"id":"1","source":"wire","headline":"{MARK} files for chapter 11 bankruptcy as auditor resigns"}}',
        f'{{"id":"2","source":"wire","headline":"{MARK} wins","embargo":"2199-01-01T00:00:00Z"}}',
        f'{{"id":"3","source":"wire","headline":"{MARK}',
        f'{{"id":"4","source":"wire","headline":{{"{MARK}":1}}}}',
        f'{{"id":"5","source":"wire","headline":"x","published":"{MARK}"}}',
    ]
    settings = ("source=file", "sink=file", "http.port=-1", "log.level=debug", f"file.scored={tmp_path}/scored.jsonl")
    arguments = [part for text in settings for part in ("--set", text)]
    done = flashwire("run", *arguments, stdin="\n".join(feed).encode())
    assert done.returncode == 0, done.stderr.decode()
    assert MARK in (tmp_path / "scored.jsonl").read_text("utf-8")
    logged = [json.loads(line) for line in done.stderr.splitlines()]
    assert "input ended with items still under embargo; they were not scored" in [line["event"] for line in logged]
    assert MARK not in done.stderr.decode()
