"""Which words carried a score: words and their places, weights, long and odd texts, and the command."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from engine.explain import Explanation, Word, explain, words_of
from engine.scoring.scorer import OnnxScorer, load_scorer
from engine.terminal import explained
from engine.types import Scores
from tests.command import ROOT, flashwire

HEADLINE = "Acme files for bankruptcy protection"
LOG_ODDS = {
    "bankruptcy": 3.0,
    "files": 1.0,
    "avoids": -4.0,
    "12.5%": 0.5,
    "$AAPL": 0.25,
    "🚀": -1.5,
    "破": 2.0,
    "?": -0.75,
}
LONG = " antidisestablishmentarianism"
"""Many tokens and one word, so that a text reaches the cut with few words to weigh."""


class BagOfWords:
    """A scorer whose log-odds of ``urgency.high`` and of ``trigger`` are sums over words; case and order are nothing.

    It reads the first ``most`` words of a text, as a model reads its first tokens, and counts its calls.
    """

    def __init__(self, most: int = 10_000) -> None:
        self.most, self.calls = most, 0

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """``urgency.low``, ``urgency.high`` and the binary head ``trigger``."""
        self.calls += 1
        return [self._one(text) for text in texts]

    def read(self, text: str) -> int:
        """Where the last word that counts ends; all where none is cut."""
        found = words_of(text)
        return len(text) if len(found) <= self.most else found[self.most - 1].end

    def _one(self, text: str) -> Scores:
        known = [LOG_ODDS.get(word.text, 0.0) for word in words_of(text)[: self.most]]
        high = 1 / (1 + math.exp(1.0 - sum(known)))
        return {"urgency.low": 1 - high, "urgency.high": high, "trigger": high / 2}


@pytest.fixture(scope="module")
def shipped() -> OnnxScorer:
    """The scorer that serves."""
    return load_scorer(ROOT / "models/artifacts/news")


def weights(found: Explanation, head: str) -> dict[str, float]:
    """Word → weight, rounded."""
    return {word.text: round(word.weight, 4) for word in found.heads[head].words}


def shown(found: Explanation) -> str:
    """What a terminal without colours shows."""
    console = Console(file=io.StringIO(), width=200, no_color=True)
    console.print(explained(found))
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO above


def test_a_weight_is_the_probability_with_the_word_less_without() -> None:
    """Each head's likeliest label is explained, a binary head by its event; words that do nothing weigh nothing."""
    scorer = BagOfWords()
    found = explain(scorer, HEADLINE)
    with_all, without_files, without_bankruptcy = (1 / (1 + math.exp(1 - x)) for x in (4.0, 3.0, 1.0))
    expected = {"Acme": 0.0, "files": with_all - without_files, "for": 0.0, "protection": 0.0}
    expected = {
        name: round(value, 4) for name, value in (expected | {"bankruptcy": with_all - without_bankruptcy}).items()
    }
    assert weights(found, "urgency") == expected
    assert (found.heads["urgency"].label, found.heads["trigger"].label) == ("high", None)
    assert found.heads["urgency"].score == with_all
    assert weights(found, "trigger")["bankruptcy"] == round((with_all - without_bankruptcy) / 2, 4)
    assert scorer.calls == 1


