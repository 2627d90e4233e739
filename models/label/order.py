"""An order to label: what, by which guideline, by whom, and for how much at most. No client here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from models.errors import DataError, LabelError, ProfileError
from models.profile import Profile

OPENAI = "https://api.openai.com/v1"
Heads = dict[str, list[str]]
"""Head → its labels: what is asked for every row. A joint event follows from other heads and is not asked."""


class Server(Struct, frozen=True):
    """Who is asked, and how patiently.

    ``format`` is how the answer's form is demanded: ``json-schema`` as OpenAI defines it, ``json-object`` for servers
    (llama-cpp-python) that take the schema inside a ``json_object``. ``reasoning_tokens`` above 0 marks a model that
    thinks before it answers: that many tokens are allowed for it, ``max_completion_tokens`` is sent for
    ``max_tokens``, and no temperature, which such models refuse. ``timeout`` is in seconds, per try.
    """

    model: str
    base_url: str = OPENAI
    format: Literal["json-schema", "json-object"] = "json-schema"
    reasoning_tokens: int = 0
    temperature: float | None = 0.0
    timeout: float = 120.0
    retries: int = 6
    concurrency: int = 4

    @property
    def address(self) -> str:
        """The base URL as it may be shown: without a user or password."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class LabelOrder(Struct, frozen=True):
    """Everything that ``python -m models label`` is told.

    ``rows`` is how many texts share a request, ``passes`` how often each text is read, ``ties`` what becomes of a
    head without a majority. ``price_in`` and ``price_out`` are per million tokens; ``limit`` is in the same money.
    """

    texts: Path
    guideline: Path
    out: Path
    profile: Profile
    server: Server
    column: str = "text"
    dataset: str = ""
    examples: Path | None = None
    shots: int = 0
    seed: int = 0
    rows: int = 10
    passes: int = 1
    ties: Literal["blank", "first"] = "blank"
    gold: Path | None = None
    cache: Path | None = None
    price_in: float | None = None
    price_out: float | None = None
    limit: float | None = None
    yes: bool = False

    @property
    def cache_file(self) -> Path:
        """Where answers are kept for the next run."""
        return self.cache or self.out.with_name(f"{self.out.name}.cache.jsonl")

    @property
    def rejects_file(self) -> Path:
        """Rows that no answer could be had for, each with the reason."""
        return self.out.with_name(f"{self.out.stem}.rejects.tsv")

    @property
    def votes_file(self) -> Path:
        """How the passes voted."""
        return self.out.with_name(f"{self.out.stem}.votes.tsv")


def asked_heads(profile: Profile) -> Heads:
    """The profile's heads with labels of their own, in its order.

    Raises:
        ProfileError: there is none.
    """
    heads = {name: list(spec.labels) for name, spec in profile.heads.items() if spec.labels}
    if not heads:
        raise ProfileError(f"profile {profile.id}: heads: none has `labels`, so there is nothing to ask for")
    return heads


def check(order: LabelOrder) -> None:
    """Refuse what cannot work before anything is read or paid.

    Raises:
        LabelError: options that contradict each other, no model, an address that is none.
        DataError: the output would overwrite an input, or cannot be written.
    """
    _check_server(order.server)
    if order.shots and not order.examples:
        raise LabelError("--shots without --examples: give the labels file that the examples are drawn from")
    if order.examples and not order.shots:
        raise LabelError("--examples without --shots: say how many of them the prompt is to show")
    if order.limit is not None and (order.price_in is None or order.price_out is None):
        raise LabelError("--limit needs prices: give --price-in and --price-out, in money per million tokens")
    inputs = [path for path in (order.texts, order.guideline, order.examples, order.gold) if path]
    for path in (order.out, order.cache_file, order.rejects_file, order.votes_file):
        if path.resolve() in [one.resolve() for one in inputs]:
            raise DataError(f"{path}: would be overwritten, and is an input: give another --out")
        _check_writable(path)


def _check_server(server: Server) -> None:
    if not server.model:
        raise LabelError("no model: give --model, or set FLASHWIRE_LABEL_MODEL")
    parts = urlsplit(server.base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise LabelError(
            f"base URL {server.base_url!r}: not an address; give --base-url or OPENAI_BASE_URL as {OPENAI!r}"
        )


def _check_writable(path: Path) -> None:
    # A file is written beside its final name and then renamed, so its folder must take files.
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise DataError(f"{path}: cannot be written: give --out (and --cache) in a folder that exists and is yours")
