"""Answers that are paid for, kept: one JSON line each, only ever appended.

Guarantee: a line is written as soon as its answer was checked, so a run that is killed loses the requests in flight
and no more. A line holds hashes, labels and the model's name: neither the text nor the key to the server.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from models.errors import DataError, LabelError


class Line(Struct, frozen=True):
    """One answer: labels by head for one text in one pass."""

    key: str
    model: str
    reading: int
    labels: dict[str, str]


def cache_key(fingerprint: str, text: str, reading: int) -> str:
    """Hash of model and prompt (their fingerprint), text, and the number of the pass that read it."""
    return hashlib.sha256(msgspec.json.encode([fingerprint, text, reading])).hexdigest()


class Cache:
    """The file of answers, held by one run at a time.

    Raises:
        LabelError: another run holds it.
        DataError: it cannot be written, or a line other than a torn last one cannot be read.
    """

    def __init__(self, path: Path, model: str) -> None:
        self._path, self._model = path, model
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}: name another file with --cache") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._known = self._read()
        except BlockingIOError:
            self._file.close()
            raise LabelError(f"{path}: another run is writing to it: wait for it, or give another --cache") from None
        except DataError:
            self._file.close()
            raise

    def get(self, key: str) -> dict[str, str] | None:
        """The labels kept under a key, if any."""
        return self._known.get(key)

    def keep(self, key: str, reading: int, labels: dict[str, str]) -> None:
        """Append an answer; it is in the operating system's hands when this returns."""
        self._known[key] = labels
        self._file.write(msgspec.json.encode(Line(key, self._model, reading, labels)) + b"\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _read(self) -> dict[str, dict[str, str]]:
        self._file.seek(0)
        body, found = self._file.read(), {}
        whole = body.rfind(b"\n") + 1
        if whole < len(body):  # A run was killed within a line: its answer is asked again.
            self._file.truncate(whole)
        for number, raw in enumerate(body[:whole].splitlines(), start=1):
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError as error:
                raise DataError(f"{self._path}:{number}: {error}: delete this line") from None
            found[line.key] = line.labels
        return found
