"""The demos of the other profiles: their feeds, their rules, and what fires once their artefacts are there."""

from __future__ import annotations

import asyncio
import io
import re
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console

from engine.codec import news
from engine.config import ROOT
from engine.demo import SHOWS, DemoConfig, Outcome, Screen, Show, read_feed, replay, stamped
from engine.rules import RuleSet, load_rules
from engine.scoring.scorer import load_scorer
from models.manifest import heads_of
from models.profile import load_profile
from tests.command import flashwire

PAGE = (ROOT / "deploy/demo/README.md").read_text("utf-8")
OTHERS = ["tickets", "tweets"]


def told(name: str, about: str) -> set[int]:
    """The line numbers that the feeds' page gives for something in one feed."""
    part = PAGE.split(f"## {name}.jsonl")[1].split("\n## ")[0]
    (row,) = [line for line in part.splitlines() if line.startswith(f"| {about}")]
    return {int(number) for number in re.findall(r"\d+", row.split("|")[2])}


@pytest.fixture(params=OTHERS)
def name(request: pytest.FixtureRequest) -> str:
    """Each profile that is not news."""
    return str(request.param)


def _fired(name: str) -> dict[str, set[int]]:
    """For every rule, the numbers of the lines that it fired on; skips where the profile's artefact is not there."""
    show = SHOWS[name]
    if not (ROOT / show.artifact / "manifest.json").is_file():
        pytest.skip(f"no artefact at {show.artifact}; python -m models build --profile {name}")
    scorer = load_scorer(ROOT / show.artifact)
    outcome, _, _ = _replayed(show, show.artifact, load_rules([show.rules], scorer.manifest.scores))
    assert outcome.dead_letters == 0
    fired: dict[str, set[int]] = defaultdict(set)
    for alert in outcome.alerts:
        fired[alert.rule.id].add(int(alert.item.id.rpartition("-")[2]))
    return fired


def _replayed(show: Show, artifact: str, rules: RuleSet) -> tuple[Outcome, list[str], Screen]:
    console = Console(file=io.StringIO(), width=400)
    scorer = load_scorer(ROOT / artifact)
    with Screen(console, len(read_feed(show.feed)), show) as screen:
        outcome = asyncio.run(replay(DemoConfig(show.feed, seconds=0.5), scorer, rules, screen))
    assert isinstance(console.file, io.StringIO)
    return outcome, console.file.getvalue().splitlines(), screen


def test_every_line_of_a_feed_is_an_item(name: str) -> None:
    """Sixty to a hundred messages that decode, each with an id and a text of its own, as the page counts them."""
    lines = read_feed(SHOWS[name].feed)
    items = [news.decode(stamped(line, 1e9), source="", now=1e9).item for line in lines]
    assert 60 <= len(items) <= 100
    assert len({item.id for item in items}) == len({item.headline for item in items}) == len(items)
    assert f"| [{name}.jsonl](#{name}jsonl) | `flashwire demo --profile {name}` | {len(items)} |" in PAGE


def test_the_rules_name_what_the_profile_scores(name: str) -> None:
    """The rules pass the check against the heads that the profile gives its artefact."""
    scores = [score for head in heads_of(load_profile(name)) for score in head.scores]
    assert any(rule.mode == "live" for rule in load_rules([SHOWS[name].rules], scores).rules)


def test_a_profiles_columns_are_its_own(name: str, tmp_path: Path) -> None:
    """Where items are about nobody in particular the table shows their source, and calls the text what it is there."""
    rules = tmp_path / "all.yaml"
    rules.write_text(
        "version: 1\nrules:\n  - {id: everything, when: urgency.high >= 0, emit: {severity: low, desk: all}}\n", "utf-8"
    )
    outcome, shown, screen = _replayed(SHOWS[name], SHOWS["news"].artifact, load_rules([rules]))
    assert len(outcome.alerts) == len(shown) == outcome.items
    assert all(
        alert.item.source in line and "ITEM:" not in line for alert, line in zip(outcome.alerts, shown, strict=True)
    )
    with (console := Console(width=150)).capture() as capture:
        console.print(screen._table())
    head = capture.get().splitlines()[2]
    assert head.split() == ["ms", "alert", "rule", "source", SHOWS[name].text, "because"]


def test_tickets_go_where_their_rules_say() -> None:
    """Messages that were meant so are escalated, and calm or happy ones are not."""
    fired = _fired("tickets")
    meant, calm = told("tickets", "frustrated and urgent"), told("tickets", "urgent, in a calm tone")
    assert len(fired["escalate"] & meant) >= len(meant) / 3
    assert fired["urgent"] & calm
    assert not told("tickets", "satisfied") & set().union(*fired.values())
    assert sum(map(len, fired.values())) == len(set().union(*fired.values()))  # One message, one queue.


def test_unhappy_tweets_are_told() -> None:
    """Half of the tweets that were meant as negative are told, and no more than a few others."""
    fired, meant = _fired("tweets"), told("tweets", "negative")
    assert len(fired["unhappy"] & meant) >= len(meant) / 2
    assert not fired["unhappy"] & told("tweets", "positive")
    assert len(fired["unhappy"] - meant) <= 4


def test_the_command_knows_its_profiles() -> None:
    """Another name is exit code 2 and a line with the names there are."""
    done = flashwire("demo", "--profile", "ticket")
    assert done.returncode == 2
    assert b"no demo 'ticket'; did you mean 'tickets'?" in done.stderr


def test_the_command_shows_a_profile(name: str) -> None:
    """``flashwire demo --profile`` replays the profile's feed by its rules; exit code 0."""
    if not (ROOT / SHOWS[name].artifact / "manifest.json").is_file():
        pytest.skip(f"no artefact at {SHOWS[name].artifact}; python -m models build --profile {name}")
    done = flashwire("demo", "--profile", name, "--seconds", "0.5")
    assert done.returncode == 0, done.stderr.decode()
    assert re.search(r"p50 \d+\.\d ms", done.stdout.decode())
