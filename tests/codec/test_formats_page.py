"""The examples in docs/formats.md are what the code reads and writes."""

from __future__ import annotations

import re
from pathlib import Path

from engine.codec import alerts, journal, news
from tests.codec.test_alerts import ALERT, SOURCE

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
NEWS, VALUE, RECORD = (block.encode() for block in re.findall(r"\n((?: {4}.*\n)+)", PAGE.read_text(encoding="utf-8")))


def test_examples() -> None:
    """The page's news item, alert and journal record decode, and tell of the same item."""
    _, written, headers = alerts.encode(ALERT, source=SOURCE)
    decoded, alert, record = (
        news.decode(NEWS, now=1_772_458_200.0),
        alerts.decode(VALUE, headers),
        journal.decode(RECORD),
    )
    assert (decoded.flags, decoded.unknown) == ((), ())
    assert decoded.item == record.item
    assert (alert.item.id, alert.item.revision) == (record.item.id, record.item.revision)
    assert VALUE.count(b'":') == written.count(b'":') - 2 + 1  # One symbol less than in the sample, one score more.


def test_every_header_is_on_the_page() -> None:
    """The page names each header of an alert."""
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name, _ in alerts.encode(ALERT, source=SOURCE)[2])
