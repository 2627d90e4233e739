"""The demo: the bundled feed through the real line shows what the feed's page says it shows."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from engine.config import ROOT
from engine.demo import DemoConfig, Outcome, Screen, replay, stamped, summary
from engine.rules import load_rules
from engine.scoring.scorer import load_scorer
from tests.command import flashwire

FEED = ROOT / "deploy/demo/feed.jsonl"
RULES = [ROOT / "deploy/rules/default.yaml"]
LINES = FEED.read_bytes().splitlines()
PAGE = (ROOT / "deploy/demo/README.md").read_text("utf-8")


def told(about: str) -> list[int]:
    """The line numbers that the page gives for something; of pairs both."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| ") and about in line.split("|")[1]]
    return [int(number) for number in re.findall(r"\b\d+\b", re.sub(r"\([^)]*\)", "", row.split("|")[2]))]


class Replayed:
    """What a fast replay of the bundled feed came to, and what it showed off a terminal."""

    def __init__(self) -> None:
        scorer = load_scorer(ROOT / "models/artifacts/news")
        console = Console(file=io.StringIO(), width=400)
        rules = load_rules(RULES, scorer.manifest.scores)
        started = time.time()
        with Screen(console, len(LINES)) as screen:
            self.outcome: Outcome = asyncio.run(replay(DemoConfig(FEED, seconds=1.0), scorer, rules, screen))
        self.started = started
        assert isinstance(console.file, io.StringIO)
        self.shown = console.file.getvalue().splitlines()


@pytest.fixture(scope="module")
def replayed() -> Replayed:
    """One replay for all tests here; it lasts until the longest embargo ends, about seven seconds."""
    return Replayed()


def alerted(replayed: Replayed, line: int) -> list[tuple[str, str]]:
    """Rule and message type of what went out about a line's item, in order."""
    found = re.search(rb'"(?:id|replaces|uri)": ?"([^"]+)"', LINES[line - 1])
    assert found is not None
    name = found[1].decode()
    return [
        (alert.rule.id, alert.msg_type)
        for alert in replayed.outcome.alerts
        if alert.item.id.partition(":")[2] == name and alert.status == "actual"
    ]


def test_some_fire_and_most_do_not(replayed: Replayed) -> None:
    """At least 20 items fire, and fewer than one in five."""
    alerts = [each for each in replayed.outcome.alerts if each.status == "actual" and each.msg_type == "alert"]
    assert 20 <= len({alert.item.id for alert in alerts}) < len(LINES) / 5


def test_every_line_ends_in_one_fate(replayed: Replayed) -> None:
    """The fates add up to the lines, and those under embargo are counted twice: held, and then decided."""
    fates = replayed.outcome.fates
    assert replayed.outcome.items == len(LINES)
    assert fates.total() - fates["held"] == len(LINES)
    assert fates["held"] == len(told("under embargo")) == 2
    assert fates["late"] + fates["duplicate"] >= 1
    assert fates["withdrawn"] == len(told("withdrawn")) - 2


def test_what_cannot_be_used_is_a_dead_letter(replayed: Replayed) -> None:
    """As many dead letters as the page lists, and nothing but those."""
    assert replayed.outcome.dead_letters == replayed.outcome.fates["dead_letter"] == len(told("cannot be used")) == 14


def test_corrections_update_and_cancel(replayed: Replayed) -> None:
    """A corrected item that is still bad is updated, one that is harmless now is cancelled, each after its alert."""
    kinds = Counter(alert.msg_type for alert in replayed.outcome.alerts if alert.status == "actual")
    assert kinds["update"] >= 1
    assert kinds["cancel"] >= 1
    said = {alert.id for alert in replayed.outcome.alerts}
    for alert in replayed.outcome.alerts:
        assert bool(alert.references) == (alert.msg_type != "alert")
        assert said.issuperset(alert.references)
    # Whether a correction is harmless is the model's to say; of those that are meant so, at least one is to it.
    assert "cancel" in {alerted(replayed, line)[-1][1] for line in told("now harmless")}


def test_an_embargo_holds_until_its_release(replayed: Replayed) -> None:
    """What is under embargo fires, seconds after it came and at once after its release."""
    for line, seconds in zip(told("under embargo"), (4, 6), strict=True):
        assert ("neg-flash", "alert") in alerted(replayed, line)
        headline = stamped(LINES[line - 1], 0.0).decode()
        (first, *_) = [alert for alert in replayed.outcome.alerts if alert.headline in headline]
        assert first.t.first_seen >= replayed.started + seconds
        assert first.t.emitted >= first.t.first_seen


@pytest.mark.parametrize("about", ["years-old story", "published three hours ago"])
def test_what_is_too_old_does_not_fire(replayed: Replayed, about: str) -> None:
    """Old news stays silent, though its words are those of bad news."""
    assert told(about)
    assert [alerted(replayed, line) for line in told(about)] == [[]] * len(told(about))


def test_something_is_held_back(replayed: Replayed) -> None:
    """Dedup, cooldown and expiry each hold something back."""
    assert all(replayed.outcome.outcomes[name] for name in ("dedup", "cooldown", "expired"))


