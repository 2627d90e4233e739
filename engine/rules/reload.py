"""Rules that follow their files. A bad edit never replaces good rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from watchfiles import awatch

from engine.errors import RulesError
from engine.rules.schema import RuleSet

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
    while True:
        rules = await _next(rules, load, count)
        adopt(rules)
        count("ok")
        log.info("rules in force", rules=len(rules.rules), sha=rules.sha)


async def _next(rules: RuleSet, load: Callable[[], RuleSet], count: Callable[[str], None]) -> RuleSet:
    """The next rules that are valid and other than these."""
    refused, seen = "", _stamps(rules.files)
    async for _ in awatch(*{path.resolve().parent for path in rules.files}, debounce=200, step=50, recursive=False):
        # After a refusal anything new in the folder may be the mend, say a watchlist that was missing.
        if _stamps(rules.files) == seen and not refused:
            continue
        seen = _stamps(rules.files)
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
            return found
    raise asyncio.CancelledError


def _stamps(paths: Sequence[Path]) -> list[tuple[int, int, int]]:
    """What changes when a file is written or replaced; nothing for a file that is gone."""
    stats = [path.stat() for path in paths if path.exists()]
    return [(stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats]
