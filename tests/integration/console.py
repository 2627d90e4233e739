"""An independent client: what kcat reads from a topic, byte for byte."""

from __future__ import annotations

import subprocess
from typing import NamedTuple

# Lengths first, so that keys and values may hold any bytes; headers end at a byte that no text of ours holds.
_FORMAT = r"%p %o %K %S\n%k%s%h\x1e\n"


class Record(NamedTuple):
    """One record. ``headers`` reads kcat's ``name=value,…``, so values with commas are cut there."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]


def read_topic(bootstrap: str, topic: str, timeout: float = 30.0) -> list[Record]:
    """Every record of the topic, from its beginning to its present end."""
    command = ["kcat", "-C", "-q", "-e", "-b", bootstrap, "-t", topic, "-o", "beginning", "-f", _FORMAT]
    done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return _parse(done.stdout)


def _parse(output: bytes) -> list[Record]:
    records, at = [], 0
    while at < len(output):
        end = output.index(b"\n", at)
        partition, offset, key_size, value_size = map(int, output[at:end].split())
        at = end + 1
        key, at = _take(output, at, key_size)
        value, at = _take(output, at, value_size)
        end = output.index(b"\x1e\n", at)
        pairs = [part.partition("=") for part in output[at:end].decode("utf-8", "replace").split(",")]
        records.append(Record(partition, offset, key, value, {name: text for name, _, text in pairs}))
        at = end + 2
    return records


def _take(output: bytes, at: int, size: int) -> tuple[bytes | None, int]:
    return (None, at) if size < 0 else (output[at : at + size], at + size)
