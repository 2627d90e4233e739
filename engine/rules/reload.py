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
    paths: Sequence[Path],
    load: Callable[[], RuleSet],
    adopt: Callable[[RuleSet], None],
    count: Callable[[str], None],
) -> None:
    """Adopt the rules anew whenever one of the files changes; runs until it is cancelled.

    Folders are watched, not files: editors and mounted config maps replace a file by another of its name.
    Parsing happens in a thread, the swap between two items.

    Args:
        paths: the rules files.
        load: reads them all; runs in a thread.
        adopt: puts new rules in force; runs on the loop.
        count: told ``ok`` or ``refused`` for every change.
    """
    folders = {path.resolve().parent for path in paths}
    async for _ in awatch(*folders, debounce=200, step=50, recursive=False):
        try:
            rules = await asyncio.to_thread(load)
        except RulesError as error:
            count("refused")
            log.error("rules refused; the old ones stay in force", reason=str(error))
            continue
        adopt(rules)
        count("ok")
        log.info("rules in force", rules=len(rules.rules), sha=rules.sha)
