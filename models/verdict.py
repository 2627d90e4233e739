"""The verdict on a draft: its metrics in every precision, and whether the profile's floors hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.scoring.manifest import Precision
from engine.scoring.scorer import OnnxScorer
from engine.scoring.session import OnnxSession
from engine.scoring.tokens import TextTokenizer
from models.batches import target_columns
from models.build import SHIPPED, TOKENIZER, Draft
from models.data import Row, read_source
from models.encoder import load_tokenizer
from models.evaluate import Report, evaluate
from models.export import OUTPUT
from models.metrics import classes_report
from models.network import NewsModel, logits
from models.order import Order
from models.probe import probe
from models.profile import Profile


def judge(order: Order, made: Draft) -> dict[str, Any]:
    """The manifest's metrics: each precision on the labelled evaluation sets through the engine's scorer.

    A set with a convention of its own (``tfns``) is judged on torch, by the output that the artefact leaves out.
    """
    metrics: dict[str, Any] = {"calibration_on_held_out": {name: made.calibration[name] for name in SHIPPED}}
    for source in order.profile.evaluation:
        rows = read_source(order.data, source, order.profile)
        if source.of_product:
            metrics[source.name] = {p: _judged(made, order, rows, p) for p in ("int8", "fp16", "fp32")}
        else:
            metrics[source.name] = {"torch fp32": own_convention(made.model, order.profile, rows)}
    if probes := probe(_scorer(made, order, "int8"), order.profile):
        metrics["probes"] = probes
    return metrics


def own_convention(model: NewsModel, profile: Profile, rows: list[Row]) -> dict[str, Any]:
    """Accuracy and macro-F1 of the training-only output that these rows are labelled for."""
    (output,) = rows[0].targets
    columns = target_columns(rows, profile)
    start = sum(len(labels) for name, labels in profile.outputs().items() if name in _before(profile, output))
    labels = profile.classes(output)
    found = logits(model, load_tokenizer(profile), [row.text for row in rows])[:, start : start + len(labels)]
    return {"output": output} | classes_report(np.asarray(columns[output]), found.argmax(axis=1), labels)


def below_floors(profile: Profile, report: Report) -> list[str]:
    """One line for every head whose macro-F1 is under the profile's floor."""
    return [
        f"{head}: macro-F1 {report[head]['macro_f1']:.3f} is below the floor of {floor}"
        for head, floor in profile.floors.items()
        if report[head]["macro_f1"] < floor
    ]


def _judged(made: Draft, order: Order, rows: list[Row], precision: Precision) -> Report:
    return evaluate(
        _scorer(made, order, precision), rows, order.profile, f"{precision}: {len(rows):,} rows, one at a time"
    )


def _scorer(made: Draft, order: Order, precision: Precision) -> OnnxScorer:
    """The engine's scorer on a draft, whose manifest is not written yet."""
    tokenize = TextTokenizer(order.out / TOKENIZER, made.manifest.max_tokens)
    session = OnnxSession(made.paths[precision], OUTPUT, "cpu", threads=1)
    return OnnxScorer(made.manifest, precision, tokenize, session)


def _before(profile: Profile, output: str) -> list[str]:
    names = list(profile.outputs())
    return names[: names.index(output)]
