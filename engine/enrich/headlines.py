"""Headlines as newsrooms write them: what makes two of them the same."""

from __future__ import annotations

import re

_PREFIX = re.compile(r"^(?:(?:(?:UPDATE|WRAPUP) \d+|RPT|REFILE|BRIEF|CORRECTED)\b[\s:-]*)+", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def fingerprint(headline: str) -> str:
    """The headline's words, lower-case, without wire prefixes and punctuation: reprints share it.

    One without any word is its own.
    """
    return " ".join(_WORD.findall(_PREFIX.sub("", headline).lower())) or headline