def test_a_word_can_speak_against() -> None:
    """A word without which the label would be surer weighs less than nothing."""
    found = explain(BagOfWords(), "bankruptcy avoids bankruptcy")
    assert found.heads["urgency"].label == "high"
    assert found.heads["urgency"].words[1].weight < 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme cuts full-year view", ["Acme", "cuts", "full", "year", "view"]),
        ("$AAPL up 12.5%, $2.1 billion", ["$AAPL", "up", "12.5%", "$2.1", "billion"]),
        ("UPDATE 2-Bravo's U.S. unit", ["UPDATE", "2", "Bravo's", "U.S.", "unit"]),
        ("AT&T, \u201cDelta\u2019s\u201d (R&D)", ["AT&T", "Delta\u2019s", "R&D"]),
        ("Acme bankrupt?!", ["Acme", "bankrupt", "?!"]),
        ("北京 raises", ["北", "京", "raises"]),
        ("Echo 🚀🚀 ❤️ 👨‍👩‍👧", ["Echo", "🚀🚀", "❤️", "👨‍👩‍👧"]),
        ("हिन्दी 한국 Übernahme", ["हिन्दी", "한국", "Übernahme"]),
        ("... -- ;", []),
        (" \t\u00a0", []),
        ("", []),
    ],
)
def test_words_as_they_stand(text: str, expected: list[str]) -> None:
    """Words keep their signs, and their places are the text's own characters."""
    found = words_of(text)
    assert [word.text for word in found] == expected
    assert all(text[word.start : word.end] == word.text for word in found)


def test_marks_and_scripts_are_weighed() -> None:
    """Tickers, percentages, emoji, Han characters and question marks have weights of their own."""
    found = weights(explain(BagOfWords(), "$AAPL 12.5% 🚀 破?"), "urgency")
    assert all(found.values())
    assert set(found) == {"$AAPL", "12.5%", "🚀", "破", "?"}


def test_repeated_words_are_told_apart_by_their_places() -> None:
    """Each occurrence is removed by itself; both stand in the result."""
    words = explain(BagOfWords(), "bankruptcy after bankruptcy").heads["urgency"].words
    assert [(word.text, word.start) for word in words] == [("bankruptcy", 0), ("after", 11), ("bankruptcy", 17)]
    assert words[0].weight == words[2].weight > 0


def test_one_word() -> None:
    """What a single word is weighed against is the empty text."""
    scorer = BagOfWords()
    (word,) = explain(scorer, "bankruptcy").heads["urgency"].words
    assert word.weight == scorer.score(["bankruptcy"])[0]["urgency.high"] - scorer.score([""])[0]["urgency.high"]


@pytest.mark.parametrize("text", ["", "  ", "…"], ids=["empty", "blank", "no word"])
def test_no_words(text: str) -> None:
    """A text without words has scores, and no weights; the terminal says so."""
    found = explain(BagOfWords(), text)
    assert (found.heads["urgency"].label, found.heads["urgency"].words) == ("low", ())
    assert "urgency low 0.73: no words\n" in shown(found)


def test_what_is_not_read_has_no_weight() -> None:
    """Words behind the cut weigh exactly 0, and no removed word lets one of them in."""
    scorer = BagOfWords(most=3)
    text = "Acme files today bankruptcy avoids"
    found = explain(scorer, text, scorer.read)
    words = found.heads["trigger"].words
    assert [word.weight for word in words[3:]] == [0.0, 0.0]
    assert weights(found, "trigger")["Acme"] == 0.0  # Had "bankruptcy" moved up, it would be far below.
    assert (found.read, found.cut) == (len("Acme files today"), True)
    assert "not read (too long): bankruptcy avoids" in shown(found)
    assert not explain(scorer, "Acme files today", scorer.read).cut


def test_a_terminal_lists_the_words_that_moved_most() -> None:
    """Largest first, with signs, whether or not there are colours; what moves nothing is not listed."""
    text = shown(explain(BagOfWords(), "Acme files for bankruptcy, avoids [red]"))
    assert text.startswith("urgency low 0.73: avoids +0.68, bankruptcy -0.")
    assert "Acme files for bankruptcy, avoids [red]\n" in text
    assert "no single word moves it by 0.01" in shown(explain(BagOfWords(), "Acme opens a shop"))


def test_colours_say_for_or_against() -> None:
    """Green is for, red against, in the order of the words."""
    found = explained(explain(BagOfWords(), "bankruptcy bankruptcy avoids"))
    styles = [str(span.style) for span in found.spans if "on " in str(span.style)]
    assert styles[:3] == ["bold white on green", "bold white on green", "bold white on red"]


