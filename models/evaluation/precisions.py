"""What a number format costs: scores, likeliest labels and alerts of one precision against another's."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.evaluation.alerts import Alerts
from models.evaluation.scored import Scored
from models.metrics import Bools


def compare(found: Scored, reference: Scored, alerts: Alerts | None) -> dict[str, Any]:
    """Per head the differences of calibrated probabilities and the share of rows whose likeliest label differs.

    ``alerts``: how many rows alert in either, and the share of those that alert in one only.
    """
    heads = {head: _head(found, reference, head) for head in found.profile.heads}
    report: dict[str, Any] = {"rows": len(found.rows), "heads": heads}
    if alerts is not None:
        texts = [row.text for row in found.rows]
        report["alerts"] = flips(alerts(texts, found.scores), alerts(texts, reference.scores))
    return report


def flips(one: Bools, other: Bools) -> dict[str, float]:
    """Alerts of both, and flips as a share of their union."""
    union = int((one | other).sum())
    return {"union": union, "flips": int((one ^ other).sum()), "share": float((one ^ other).sum() / max(1, union))}


def _head(found: Scored, reference: Scored, head: str) -> dict[str, float]:
    one, other = found.table(head), reference.table(head)
    away = np.abs(one - other).max(axis=1)
    same = (
        one.argmax(axis=1) == other.argmax(axis=1) if one.shape[1] > 1 else (one >= 0.5)[:, 0] == (other >= 0.5)[:, 0]
    )
    return {
        "mean": float(away.mean()),
        "p99": float(np.percentile(away, 99)),
        "most": float(away.max()),
        "flips": float(1 - same.mean()),
    }
