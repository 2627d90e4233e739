"""Files as both ends: lines in, CloudEvents, journal records and dead letters out; and the command over them."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from structlog.testing import capture_logs

from engine.codec import alerts, journal
from engine.config import FileConfig
from engine.errors import ConfigError
from engine.io.files import FileSink, FileSource
from engine.types import Alert, DeadLetter, Delivery, NewsItem, Origin
from tests.command import COMMAND, ROOT, environment, flashwire
from tests.records import record
from tests.rules.rulesets import evaluator

ITEM = NewsItem("wire:1", "r1", "wire", "Acme cuts its forecast")
HOT = "Acme files for chapter 11 bankruptcy as auditor resigns"
COLD = "Beta opens a second shop in Lyon"
RULES = """
version: 1
defaults: {max_age: 10m}
rules:
  - id: flash
    when: {all: [urgency.high >= 0.75, sentiment.negative >= 0.75]}
    emit: {severity: high, desk: news}
"""


Opened = Callable[..., FileSource]


@pytest.fixture
def opened() -> Opened:
    """Opens sources."""
    return FileSource


async def read_all(source: FileSource) -> list[Delivery]:
    """Every delivery until the source ends."""
    found: list[Delivery] = []
    async with asyncio.timeout(10):
        while deliveries := await source.read():
            found += deliveries
    return found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n \n\t\n", []),
        (b"a\nb\n", [(1, b"a"), (2, b"b")]),
        (b"a\nb", [(1, b"a"), (2, b"b")]),
        (b"\na\n\n  \nb\n", [(2, b"a"), (5, b"b")]),
        (b"a\r\nb\r\n\r\nc", [(1, b"a"), (2, b"b"), (4, b"c")]),
        (b" a \n", [(1, b" a ")]),
        (b"\xff\x00\n", [(1, b"\xff\x00")]),
        (b"a\x0bb\x85c\n", [(1, b"a\x0bb\x85c")]),
        (b"x" * 300_000 + b"\ny", [(1, b"x" * 300_000), (2, b"y")]),
        (b"a\n" * 1_000, [(number, b"a") for number in range(1, 1_001)]),
    ],
    ids=["empty", "blank", "lines", "no end", "blank between", "CRLF", "blanks", "bytes", "odd breaks", "long", "many"],
)
async def test_a_line_is_a_message(opened: Opened, tmp_path: Path, text: bytes, lines: list[tuple[int, bytes]]) -> None:
    """Each line that is not blank comes once, as it stands but for its end, its number being the offset."""
    path = tmp_path / "news.jsonl"
    path.write_bytes(text)
    found = await read_all(opened(str(path), clock=lambda: 42.0))
    assert [(delivery.origin.offset, delivery.value) for delivery in found] == lines
    assert {(d.origin.topic, d.origin.partition, d.first_seen) for d in found} <= {(str(path), 0, 42.0)}


async def test_a_pipe_is_read_to_its_end(opened: Opened) -> None:
    """What a process writes, in pieces that end within lines, comes as lines; its end is the input's end."""
    reader, writer = os.pipe()
    source = opened(f"/dev/fd/{reader}")
    reading = asyncio.ensure_future(read_all(source))
    for piece in (b'{"id"', b': 1}\n\n{"id": 2}\n{"i', b'd": 3}'):
        os.write(writer, piece)
        await asyncio.sleep(0.01)
    os.close(writer)
    found = await reading
    os.close(reader)
    assert [(d.origin.offset, d.value) for d in found] == [(1, b'{"id": 1}'), (3, b'{"id": 2}'), (4, b'{"id": 3}')]


async def test_a_line_on_an_open_pipe_does_not_wait_for_the_next(opened: Opened) -> None:
    """A line comes as soon as it was written, with the pipe still open."""
    reader, writer = os.pipe()
    source = opened(f"/dev/fd/{reader}")
    os.write(writer, b'{"id": 1}\n')
    reading = asyncio.ensure_future(source.read())
    await asyncio.wait([reading], timeout=0.5)
    came = reading.done()
    os.close(writer)
    await reading
    os.close(reader)
    assert came


async def test_a_release_does_not_wait_for_the_pipe(opened: Opened) -> None:
    """What is held is released at its time, though the pipe is silent."""
    reader, writer = os.pipe()
    source = opened(f"/dev/fd/{reader}")
    await source.hold(Delivery(Origin("news", 0, 1), b"secret", 0.0), ITEM, time.time() + 0.05)
    reading = asyncio.ensure_future(source.read())
    await asyncio.wait([reading], timeout=0.5)
    came = reading.done()
    os.close(writer)
    await reading
    os.close(reader)
    assert came


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere/news.jsonl", "No such file"), (".", "Is a directory")], ids=["missing", "a folder"]
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, reason: str) -> None:
    """The error names key and file, and says why."""
    path = str(tmp_path / name)
    with pytest.raises(ConfigError, match=r"file\.news: ") as raised:
        FileSource(path)
    assert path in str(raised.value)
    assert reason in str(raised.value)


