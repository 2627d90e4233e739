"""The shipped model at work: a text's scores depend on the text alone, are probabilities, and make sense."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.scoring.manifest import verified
from engine.scoring.scorer import OnnxScorer
from engine.scoring.session import OnnxSession
from engine.scoring.tokens import TextTokenizer
from engine.types import Scores
from tests.scoring.conftest import ARTIFACT

HEADLINES = [
    "Acme files for chapter 11 bankruptcy as auditor resigns",
    "Beta cuts full-year guidance on weak demand, shares halted",
    "Regulator opens criminal probe into Gamma's accounts",
    "Delta to buy Echo for $4.2 billion in cash",
    "UPDATE 2-Foxtrot raises dividend after record quarterly profit",
    "Golf opens a second shop in Lyon",
    "Hotel names Jane Doe as chief financial officer",
    "Five stocks to watch this week",
    "India Pharma's drug fails late-stage trial",
    "Juliet Bank defaults on bonds after missing coupon payment",
    "Kilo upgraded to buy at Calloway Reed, target $64",
    "Central bank raises rates by 50 basis points in surprise move",
    "Lima recalls 200,000 cars over brake fault",
    "Mike wins $1.1 billion defence contract",
    "November to report third-quarter results on December 3",
    "Oscar shares plunge 40% in after-hours trading",
    "Papa announces 40 million share offering at a discount",
    "Quebec Oil says refinery fire contained, no injuries",
    "GLOBAL MARKETS-Shares edge higher as traders await Fed minutes",
    "Romeo launches new colours for its phone cases",
]
ODD = [
    "",
    " ",
    "?",
    "x",
    "Acme",
    "株価が急落、日銀が緊急声明",
    "Акции Acme рухнули на 40%",
    "أسهم أكمي تنهار",
    "🚨📉 $ACME 💀",
    "👩‍👩‍👧‍👦 e\u0301 \u200d \ufe0f",
    "A" * 5_000,
    "Acme falls " * 2_000,
    "\x00\x01 control",
    "[MASK] [CLS] [SEP] [PAD]",
]


def test_alone_in_any_batch_and_in_any_order_the_scores_are_the_same(scorer: OnnxScorer) -> None:
    """To the last bit: batch-mates, batch size and place change nothing."""
    texts = HEADLINES + ODD
    alone = {text: scorer.score([text])[0] for text in texts}
    chance = random.Random(1)
    for size in (len(texts), 7):
        shuffled = chance.sample(texts, size)
        assert scorer.score(shuffled) == [alone[text] for text in shuffled]
    assert scorer.score(["x", "x", HEADLINES[0], "x"]) == [alone[text] for text in ("x", "x", HEADLINES[0], "x")]


def test_several_threads_at_once_change_nothing(scorer: OnnxScorer) -> None:
    """``flashwire score`` calls from every core; each text's scores stay its own."""
    expected = scorer.score(HEADLINES)
    with ThreadPoolExecutor(4) as workers:
        for found in workers.map(scorer.score, [HEADLINES] * 4):
            assert found == expected


@pytest.mark.parametrize("text", HEADLINES[:3] + ODD, ids=lambda text: ascii(text[:20]))
def test_every_head_gives_probabilities(scorer: OnnxScorer, text: str) -> None:
    """For any text each score is a probability, the labels of a head share one, and names are the manifest's."""
    (scores,) = scorer.score([text])
    assert tuple(scores) == scorer.manifest.scores
    assert all(0.0 <= value <= 1.0 for value in scores.values())
    for head in scorer.manifest.heads:
        if head.labels:
            assert sum(scores[name] for name in head.scores) == pytest.approx(1.0, abs=1e-9)


def test_the_names_are_those_that_rules_use(scorer: OnnxScorer) -> None:
    """Urgency and sentiment have three labels each, events sixteen, and the trigger stands alone."""
    heads = {head.name: len(head.labels) for head in scorer.manifest.heads}
    assert heads == {"urgency": 3, "sentiment": 3, "event": 16, "trigger": 0}
    assert {"urgency.high", "sentiment.negative", "event.credit", "trigger"} <= set(scorer.manifest.scores)


