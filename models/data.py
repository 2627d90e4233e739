"""Rows to learn from and to be judged by: merged by text, kept apart from the evaluation sets.

Data stays in the data folder; nothing here writes text anywhere.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from models.errors import DataError
from models.formats import Row
from models.profile import Profile
from models.sources import file_hash, read_source, share_of

__all__ = [
    "Row", "Split", "check_classes", "clean", "file_hash", "joint_target", "near_duplicates", "read_source", "split",
    "unlike_training", "words",
]  # fmt: skip

_URL = re.compile(r"https?://\S+")
_PREFIX = re.compile(r"^(?:update \d+|rpt|refile|brief|corrected|wrapup \d+)\b[\s:-]*", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")


class Split(msgspec.Struct):
    """Rows to train on, rows held out for calibration, what was dropped and why, and unlabelled rows to distil on."""

    train: list[Row]
    held_out: list[Row]
    dropped: dict[str, int]
    pool: list[Row] = []


def clean(text: str) -> str:
    """The text without links and runs of white space: for likeness only, the model sees the text as it came."""
    return " ".join(_URL.sub(" ", text).split())


def words(text: str) -> frozenset[str]:
    """The text's lower-case words without wire prefixes (UPDATE 1-, RPT-), for likeness."""
    return frozenset(_WORD.findall(_PREFIX.sub("", clean(text)).lower()))


def joint_target(row: Row, terms: list[str]) -> int | None:
    """1 where every term (``urgency.high``) holds, 0 where one does not, None where a head is unlabelled."""
    heads = [term.partition(".") for term in terms]
    if any(head not in row.targets for head, _, _ in heads):
        return None
    return int(all(row.targets[head] == label for head, _, label in heads))


def split(profile: Profile, data: Path, stated_licence: bool = False) -> Split:
    """Read every source, merge rows of one text, drop what resembles an evaluation row, hold some out.

    ``stated_licence`` leaves out sources, and data sets inside one, whose text states no licence.

    Raises:
        DataError: what ``read_source`` refuses.
    """
    dropped: Counter[str] = Counter()
    guarded = [row for source in profile.evaluation for row in read_source(data, source, profile)]
    merged = _merged(profile, data, stated_licence, {(row.file, row.id) for row in guarded}, dropped)
    alike = near_duplicates(merged, (words(row.text) for row in guarded))
    dropped["resembles an evaluation row"] = len(alike)
    out = Split([], [], dict(dropped))
    for row in (row for key, row in merged.items() if key not in alike):
        held = not row.targets.keys().isdisjoint(profile.heads) and share_of(row.id) < profile.training.held_out
        (out.held_out if held else out.train).append(row)
    return out


def check_classes(profile: Profile, rows: list[Row]) -> None:
    """Refuse to train a class that no row shows: its probability would be noise.

    Raises:
        DataError: naming the label's place in the profile, and the mend.
    """
    for head, spec in profile.heads.items():
        seen = {row.targets[head] for row in rows if head in row.targets}
        for number, label in enumerate(spec.labels):
            if label not in seen:
                place = profile.where(f"heads.{head}.labels[{number}]")
                raise DataError(f"{place}: no row to train on is labelled {label!r}; add some, or take the label out")
        if spec.all and not {0, 1} <= {joint_target(row, spec.all) for row in rows}:
            raise DataError(f"{profile.where(f'heads.{head}.all')}: the rows to train on do not show both its sides")


def _merged(
    profile: Profile, data: Path, stated_licence: bool, guarded: set[tuple[str, str]], dropped: Counter[str]
) -> dict[frozenset[str], Row]:
    """Rows by their words; a second row of the same words adds labels of outputs that the first lacks."""
    merged: dict[frozenset[str], Row] = {}
    for source in profile.sources:
        for row in read_source(data, source, profile, dropped):
            key = words(row.text)
            if (row.file, row.id) in guarded:
                dropped[f"{source.name}: kept for evaluation"] += 1
            elif stated_licence and (not source.licence or row.dataset in source.unlicensed):
                dropped[f"{source.name}: no stated licence"] += 1
            elif row.month in source.skip_months:
                dropped[f"{source.name}: month left out"] += 1
            elif not key:
                dropped[f"{source.name}: empty"] += 1
            elif key not in merged:
                merged[key] = row
            elif merged[key].targets.keys() & row.targets.keys():
                dropped[f"{source.name}: same text"] += 1
            else:
                merged[key].targets.update(row.targets)
                merged[key].sources += row.sources
    return merged


def unlike_training(rows: Split) -> list[Row]:
    """The held-out rows that resemble no training row: news repeats itself, and a repeat is no fresh evidence."""
    held_out = {words(row.text): row for row in rows.held_out}
    alike = near_duplicates(held_out, (words(row.text) for row in rows.train))
    return [row for key, row in held_out.items() if key not in alike]


def near_duplicates(
    rows: Iterable[frozenset[str]], guarded: Iterable[frozenset[str]], at_least: float = 0.8
) -> set[frozenset[str]]:
    """The word sets among ``rows`` whose Jaccard likeness to a guarded one reaches ``at_least``.

    By prefix filtering (Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity search"): two sets this alike
    share a word among the rarest few of each, so only those few are indexed and looked up.
    """
    rows, guarded = list(rows), list(guarded)
    counts = Counter(word for key in (*rows, *guarded) for word in key)

    def rarest(key: frozenset[str]) -> list[str]:
        few = len(key) - math.ceil(at_least * len(key) - 1e-9) + 1
        return heapq.nsmallest(few, key, key=lambda word: (counts[word], word))

    index: dict[str, list[frozenset[str]]] = defaultdict(list)
    for key in rows:
        for word in rarest(key):
            index[word].append(key)
    found = set()
    for target in guarded:
        least, most = at_least * len(target), len(target) / at_least
        for word in rarest(target):
            near = (key for key in index.get(word, ()) if least <= len(key) <= most)
            found |= {key for key in near if len(key & target) >= at_least * len(key | target)}
    return found