async def test_an_embargo_within_the_patience_is_waited_for(opened: Opened, tmp_path: Path) -> None:
    """The end of the input waits for a release that is near; the item comes again, first seen at its release."""
    path, until = tmp_path / "news.jsonl", time.time() + 0.1
    path.write_bytes(b"secret\nopen\n")
    source = opened(str(path))
    secret, _ = await source.read()
    ack = await source.hold(secret, ITEM, until)
    assert ack.done()
    (again,) = await read_all(source)
    assert time.time() >= until
    assert (again.value, again.held, again.first_seen, again.origin) == (b"secret", True, until, secret.origin)


async def test_a_release_comes_before_further_lines(opened: Opened, tmp_path: Path) -> None:
    """What is released by now is read before the rest of the file."""
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"a\n" * 300)
    source = opened(str(path), clock=lambda: 100.0)
    first = await source.read()
    await source.hold(first[0], ITEM, 100.0)
    assert [delivery.held for delivery in await source.read()] == [True]
    assert len(await read_all(source)) == 300 - len(first)


async def test_an_embargo_beyond_the_patience_is_reported(opened: Opened, tmp_path: Path) -> None:
    """A release an hour off does not keep the process: the source ends, and says how many items it left."""
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"secret\n")
    source = opened(str(path))
    (delivery,) = await source.read()
    await source.hold(delivery, ITEM, time.time() + 3_600)
    with capture_logs() as logs:
        assert await read_all(source) == []
    ((level, items),) = [(entry["log_level"], entry["items"]) for entry in logs]
    assert (level, items) == ("warning", 1)


def an_alert() -> Alert:
    """An alert of the test rules."""
    (alert,) = evaluator().decide(record(), 1_000.0).alerts
    return alert


def written(path: Path) -> list[dict[str, Any]]:
    """The file's lines, decoded."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


async def test_an_alert_is_one_line_of_structured_json(tmp_path: Path) -> None:
    """A line holds the event as the CloudEvents SDK reads it, and all that Kafka's headers and value would."""
    sink = FileSink(FileConfig(alerts=str(tmp_path / "alerts.jsonl")), "us-desk")
    assert (await sink.publish(an_alert())).done()
    assert (await sink.publish(an_alert())).done()
    await sink.stop()
    one, other = (tmp_path / "alerts.jsonl").read_bytes().splitlines()
    assert one == other
    event = from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, one))
    assert (event.get_type(), event.get_source(), event.get_id()) == (alerts.TYPE, "/flashwire/us-desk", an_alert().id)
    fields = orjson.loads(one)
    data = fields.pop("data")
    headers = [(f"ce_{name}", text.encode()) for name, text in fields.items()]
    assert alerts.decode(orjson.dumps(data), headers) == an_alert()
    assert fields["datacontenttype"] == "application/json"


async def test_a_journal_record_reads_back(tmp_path: Path) -> None:
    """A line of the journal is the record, to the last digit."""
    sink = FileSink(FileConfig(alerts="", scored=str(tmp_path / "scored.jsonl")), "test")
    entries = [record("1", at=1_000.1234567), record("2", status="withdrawn")]
    for entry in entries:
        assert (await sink.append(entry)).done()
    await sink.stop()
    assert [journal.decode(line) for line in (tmp_path / "scored.jsonl").read_bytes().splitlines()] == entries


@pytest.mark.parametrize(
    "value", [b"\xff\xfe\x00\n\r", b"", None, bytes(range(256))], ids=["odd", "none", "null", "all"]
)
async def test_a_dead_letter_keeps_its_bytes(tmp_path: Path, value: bytes | None) -> None:
    """The original bytes stand in base64, null stays null, and the headers say where and why."""
    path = tmp_path / "dead.jsonl"
    sink = FileSink(FileConfig(alerts="", dead_letters=str(path)), "test", clock=lambda: 2.0)
    delivery = Delivery(Origin("news.jsonl", 0, 7), value, 1.0)
    assert (await sink.dead_letter(DeadLetter(delivery, "decode", "NotJsonError", "café"))).done()
    await sink.stop()
    (letter,) = written(path)
    body = letter["value_base64"]
    assert (None if body is None else base64.b64decode(body, validate=True)) == value
    assert letter["headers"]["__connect.errors.offset"] == "7"
    assert letter["headers"]["__connect.errors.exception.class.name"] == "engine.errors.NotJsonError"
    assert letter["headers"]["__connect.errors.exception.message"] == "café"
    assert letter["headers"]["__flashwire.failed"] == "1970-01-01T00:00:02.000000Z"


async def test_what_has_no_file_is_dropped_and_acknowledged() -> None:
    """Without a path nothing is written, and the line goes on."""
    sink = FileSink(FileConfig(alerts="", scored="", dead_letters=""), "test")
    letter = DeadLetter(Delivery(Origin("n", 0, 1), b"x", 1.0), "decode", "NotJsonError", "no")
    acks = [await sink.publish(an_alert()), await sink.append(record()), await sink.dead_letter(letter)]
    await sink.stop()
    assert all(ack.done() for ack in acks)


