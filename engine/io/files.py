"""News from a file or standard input, one message a line; alerts, records and dead letters to files.

Guarantee: one pass, in order; nothing is remembered across runs. A line in a file is durable once the system
has it, and acknowledged then.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson
import structlog
from msgspec import structs

from engine.codec import alerts, dead_letters, journal
from engine.config import FileConfig
from engine.errors import ConfigError
from engine.io.holding import Holding, hold_key
from engine.ports import Offsets
from engine.types import Alert, DeadLetter, Delivery, Instant, NewsItem, Origin, ScoredItem

_CHUNK = 256  # lines a read
_PATIENCE = 60.0  # seconds that the end of the input waits for embargoed items; those further off are reported
log = structlog.get_logger("files")


class FileSource:
    """Lines of a file; the line number, from 1, is the offset. Blank lines are passed over."""

    def __init__(self, path: str, clock: Callable[[], Instant] = time.time) -> None:
        self._name, self._clock = ("stdin" if path == "-" else path), clock
        try:
            self._file: BinaryIO = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115  # read to its end, then the process ends
        except OSError as error:
            raise ConfigError(f"file.news: {path}: {error.strerror}") from None
        self._line, self._ended = 0, False
        self._holding = Holding()

    async def read(self) -> Sequence[Delivery]:
        """The next lines; those released from embargo first."""
        while True:
            if released := self._holding.due(self._clock()):
                return released
            if not self._ended:
                if found := await asyncio.to_thread(self._lines):
                    return found
                self._ended = True
            wait = self._holding.wait(self._clock(), at_most=_PATIENCE)
            if not self._holding or wait >= _PATIENCE:
                return self._end()
            await asyncio.sleep(wait)

    async def hold(self, delivery: Delivery, item: NewsItem, until: Instant) -> asyncio.Future[None]:
        """Keep the item in memory until its release."""
        self._holding.add(hold_key(item), structs.replace(delivery, held=True, first_seen=until), until)
        return _done()

    def commit(self, offsets: Offsets) -> None:
        """A file is read once; there is nothing to remember."""

    def release(self, delivery: Delivery) -> None:
        """Nothing is kept that would have to be removed."""

    def _end(self) -> Sequence[Delivery]:
        if self._holding:
            log.warning("input ended with items still under embargo; they were not scored", items=len(self._holding))
        return ()

    def _lines(self) -> list[Delivery]:
        """At least one line, unless the input has ended; on a pipe no more than what is there."""
        found: list[Delivery] = []
        while len(found) < _CHUNK and (line := self._file.readline()):
            self._line += 1
            value = line.rstrip(b"\r\n")
            if value.strip():
                found.append(Delivery(Origin(self._name, 0, self._line), value, self._clock(), time.monotonic()))
            if found and self._file.isatty():
                break
        return found


class FileSink:
    """Sink and journal on files: alerts as CloudEvents in structured JSON, one a line."""

    def __init__(self, config: FileConfig, pipeline: str, clock: Callable[[], Instant] = time.time) -> None:
        self._source, self._clock = f"/flashwire/{pipeline}", clock
        self._alerts = _open("file.alerts", config.alerts)
        self._scored = _open("file.scored", config.scored)
        self._dead_letters = _open("file.dead_letters", config.dead_letters)

    async def publish(self, alert: Alert) -> asyncio.Future[None]:
        """Write the alert."""
        _, value, headers = alerts.encode(alert, source=self._source)
        event: dict[str, str | orjson.Fragment] = {
            name.removeprefix("ce_"): text.decode() for name, text in headers if name.startswith("ce_")
        }
        event |= {"datacontenttype": "application/json", "data": orjson.Fragment(value)}
        return _write(self._alerts, orjson.dumps(event))

    async def append(self, record: ScoredItem) -> asyncio.Future[None]:
        """Write the journal record."""
        return _write(self._scored, journal.encode(record)[1])

    async def dead_letter(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Write the reason and the original bytes, in base64."""
        _, value, headers = dead_letters.encode(letter, now=self._clock())
        reasons = {name: text.decode("utf-8", "replace") for name, text in headers}
        body = None if value is None else base64.b64encode(value).decode()
        return _write(self._dead_letters, orjson.dumps({"headers": reasons, "value_base64": body}))

    async def stop(self) -> None:
        """Close the files."""
        for file in (self._alerts, self._scored, self._dead_letters):
            if file is not None and file is not sys.stdout.buffer:
                file.close()


def _open(key: str, path: str) -> BinaryIO | None:
    if not path:
        return None
    if path == "-":
        return sys.stdout.buffer
    try:
        return Path(path).open("ab")
    except OSError as error:
        raise ConfigError(f"{key}: {path}: {error.strerror}") from None


def _write(file: BinaryIO | None, line: bytes) -> asyncio.Future[None]:
    if file is not None:
        file.write(line + b"\n")
        file.flush()
    return _done()


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future
