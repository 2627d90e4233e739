"""Rules that follow their files. A bad edit never replaces good rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from watchfiles import awatch

from engine.errors import RulesError
from engine.rules.schema import RuleSet

_Stamps = list[tuple[int, int, int] | None]
log = structlog.get_logger("rules")


async def follow(
    rules: RuleSet, load: Callable[[], RuleSet], adopt: Callable[[RuleSet], None], count: Callable[[str], None]
) -> None:
    """Adopt the rules anew whenever one of their files changes; runs until it is cancelled.

    Folders are watched, not files: editors and mounted config maps replace a file by another of its name.
    Parsing happens in a thread, the swap between two items.

    Args:
        rules: what is in force; it names the files, watchlists among them.
        load: reads them all; runs in a thread.
        adopt: puts new rules in force; runs on the loop.
        count: told ``ok`` or ``refused`` for every change.
    """
    seen = _stamps(rules.files)
    while True:
        rules, seen = await _next(rules, seen, load, count)
        adopt(rules)
        count("ok")
        log.info("rules in force", rules=len(rules.rules), sha=rules.sha)


async def _next(
    rules: RuleSet, seen: _Stamps, load: Callable[[], RuleSet], count: Callable[[str], None]
) -> tuple[RuleSet, _Stamps]:
    """The next rules that are valid and other than these, and the stamps of the files as they were read."""
    refused = ""
    async for _ in awatch(*_folders(rules.files), debounce=200, step=50, recursive=False, yield_on_timeout=True):
        # After a refusal anything new in the folder may be the mend, say a watchlist that was missing.
        if (now := _stamps(rules.files)) == seen and not refused:
            continue
        seen = now
        try:
            found = await asyncio.to_thread(load)
        except RulesError as error:
            if str(error) != refused:
                refused = str(error)
                count("refused")
                log.error("rules refused; the old ones stay in force", reason=refused)
            continue
        refused = ""
        if found.sha != rules.sha:
            return found, seen
    raise asyncio.CancelledError


def _folders(paths: Sequence[Path]) -> set[Path]:
    """Where the files lie, and where their links lead: a config map swaps the link, an editor the file."""
    return {folder for path in paths for folder in (path.absolute().parent, path.resolve().parent) if folder.is_dir()}


def _stamps(paths: Sequence[Path]) -> _Stamps:
    """What changes when a file is written or replaced; None for one that is gone."""
    return [_stamp(path) for path in paths]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
