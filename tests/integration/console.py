"""Independent clients: what kcat reads from a topic or, where that is missing, Kafka's own console consumer.

Keys and values are exact, whatever bytes they hold, through both: kcat prints their lengths before them; the
console consumer prints whatever is no plain text as an escape, and separates the fields with bytes that it escapes.
Headers are exact through the console consumer only: kcat cuts a value at a NUL byte, and one that holds ``,name=``
looks like two. A header's bytes are ``text.encode("utf-8", "surrogateescape")``; a null one reads ``NULL``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from typing import Literal, NamedTuple

from deploy.kafka.broker import java, resolve_jars

_NAMED = re.compile(rb",(?=[\w.-]+=)")
_ESCAPE = re.compile(rb"\\x([0-9A-F]{2})")
_BYTES = "org.apache.kafka.common.serialization.BytesDeserializer"
_SHOWN = ("print.timestamp", "print.partition", "print.offset", "print.headers", "print.key")
_SILENCE_MS = 5000
"""The console consumer knows no end: it stops when nothing has come for this long."""


class Record(NamedTuple):
    """One record; ``timestamp`` in milliseconds. Of headers with one name the last is kept."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


def read_topic(
    bootstrap: str, topic: str, timeout: float = 30.0, client: Literal["kcat", "java"] | None = None
) -> list[Record]:
    """Every committed record of the topic, from its beginning to its present end, in order in each partition."""
    client = client or ("kcat" if shutil.which("kcat") else "java")
    return (_kcat if client == "kcat" else _console)(bootstrap, topic, timeout)


def _run(command: list[str], timeout: float) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"UNKNOWN_TOPIC" not in done.stderr, done.stderr.decode()  # The console consumer would wait for it.
    return done.stdout


def _kcat(bootstrap: str, topic: str, timeout: float) -> list[Record]:
    end = uuid.uuid4().hex  # In no header's text.
    shown = rf"%p %o %T %K %S\n%k%s%h{end}"
    out = _run(["kcat", "-C", "-q", "-e", "-b", bootstrap, "-t", topic, "-o", "beginning", "-f", shown], timeout)
    records, at = [], 0
    while at < len(out):
        line = out.index(b"\n", at)
        partition, offset, timestamp, key_size, value_size = map(int, out[at:line].split())
        key, at = _take(out, line + 1, key_size)
        value, at = _take(out, at, value_size)
        stop = out.index(end.encode(), at)
        pairs = [pair.partition(b"=")[::2] for pair in _NAMED.split(out[at:stop]) if pair]
        records.append(Record(partition, offset, timestamp, key, value, _texts(pairs)))
        at = stop + len(end)
    return records


def _take(out: bytes, at: int, size: int) -> tuple[bytes | None, int]:
    return (None, at) if size < 0 else (out[at : at + size], at + size)


def _console(bootstrap: str, topic: str, timeout: float) -> list[Record]:
    null = uuid.uuid4().hex
    separators = {"key.separator": "\x1c", "headers.separator": "\x1d", "line.separator": "\x1e", "null.literal": null}
    readers = {f"{part}.deserializer": _BYTES for part in ("key", "value", "headers")}
    properties = {**dict.fromkeys(_SHOWN, "true"), **separators, **readers}
    resolve_jars()
    command = [*java("org.apache.kafka.tools.consumer.ConsoleConsumer"), "--bootstrap-server", bootstrap]
    command += ["--topic", topic, "--from-beginning", "--isolation-level", "read_committed"]
    command += ["--timeout-ms", str(_SILENCE_MS)]
    for name, setting in properties.items():
        command += ["--formatter-property", f"{name}={setting}"]
    lines = _run(command, timeout).split(b"\x1e")[:-1]
    return [_parse(line.split(b"\x1c"), null.encode()) for line in lines]


def _parse(fields: list[bytes], null: bytes) -> Record:
    timestamp, partition, offset = (int(field.rpartition(b":")[2]) for field in fields[:3])
    key, value = (None if field == null else _unescape(field) for field in fields[4:])
    given = [] if fields[3] == b"NO_HEADERS" else fields[3].split(b"\x1d")
    pairs = [
        (name, b"NULL" if text == null else _unescape(text)) for name, _, text in (g.partition(b":") for g in given)
    ]
    return Record(partition, offset, timestamp, key, value, _texts(pairs))


def _unescape(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), text)


def _texts(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode("utf-8", "surrogateescape") for name, value in pairs}
