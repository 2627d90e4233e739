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
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine import terminal
from engine.errors import SchemaError
from engine.explain import Explanation, explain
from engine.ports import Scorer
from engine.scoring.scorer import OnnxScorer
from engine.types import Scores

_CHUNK = 64
Judge = Callable[[list[str]], list[dict[str, object]]]
"""Headlines → for each the fields that its line has beside the id."""


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


def plain(scorer: Scorer) -> Judge:
    """``{"scores":{…}}`` for each headline."""
    return lambda headlines: [{"scores": scores} for scores in scorer.score(headlines)]


def with_words(scorer: OnnxScorer) -> Judge:
    """``{"scores":{…},"explain":{…}}`` for each headline; see ``explain_fields``."""
    return lambda headlines: [explain_fields(explain(scorer, text, scorer.read)) for text in headlines]


def explain_fields(explanation: Explanation) -> dict[str, object]:
    """Scores, and each head's label with ``[word, start, end, weight]``; ``unread_from`` where the text was cut."""
    heads = {
        name: {"label": head.label, "words": [[w.text, w.start, w.end, round(w.weight, 6)] for w in head.words]}
        for name, head in explanation.heads.items()
    }
    cut: dict[str, object] = {"unread_from": explanation.read} if explanation.cut else {}
    return {"scores": explanation.scores, "explain": heads, **cut}


def score_lines(
    judge: Judge, lines: Iterable[Line], write: Callable[[bytes], object], advance: Callable[[int], None]
) -> int:
    """Judge lines on every core and write ``{"id":…,…}`` lines in their order; returns how many."""
    count = 0
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for wave in _chunks(lines, _CHUNK * (os.cpu_count() or 1) * 2):
            parts = list(_chunks(wave, _CHUNK))
            judged = workers.map(judge, [[line.headline for line in part] for part in parts])
            for part, rows in zip(parts, judged, strict=True):
                for line, fields in zip(part, rows, strict=True):
                    # A number of any size goes back as it came.
                    name = line.id if isinstance(line.id, str) else orjson.Fragment(str(line.id))
                    write(orjson.dumps({"id": name} | fields) + b"\n")
                advance(len(part))
                count += len(part)
    return count


def screen(scorer: OnnxScorer, headlines: list[str], explained: bool) -> list[RenderableType]:
    """What a terminal shows: a table of all, or for each headline what its words did."""
    if not explained:
        return [table(headlines, scorer.score(headlines))]
    return [terminal.explained(explain(scorer, text, scorer.read)) for text in headlines]


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