def test_nothing_in_nothing_out(scorer: OnnxScorer) -> None:
    """No texts, no scores."""
    assert scorer.score([]) == []


def test_a_text_beyond_the_limit_is_cut(scorer: OnnxScorer) -> None:
    """What stands behind the model's last token changes nothing."""
    long = "Acme falls " * 200
    assert scorer.score([long]) == scorer.score([long + "Beta rises"])


def test_the_model_is_named_by_its_weights(scorer: OnnxScorer) -> None:
    """The reference in every alert is the artefact's id and the hash of the file that scored."""
    assert scorer.model.id == scorer.manifest.id
    assert scorer.manifest.files["model.int8.onnx"].sha256.startswith(scorer.model.sha)


def likeliest(scores: Scores, head: str) -> str:
    """The label of a head with the highest probability."""
    names = [name for name in scores if name.startswith(f"{head}.")]
    return max(names, key=scores.__getitem__).partition(".")[2]


OBVIOUS = [
    (HEADLINES[0], "high", "negative", "credit"),
    (HEADLINES[1], "high", "negative", "guidance"),
    (HEADLINES[8], "high", "negative", "clinical"),
    (HEADLINES[3], "high", None, "m_and_a"),
    (HEADLINES[5], "low", None, None),
    (HEADLINES[7], "low", "neutral", None),
    (HEADLINES[10], None, "positive", "analyst"),
    (HEADLINES[11], "high", None, "macro"),
    (HEADLINES[13], None, "positive", "contract"),
    (HEADLINES[14], "low", "neutral", "earnings"),
]


@pytest.mark.parametrize(("text", "urgency", "sentiment", "event"), OBVIOUS, ids=[row[0][:30] for row in OBVIOUS])
def test_the_obvious(
    scorer: OnnxScorer, text: str, urgency: str | None, sentiment: str | None, event: str | None
) -> None:
    """A headline about which no two people differ gets the label they would give it; None is left open."""
    (scores,) = scorer.score([text])
    for head, label in (("urgency", urgency), ("sentiment", sentiment), ("event", event)):
        assert label in (None, likeliest(scores, head)), head


def test_what_should_fire_outranks_what_should_not(scorer: OnnxScorer) -> None:
    """The trigger is higher for any bad news than for any noise."""
    bad, noise = (0, 1, 8, 9), (5, 7, 14, 19)
    scores = scorer.score(HEADLINES)
    assert min(scores[number]["trigger"] for number in bad) > max(scores[number]["trigger"] for number in noise)


TOLERANCE = 0.25  # of a probability: two precisions, each with a calibration of its own
MEAN_TOLERANCE = 0.02


def test_the_fp16_file_says_what_the_int8_file_says(scorer: OnnxScorer) -> None:
    """Run on the CPU the GPU's file agrees: on 20 headlines each score to 0.25, on average to 0.02, most labels."""
    manifest = scorer.manifest
    path = verified(ARTIFACT, manifest, manifest.variants["fp16"].file)
    tokenize = TextTokenizer(verified(ARTIFACT, manifest, manifest.tokenizer), manifest.max_tokens)
    half = OnnxScorer(manifest, "fp16", tokenize, OnnxSession(path, manifest.output, "cpu", threads=1))
    assert half.model.sha != scorer.model.sha
    pairs = list(zip(scorer.score(HEADLINES), half.score(HEADLINES), strict=True))
    gaps = [abs(one[name] - other[name]) for one, other in pairs for name in one]
    assert max(gaps) <= TOLERANCE
    assert sum(gaps) / len(gaps) <= MEAN_TOLERANCE
    heads = ("urgency", "sentiment", "event")
    differ = sum(likeliest(one, head) != likeliest(other, head) for one, other in pairs for head in heads)
    assert differ <= 3