def test_the_shipped_model(shipped: OnnxScorer) -> None:
    """On a plain headline the word that says it carries every head, and the scores are those that serve."""
    found = explain(shipped, HEADLINE, shipped.read)
    assert found.scores == shipped.score([HEADLINE])[0]
    assert list(found.heads) == ["urgency", "sentiment", "event", "trigger"]
    for head in found.heads.values():
        assert len(head.words) == 5
        assert max(head.words, key=lambda word: word.weight).text in {"files", "bankruptcy"}
    assert found.heads["event"].label == "credit"


def test_the_shipped_model_at_its_cut(shipped: OnnxScorer) -> None:
    """Of 35 words it reads what 96 tokens hold; whatever follows changes no score and no weight."""
    text = HEADLINE + LONG * 30
    found, other = explain(shipped, text, shipped.read), explain(shipped, f"{text} bankruptcy", shipped.read)
    words = found.heads["urgency"].words
    behind = [word for word in words if word.start >= found.read]
    assert 0 < len(behind) < len(words) == 35
    assert {word.weight for word in behind} == {0.0}
    assert all(word.weight for word in words[: -len(behind)])
    assert other.scores == found.scores
    assert other.heads["urgency"].words[:-1] == words


def test_a_word_that_the_cut_goes_through(shipped: OnnxScorer) -> None:
    """It counts as far as it was read, and its rest is named as not read."""
    through = []
    for lead in ("", "a", "a a", "a a a"):  # However the tokens fall, one of these has the cut inside a word.
        found = explain(shipped, lead + LONG * 20, shipped.read)
        through += [word for word in found.heads["urgency"].words if word.start < found.read < word.end]
        assert found.cut
    assert through
    assert all(word.weight for word in through)


@pytest.mark.parametrize("text", ["🚀", "破産", "[SEP]", "\u200b", "a\u0301", "x" * 10_000, "\x00 bankrupt"])
def test_no_text_is_too_odd(shipped: OnnxScorer, text: str) -> None:
    """Whatever a feed sends is explained, with finite weights."""
    found = explain(shipped, text, shipped.read)
    words = itertools.chain.from_iterable(head.words for head in found.heads.values())
    assert all(math.isfinite(word.weight) for word in words)


def test_json_lines(tmp_path: Path, shipped: OnnxScorer) -> None:
    """``--in`` with ``--explain``: scores as without, and each head's label and ``[word, start, end, weight]``."""
    rows = [{"id": "a", "headline": HEADLINE}, {"id": 2, "headline": ""}, {"id": 3, "headline": LONG * 30}]
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    done = flashwire("score", "--explain", "--in", str(path))
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in found] == ["a", 2, 3]
    assert found[0]["scores"] == shipped.score([HEADLINE])[0]
    word, start, end, weight = found[0]["explain"]["urgency"]["words"][3]
    assert (word, HEADLINE[start:end]) == ("bankruptcy", "bankruptcy")
    assert weight > 0.3
    assert found[0]["explain"]["trigger"]["label"] is None
    assert found[1]["explain"]["urgency"]["words"] == []
    assert "unread_from" not in found[0]
    assert found[2]["unread_from"] == shipped.read(LONG * 30) < len(LONG * 30)


def test_headlines_as_arguments() -> None:
    """Off a terminal ``--explain`` writes JSON lines as ``score`` does; without it there is no such field."""
    explained_line, plain_line = (flashwire("score", *option, HEADLINE).stdout for option in (["--explain"], []))
    assert set(orjson.loads(explained_line)) == {"id", "scores", "explain"}
    assert set(orjson.loads(plain_line)) == {"id", "scores"}


def test_a_word_is_an_array() -> None:
    """The Struct reads what the command writes."""
    import msgspec

    assert msgspec.json.decode(b'["bankruptcy",12,22,0.61]', type=Word) == Word("bankruptcy", 12, 22, 0.61)
    assert re.match(r'\["bankruptcy",12,22,0\.61\]', msgspec.json.encode(Word("bankruptcy", 12, 22, 0.61)).decode())
