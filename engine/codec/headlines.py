"""Headlines as a model and a person should see them."""

from __future__ import annotations

import re

LIMIT = 1000  # characters

# Terminal sequences, then every control and format character (Unicode Cc and Cf: NUL, ESC, bidi overrides, zero
# widths, tags) but white space and the two joiners, which Persian, Indic scripts and emoji need.
_UNSEEN = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891"
    "\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def clean(headline: str, flags: list[str]) -> str:
    """White space collapsed, unseen characters removed, cut to ``LIMIT``; adds ``headline_cut`` to ``flags``."""
    if not headline.isprintable() or "  " in headline:  # Printable text has no white space but the blank.
        headline = " ".join(_UNSEEN.sub("", headline).split())
    headline = headline.strip()
    if len(headline) > LIMIT:
        flags.append("headline_cut")
        return headline[:LIMIT].rstrip()
    return headline