async def test_a_file_is_added_to(tmp_path: Path) -> None:
    """A second run appends to what the first wrote."""
    for _ in range(2):
        sink = FileSink(FileConfig(alerts=str(tmp_path / "alerts.jsonl")), "test")
        await sink.publish(an_alert())
        await sink.stop()
    assert len(written(tmp_path / "alerts.jsonl")) == 2


@pytest.mark.parametrize("key", ["alerts", "scored", "dead_letters"])
def test_what_cannot_be_written_is_named(tmp_path: Path, key: str) -> None:
    """The error names key and file."""
    path = str(tmp_path / "nowhere" / "out.jsonl")
    with pytest.raises(ConfigError, match=rf"file\.{key}: .*nowhere.*: No such file"):
        FileSink(FileConfig(**{"alerts": "", key: path}), "test")


def news(item_id: str, headline: str) -> bytes:
    """A plain line, published now."""
    stamp = datetime.now(UTC).isoformat()
    return orjson.dumps({"id": item_id, "source": "wire", "headline": headline, "published": stamp, "tickers": ["AC"]})


def feed() -> bytes:
    """Hot, cold and bad lines, a blank one, and a hot last one without an end."""
    bad = [b"not json", b'{"id":"3","source":"wire","headline":"\xff"}']
    return b"\n".join([news("1", HOT), news("2", COLD), bad[0], b"", bad[1], news("4", f"{HOT} again")])


def settings(folder: Path, *more: str) -> list[str]:
    """A run on files with rules of its own, no port and no reload."""
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    given = ("source=file", "sink=file", "http.port=-1", "rules.reload=false", f"rules.files=['{folder}/rules.yaml']")
    written_to = (f"file.scored={folder}/scored.jsonl", f"file.dead_letters={folder}/dead.jsonl", *more)
    return ["run", *(part for text in (*given, *written_to) for part in ("--set", text))]


@pytest.mark.parametrize("piped", [False, True], ids=["file to file", "stdin to stdout"])
def test_the_command_over_files(tmp_path: Path, piped: bool) -> None:
    """Alerts, journal and dead letters of a feed, from file to file and from pipe to pipe; exit code 0."""
    out = tmp_path / "alerts.jsonl"
    (tmp_path / "news.jsonl").write_bytes(feed())
    paths = [] if piped else [f"file.news={tmp_path}/news.jsonl", f"file.alerts={out}"]
    done = flashwire(*settings(tmp_path, *paths), stdin=feed() if piped else b"")
    assert done.returncode == 0, done.stderr.decode()
    if piped:
        out.write_bytes(done.stdout)
    else:
        assert done.stdout == b""
    assert [event["data"]["item"]["id"] for event in written(out)] == ["wire:1", "wire:4"]
    assert [entry["item"]["id"] for entry in written(tmp_path / "scored.jsonl")] == ["wire:1", "wire:2", "wire:4"]
    letters = [base64.b64decode(letter["value_base64"]) for letter in written(tmp_path / "dead.jsonl")]
    assert letters == [line for number, line in enumerate(feed().split(b"\n")) if number in (2, 4)]
    assert [orjson.loads(line)["level"] for line in done.stderr.splitlines()] == ["info"] * 3


def test_a_dash_is_standard_output(tmp_path: Path) -> None:
    """``-`` can be given in quotes, as the configuration file writes it."""
    done = flashwire(*settings(tmp_path, 'file.news="-"', 'file.alerts="-"'), stdin=news("1", HOT))
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout.splitlines()) == 1


def test_a_bare_dash_is_standard_output(tmp_path: Path) -> None:
    """``--set file.alerts=-`` works without quotes within quotes."""
    done = flashwire(*settings(tmp_path, "file.alerts=-"), stdin=news("1", HOT))
    assert done.returncode == 0, done.stderr.decode()


def test_a_missing_input_ends_the_command(tmp_path: Path) -> None:
    """A file that is not there is exit code 2 and one line that names it."""
    done = flashwire(*settings(tmp_path, f"file.news={tmp_path}/nowhere.jsonl"))
    assert done.returncode == 2
    last = done.stderr.decode().splitlines()[-1]
    assert last == f"flashwire: file.news: {tmp_path}/nowhere.jsonl: No such file or directory"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts runs whose ends are pipes, and leaves none behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*more: str) -> subprocess.Popen[bytes]:
        command = [*COMMAND, *settings(tmp_path, "log.format=console", *more)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment(), **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def test_a_stop_does_not_wait_for_the_pipe(running: Callable[..., subprocess.Popen[bytes]]) -> None:
    """SIGTERM with standard input still open drains and ends with exit code 0, not 8."""
    process = running("drain_s=1")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"".join(news(str(number), HOT) + b"\n" for number in range(256)))
    process.stdin.flush()
    for _ in range(256):
        assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_closed_output_ends_the_command(running: Callable[..., subprocess.Popen[bytes]]) -> None:
    """With standard output gone there is nothing to try again: the command ends."""
    process = running()
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(news("1", HOT))
    process.stdin.close()
    logged = [line for line in iter(process.stderr.readline, b"") if b"anew" in line]
    assert not logged
