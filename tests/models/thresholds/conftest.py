"""Streams with known answers, and rules files to write into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.scoring.manifest import Head, Manifest
from models.profile import ErrorCosts, Profile
from models.thresholds.criterion import Criterion
from models.thresholds.evidence import Evidence
from models.thresholds.study import Wish

NAMES = ("trigger", "urgency.high", "sentiment.negative", "event.credit", "event.product", "event.other")
KINDS = ("credit", "product", "other")


@pytest.fixture(scope="session")
def calibrated() -> Evidence:
    """40,000 rows whose score is the very probability of the event, of which about 10 in 100 take place."""
    random = np.random.default_rng(7)
    score = random.beta(0.4, 3.6, 40_000)
    truth = random.random(40_000) < score
    kinds = [KINDS[number] for number in random.integers(0, 3, 40_000)]
    return Evidence(score, truth, np.ones(40_000), ["rest"] * 40_000, kinds)


@pytest.fixture
def five() -> Evidence:
    """Five rows, highest first: true, true, false, true, false; the last stands for six items."""
    score, truth = np.array([0.9, 0.8, 0.6, 0.6, 0.1]), np.array([True, True, False, True, False])
    weight = np.array([1.0, 1.0, 1.0, 1.0, 6.0])
    return Evidence(score, truth, weight, ["a", "a", "a", "a", "b"], ["credit", "other", "credit", "other", "credit"])


@pytest.fixture
def wish(profile: Profile) -> Wish:
    """A wish for the least cost, with few draws."""
    criterion: Criterion = ErrorCosts(5.0, 1.0)
    return Wish(profile, Path("data"), Path("artifact"), "trigger", criterion, 2_400.0, draws=50)


@pytest.fixture
def manifest() -> Manifest:
    """A manifest that declares ``NAMES``."""
    urgency, sentiment = Head("urgency", 1, ("high",)), Head("sentiment", 2, ("negative",))
    heads = (Head("trigger", 0), urgency, sentiment, Head("event", 3, KINDS))
    return Manifest(1, "tiny", "news", "Apache-2.0", 8, "tokenizer.json", "logits", heads, {}, {})
