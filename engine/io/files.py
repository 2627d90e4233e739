"""News from a file or standard input, one message a line; alerts, records and dead letters to files.

Guarantee: one pass, in order; nothing is remembered across runs. A line in a file is durable once the system
has it, and acknowledged then.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson
import structlog
from msgspec import structs

from engine.codec import alerts, dead_letters, journal
from engine.config import FileConfig
from engine.errors import ConfigError, FileError
from engine.io.holding import Holding, hold_key
from engine.ports import Offsets
from engine.types import Alert, DeadLetter, Delivery, Instant, NewsItem, Origin, ScoredItem

_CHUNK = 65_536  # bytes a read; a pipe gives what is there
_AHEAD = 8  # chunks that may wait to be taken
_PATIENCE = 60.0  # seconds that the end of the input waits for embargoed items; those further off are reported
log = structlog.get_logger("files")


class FileSource:
    """Lines of a file or pipe; the line number, from 1, is the offset. Blank lines are passed over."""

    def __init__(self, path: str, clock: Callable[[], Instant] = time.time) -> None:
        self._name, self._clock = ("stdin" if path == "-" else path), clock
        try:
            self._descriptor = sys.stdin.fileno() if path == "-" else os.open(path, os.O_RDONLY)
            os.read(self._descriptor, 0)  # Refuses a folder now, not on the first line.
        except OSError as error:
            raise ConfigError(f"file.news: {path}: {error.strerror}") from None
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._line, self._rest, self._ended = 0, b"", False
        self._holding = Holding()
        # A thread of its own, that nobody waits for: a read from a silent pipe cannot be called off.
        self._pump = threading.Thread(target=self._read_on, args=(asyncio.get_running_loop(),), daemon=True)
        self._pump.start()

    async def read(self) -> Sequence[Delivery]:
        """The next lines, as soon as there are any; those released from embargo first."""
        while True:
            if released := self._holding.due(self._clock()):
                return released
            wait = self._holding.wait(self._clock(), at_most=_PATIENCE)
            if self._ended and (not self._holding or wait >= _PATIENCE):
                return self._end()
            if found := await self._arrived(wait):
                return found

    async def hold(self, delivery: Delivery, item: NewsItem, until: Instant) -> asyncio.Future[None]:
        """Keep the item in memory until its release."""
        self._holding.add(hold_key(item), structs.replace(delivery, held=True, first_seen=until), until)
        return _done()

    def commit(self, offsets: Offsets) -> None:
        """A file is read once; there is nothing to remember."""

    def release(self, delivery: Delivery) -> None:
        """Nothing is kept that would have to be removed."""

    async def _arrived(self, seconds: float) -> list[Delivery]:
        if self._ended:
            await asyncio.sleep(seconds)
            return []
        try:
            async with asyncio.timeout(seconds):
                chunk = await self._chunks.get()
        except TimeoutError:
            return []
        self._room.release()
        self._ended = not chunk
        *lines, self._rest = (self._rest + chunk).split(b"\n") if chunk else (self._rest, b"")
        return [self._delivery(line) for line in lines if self._counted(line)]

    def _counted(self, line: bytes) -> bool:
        self._line += 1
        return bool(line.strip())

    def _delivery(self, line: bytes) -> Delivery:
        return Delivery(Origin(self._name, 0, self._line), line.rstrip(b"\r"), self._clock(), time.monotonic())

    def _end(self) -> Sequence[Delivery]:
        if self._holding:
            log.warning("input ended with items still under embargo; they were not scored", items=len(self._holding))
        return ()

    def _read_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread: hand chunks over, no faster than they are taken; an empty one is the end."""
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError as error:
                log.error("input cannot be read on", file=self._name, error=error.strerror)
                chunk = b""
            self._room.acquire()
            try:
                loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:  # The loop has closed; nobody will take any more.
                return


class FileSink:
    """Sink and journal on files: alerts as CloudEvents in structured JSON, one a line; shadow alerts apart."""

    def __init__(self, config: FileConfig, pipeline: str, clock: Callable[[], Instant] = time.time) -> None:
        self._source, self._clock = f"/flashwire/{pipeline}", clock
        self._alerts = _Lines("file.alerts", config.alerts)
        self._shadow = _Lines("file.shadow", config.shadow)
        self._scored = _Lines("file.scored", config.scored)
        self._dead_letters = _Lines("file.dead_letters", config.dead_letters)

    async def publish(self, alert: Alert) -> asyncio.Future[None]:
        """Write the alert."""
        _, value, headers = alerts.encode(alert, source=self._source)
        event: dict[str, str | orjson.Fragment] = {
            name.removeprefix("ce_"): text.decode() for name, text in headers if name.startswith("ce_")
        }
        event |= {"datacontenttype": "application/json", "data": orjson.Fragment(value)}
        return (self._shadow if alert.status == "shadow" else self._alerts).write(orjson.dumps(event))

    async def append(self, record: ScoredItem) -> asyncio.Future[None]:
        """Write the journal record."""
        return self._scored.write(journal.encode(record)[1])

    async def dead_letter(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Write the reason and the original bytes, in base64."""
        _, value, headers = dead_letters.encode(letter, now=self._clock())
        reasons = {name: text.decode("utf-8", "replace") for name, text in headers}
        body = None if value is None else base64.b64encode(value).decode()
        return self._dead_letters.write(orjson.dumps({"headers": reasons, "value_base64": body}))

    async def stop(self) -> None:
        """Close the files."""
        for lines in (self._alerts, self._shadow, self._scored, self._dead_letters):
            lines.close()


class _Lines:
    """A file that lines are appended to; an empty path is a file nobody wants."""

    def __init__(self, key: str, path: str) -> None:
        self._key, self._path = key, path
        try:
            self._file: BinaryIO | None = _open(path)
        except OSError as error:
            raise ConfigError(f"{key}: {path}: {error.strerror}") from None

    def write(self, line: bytes) -> asyncio.Future[None]:
        """Write and flush.

        Raises:
            FileError: the file takes no more.
        """
        if self._file is not None:
            try:
                self._file.write(line + b"\n")
                self._file.flush()
            except OSError as error:
                raise FileError(f"{self._key}: {self._path}: {error.strerror}") from None
        return _done()

    def close(self) -> None:
        """Close, unless it is standard output, which is not ours."""
        if self._file is not None and self._file is not sys.stdout.buffer:
            self._file.close()


def _open(path: str) -> BinaryIO | None:
    if not path:
        return None
    return sys.stdout.buffer if path == "-" else Path(path).open("ab")


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future
