"""Figures against values worked out by hand, and against what must hold for simulated rows."""

from __future__ import annotations

import numpy as np
import pytest

from models.metrics import (
    average_precision,
    calibration_error,
    calibration_interval,
    classes_report,
    event_report,
    recall_at,
)

TRUTH = np.array([True, False, True, True, False, False])
SCORE = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.1])


def test_macro_f1_is_the_plain_mean_of_the_classes() -> None:
    """Two of three right as ``a``, one of two as ``b``, ``c`` never there: F1 4/6, 2/4 and 0."""
    report = classes_report(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0]), ["a", "b", "c"])
    assert report["accuracy"] == pytest.approx(3 / 5)
    assert [report["classes"][name]["f1"] for name in "abc"] == pytest.approx([2 / 3, 1 / 2, 0])
    assert report["macro_f1"] == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert report["classes"]["b"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}


def test_average_precision_sums_precision_over_steps_of_recall() -> None:
    """Hits at ranks 1, 3 and 4: (1/1 + 2/3 + 3/4) / 3."""
    assert average_precision(TRUTH, SCORE) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_equal_scores_count_as_one_step() -> None:
    """Ties cannot be ordered to advantage: with all scores equal, average precision is the base rate."""
    assert average_precision(TRUTH, np.full(6, 0.5)) == pytest.approx(0.5)


def test_recall_at_a_precision_is_the_best_threshold_that_keeps_it() -> None:
    """Precision 1 allows only the first hit; 0.75 allows all three."""
    assert recall_at(TRUTH, SCORE, 1.0) == pytest.approx(1 / 3)
    assert recall_at(TRUTH, SCORE, 0.75) == pytest.approx(1.0)
    assert recall_at(~TRUTH, -np.arange(6.0), 0.9) == 0.0


def test_an_event_without_positives_has_no_precision() -> None:
    """Nothing to find is reported as zeros, not as a division by zero."""
    report = event_report(np.zeros(4, dtype=np.bool_), np.linspace(0, 1, 4))
    assert report == {
        "average_precision": 0.0,
        "recall_at_80_precision": 0.0,
        "recall_at_90_precision": 0.0,
        "positives": 0,
    }


def test_calibration_error_is_debiased() -> None:
    """Perfect probabilities come out near zero on average, where the plain error would show about 0.02."""
    random = np.random.default_rng(5)
    found = []
    for _ in range(40):
        confidence = random.uniform(0.4, 1.0, 1500)
        found.append(calibration_error(confidence, random.uniform(size=1500) < confidence))
    assert np.mean(found) < 0.012


def test_calibration_error_sees_overconfidence_and_its_interval_holds_it() -> None:
    """Ten points too sure is an error of about 0.10, inside its 90% interval, the same at every call."""
    random = np.random.default_rng(6)
    confidence = random.uniform(0.5, 1.0, 4000)
    hit = random.uniform(size=4000) < confidence - 0.1
    assert calibration_error(confidence, hit) == pytest.approx(0.1, abs=0.02)
    low, high = calibration_interval(confidence, hit)
    assert low < calibration_error(confidence, hit) < high < low + 0.05
    assert calibration_interval(confidence, hit) == (low, high)
