"""Unlabelled headlines that a student learns its teacher's opinion of: read, kept apart from whatever judges, picked.

A linear model on words, fitted to the labelled rows in seconds, says which headlines are likely triggers and which
are doubtful: a plain sample of a wire would hold few of either.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import polars
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from models.batches import MASKED, target_columns
from models.data import Row, Split, near_duplicates, read_source, words
from models.errors import DataError
from models.profile import PoolSpec, Profile


def with_pool(profile: Profile, spec: PoolSpec, data: Path, labelled: Split) -> Split:
    """The split with a pool of ``spec.rows`` headlines of ``spec.months``, none like any row that is labelled.

    Equal shares are the likeliest of each joint event, the most doubtful of the first head, and drawn at random.

    Raises:
        DataError: the file is missing.
    """
    dropped: Counter[str] = Counter()
    found = {words(text): text for text in _texts(data / spec.file, spec, dropped)}
    judging = [row for source in profile.evaluation for row in read_source(data, source, profile)]
    for why, rows in (
        ("resembles an evaluation row", judging),
        ("resembles a held-out row", labelled.held_out),
        ("resembles a labelled row", labelled.train),
    ):
        alike = near_duplicates(found, (words(row.text) for row in rows))
        dropped[why] += len(alike)
        found = {key: text for key, text in found.items() if key not in alike}
    texts = list(found.values())
    picked = _pick(texts, spec, labelled.train, profile)
    dropped["not picked"] += len(texts) - len(picked)
    rows = [Row(f"pool-{_draw(texts[n]):08x}", texts[n], {}, dataset="pool") for n in picked]
    counts = {f"pool: {why}": count for why, count in dropped.items() if count}
    return msgspec.structs.replace(labelled, pool=rows, dropped=labelled.dropped | counts)


def _texts(path: Path, spec: PoolSpec, dropped: Counter[str]) -> Iterator[str]:
    """One text per set of words, in the file's order; of thinned newsrooms every ``keep``-th by hash."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the data folder with --data or FLASHWIRE_DATA")
    months = polars.col("ts_utc").dt.strftime("%Y-%m").is_in(spec.months)
    frame = polars.read_parquet(path, columns=["ts_utc", "title", "source"])
    dropped["month left out"] += len(frame) - len(frame := frame.filter(months))
    seen: set[frozenset[str]] = set()
    for title, source in frame.select("title", polars.col("source").cast(polars.String)).iter_rows():
        key = words(title)
        if source not in spec.whole and _draw(title) % spec.thin:
            dropped["press release thinned out"] += 1
        elif not key or key in seen:
            dropped["same text"] += 1
        else:
            seen.add(key)
            yield title


def _pick(texts: list[str], spec: PoolSpec, labelled: list[Row], profile: Profile) -> list[int]:
    """Row numbers, in order, ``spec.rows`` at most: a share by each ranking, the rest at random."""
    at_random = list(range(len(texts)))
    if len(texts) <= spec.rows:
        return at_random
    random.Random(profile.training.seed).shuffle(at_random)
    rankings = [*_rankings(texts, labelled, profile), at_random]
    chosen: dict[int, None] = {}
    for left, ranking in zip(range(len(rankings), 0, -1), rankings, strict=True):
        share = (spec.rows - len(chosen)) // left
        chosen |= dict.fromkeys([n for n in ranking if n not in chosen][:share])
    return sorted(chosen)


def _rankings(texts: list[str], labelled: list[Row], profile: Profile) -> Iterator[list[int]]:
    """Of each joint event the likeliest texts first; of the first head the most doubtful first."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    known = vectors.fit_transform([row.text for row in labelled])
    unknown = vectors.transform(texts)
    columns = target_columns(labelled, profile)
    for n, (head, spec) in enumerate(profile.heads.items()):
        if n == 0 or spec.all:
            target = np.asarray(columns[head])
            rows = np.nonzero(target != MASKED)[0]
            model = SGDClassifier(loss="log_loss", alpha=3e-6, random_state=profile.training.seed)
            opinion = model.fit(known[rows], target[rows]).predict_proba(unknown)
            sure = opinion[:, 1] if spec.all else -opinion.max(axis=1)
            yield np.argsort(-sure, kind="stable").tolist()


def _draw(text: str) -> int:
    """A fixed number for a text, so that thinning keeps the same rows on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