def test_off_a_terminal_each_alert_is_a_line(replayed: Replayed) -> None:
    """A line for everything that went out, with its milliseconds; what stays in shadow is not shown."""
    actual = [alert for alert in replayed.outcome.alerts if alert.status == "actual"]
    assert len(replayed.shown) == len(actual)
    for line, alert in zip(replayed.shown, actual, strict=True):
        assert re.match(r" *\d+\.\d ms  ", line)
        assert alert.headline in line


def test_the_summary_says_how_fast(replayed: Replayed) -> None:
    """Items, alerts, dead letters, and the times from arrival to alert as p50 and p99."""
    console = Console(file=io.StringIO(), width=200)
    console.print(summary(replayed.outcome))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert re.search(rf"items +{len(LINES)} ", text)
    assert re.search(r"dead letters +14 ", text)
    assert re.search(r"p50 \d+\.\d ms", text)
    assert re.search(r"p99 \d+\.\d ms", text)


def test_a_picture_of_the_last_screen(replayed: Replayed, tmp_path: Path) -> None:
    """The screen can be saved as an SVG that shows what fired."""
    screen = Screen(Console(file=io.StringIO(), width=100), 2)
    last = [alert for alert in replayed.outcome.alerts if alert.status == "actual"][-1]
    screen.show(last, 0.0042)
    screen.save(tmp_path / "demo.svg", summary(replayed.outcome))
    picture = (tmp_path / "demo.svg").read_text("utf-8")
    assert picture.startswith("<svg")
    assert "4.2" in picture
    assert last.rule.id in picture


def test_nothing_came_of_nothing() -> None:
    """The summary of an empty replay has no times, and does not fail."""
    console = Console(file=io.StringIO(), width=200)
    console.print(summary(Outcome(0, [], 0, [], Counter(), Counter())))
    assert isinstance(console.file, io.StringIO)
    assert "p50" not in console.file.getvalue()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"t":"@now"}', b'{"t":"1970-01-12T13:46:40.000+00:00"}'),
        (b"@now-3s", b"1970-01-12T13:46:37.000+00:00"),
        (b"@now+5s", b"1970-01-12T13:46:45.000+00:00"),
        (b"@now-4m", b"1970-01-12T13:42:40.000+00:00"),
        (b"@now-2h", b"1970-01-12T11:46:40.000+00:00"),
        (b"@now+1d", b"1970-01-13T13:46:40.000+00:00"),
        (b"@now @now-1s", b"1970-01-12T13:46:40.000+00:00 1970-01-12T13:46:39.000+00:00"),
        (b"nothing, now-3s", b"nothing, now-3s"),
        (b"\xff@now\x00", b"\xff1970-01-12T13:46:40.000+00:00\x00"),
    ],
)
def test_stamps(line: bytes, expected: bytes) -> None:
    """``@now`` with or without a shift becomes the ISO-8601 stamp of that moment; all other bytes stay."""
    assert stamped(line, 1_000_000.0) == expected


def test_the_feed_is_what_its_page_says() -> None:
    """The number of lines, and that the special lines are there."""
    (claimed,) = re.findall(r"(\d+) raw messages", PAGE)
    assert len(LINES) == int(claimed) >= 400
    assert all(line.strip() for line in LINES)
    assert max(int(number) for number in re.findall(r"\b\d+\b", PAGE.split("| special")[1].split("\n\n")[0])) <= len(
        LINES
    )
    assert all(b"embargo" in LINES[number - 1] for number in told("under embargo"))


def test_the_command(tmp_path: Path) -> None:
    """The replay of any feed by any rules: a line for each alert, then the summary; exit code 0."""
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(
        b'{"id":"1","source":"wire","headline":"Acme files for chapter 11 bankruptcy","published":"@now"}\n'
        b'\n{"id":"2","source":"wire","headline":"Beta opens a shop in Lyon","published":"@now"}\nnot json\n'
    )
    picture = tmp_path / "demo.svg"
    done = flashwire("demo", "--seconds", "0.1", "--feed", str(feed), "--picture", str(picture))
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode()
    assert "Acme files for chapter 11 bankruptcy" in shown
    assert "Beta opens" not in shown
    assert re.search(r"dead letters +1 ", shown)
    assert "p50" in shown
    assert "p99" in shown
    assert done.stderr == b""
    assert picture.read_bytes().startswith(b"<svg")


@pytest.mark.parametrize(
    "arguments",
    [("--feed", "nowhere.jsonl"), ("--seconds", "0"), ("--picture", "nowhere/demo.svg")],
    ids=lambda a: a[0],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple[str, str]) -> None:
    """What cannot be replayed or written is exit code 2 and a message that names it."""
    (tmp_path / "feed.jsonl").write_bytes(b'{"id":"1","source":"wire","headline":"x"}\n')
    done = flashwire("demo", "--seconds", "0.1", "--feed", str(tmp_path / "feed.jsonl"), *arguments)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
