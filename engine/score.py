"""``flashwire score``: headlines to probabilities, by the scorer that serves."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import msgspec
import orjson
from msgspec import Struct
from rich.table import Table
from rich.text import Text

from engine.errors import SchemaError
from engine.ports import Scorer
from engine.types import Scores

_CHUNK = 64


class Line(Struct, frozen=True):
    """One line of ``--in``: ``{"id": …, "headline": …}``; other fields are passed over."""

    id: str | int
    headline: str


def read_lines(file: BinaryIO, name: str) -> Iterator[Line]:
    """The file's lines, blank ones passed over.

    Raises:
        SchemaError: naming the file and line that cannot be read.
    """
    decoder = msgspec.json.Decoder(Line)
    for number, raw in enumerate(file, start=1):
        if raw.strip():
            try:
                yield decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise SchemaError(f'{name}:{number}: {error}; a line is {{"id": "…", "headline": "…"}}') from None


def score_lines(
    scorer: Scorer, lines: Iterable[Line], write: Callable[[bytes], object], advance: Callable[[int], None]
) -> int:
    """Score lines on every core and write ``{"id":…,"scores":{…}}`` lines in their order; returns how many."""
    count = 0
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for wave in _chunks(lines, _CHUNK * (os.cpu_count() or 1) * 2):
            parts = list(_chunks(wave, _CHUNK))
            scored = workers.map(scorer.score, [[line.headline for line in part] for part in parts])
            for part, rows in zip(parts, scored, strict=True):
                for line, scores in zip(part, rows, strict=True):
                    # A number of any size goes back as it came.
                    name = line.id if isinstance(line.id, str) else orjson.Fragment(str(line.id))
                    write(orjson.dumps({"id": name, "scores": scores}) + b"\n")
                advance(len(part))
                count += len(part)
    return count


def table(headlines: list[str], scored: list[Scores]) -> Table:
    """For a person: each head's likeliest label with its probability."""
    heads = list(dict.fromkeys(name.partition(".")[0] for name in scored[0]))
    out = Table("headline", *heads)
    for headline, scores in zip(headlines, scored, strict=True):
        out.add_row(Text(headline), *(_best(scores, head) for head in heads))
    return out


def _best(scores: Scores, head: str) -> str:
    if head in scores:
        return f"{scores[head]:.2f}"
    name = max((name for name in scores if name.startswith(f"{head}.")), key=scores.__getitem__)
    return f"{name.partition('.')[2]} {scores[name]:.2f}"


def _chunks(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    iterator = iter(lines)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
