"""What the model does to a real stream: alerts and expected events per 1,000 headlines that nobody picked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars

from engine.ports import Scorer
from models.data import Row
from models.errors import DataError
from models.evaluation.alerts import Alerts
from models.evaluation.scored import score_rows
from models.metrics import Bools, Floats, Interval
from models.profile import Profile, StreamSpec

_DRAWS = 1000


def on_stream(scorer: Scorer, spec: StreamSpec, data: Path, profile: Profile, alerts: Alerts | None) -> dict[str, Any]:
    """Score a seeded sample. Per 1,000 items: alerts by the rules, and what each binary head expects; with intervals.

    Raises:
        DataError: the file is missing.
    """
    texts = sample(data / spec.file, spec)
    found = score_rows(scorer, [Row("", text, {}) for text in texts], profile, f"a stream of {len(texts):,} headlines")
    report: dict[str, Any] = {"file": spec.file, "months": spec.months, "rows": len(texts)}
    if alerts is not None:
        report["alerts_per_1000"] = per_1000(alerts(texts, found.scores).astype(float))
    for head, one in profile.heads.items():
        if one.all:
            report[f"{head}_expected_per_1000"] = per_1000(found.table(head)[:, 0])
    return report


def sample(path: Path, spec: StreamSpec) -> list[str]:
    """``spec.rows`` titles of ``spec.months``, drawn with a fixed seed.

    Raises:
        DataError: the file is missing.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the data folder with --data or FLASHWIRE_DATA")
    months = polars.col("ts_utc").dt.strftime("%Y-%m").is_in(spec.months)
    titles = polars.read_parquet(path, columns=["ts_utc", "title"]).filter(months)["title"]
    return list(titles.sample(min(spec.rows, len(titles)), seed=0).to_list())


def per_1000(values: Floats | Bools) -> Interval:
    """The mean times 1,000 with its 95% bootstrap interval."""
    random = np.random.default_rng(0)
    drawn = [values[random.integers(0, len(values), len(values))].mean() for _ in range(_DRAWS)]
    low, high = (1000 * np.percentile(drawn, [2.5, 97.5])).tolist()
    return Interval(float(1000 * values.mean()), low, high)
