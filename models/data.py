"""Rows to learn from and to be judged by: read, merged by text, kept apart from the evaluation sets.

Data stays in the data folder; nothing here writes text anywhere.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from models.errors import DataError
from models.profile import Profile, SourceSpec

_TFNS = {"0": "negative", "1": "positive", "2": "neutral"}
_URL = re.compile(r"https?://\S+")
_PREFIX = re.compile(r"^(?:update \d+|rpt|refile|brief|corrected|wrapup \d+)\b[\s:-]*", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")
_PAIR = re.compile(r"""(?:'|")[^:]*?(?:'|")\s*:\s*['"](negative|neutral|positive)['"]""")


class Row(msgspec.Struct):
    """One text with the labels it has. ``targets`` maps an output to a label; absent means masked.

    ``dataset`` is the collection the text is from, ``sources`` the profile's sources that gave it labels.
    ``weight`` is how many rows of the real stream it stands for; 0 where it was drawn by its content.
    """

    id: str
    text: str
    targets: dict[str, str]
    dataset: str = ""
    month: str = ""
    sources: tuple[str, ...] = ()
    stratum: str = ""
    weight: float = 0.0


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


def read_source(data: Path, source: SourceSpec, profile: Profile) -> list[Row]:
    """All rows of one file.

    Raises:
        DataError: the file is missing, or a row carries an unknown label.
    """
    path = data / source.file
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the data folder with --data or FLASHWIRE_DATA")
    reader = {"labels": _read_labels, "tfns": _read_tfns, "sentfin": _read_sentfin}[source.format]
    rows = []
    for line, row in reader(path, source.name):
        for output, label in row.targets.items():
            if label not in profile.classes(output):
                raise DataError(f"{path}:{line}: {output}: unknown label {label!r}; known: {profile.classes(output)}")
        row.sources = (source.name,)
        row.weight = source.base_rate.get(row.stratum, 0.0)
        rows.append(row)
    return rows


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
        DataError: a file is missing, or a row carries an unknown label.
    """
    dropped: Counter[str] = Counter()
    merged = _merged(profile, data, stated_licence, dropped)
    guarded = [row for source in profile.evaluation for row in read_source(data, source, profile)]
    alike = near_duplicates(merged, (words(row.text) for row in guarded))
    dropped["resembles an evaluation row"] = len(alike)
    out = Split([], [], dict(dropped))
    for row in (row for key, row in merged.items() if key not in alike):
        held = "urgency" in row.targets and _share(row.id) < profile.training.held_out
        (out.held_out if held else out.train).append(row)
    return out


def _merged(profile: Profile, data: Path, stated_licence: bool, dropped: Counter[str]) -> dict[frozenset[str], Row]:
    """Rows by their words; a second row of the same words adds labels of outputs that the first lacks."""
    merged: dict[frozenset[str], Row] = {}
    for source in profile.sources:
        for row in read_source(data, source, profile):
            key = words(row.text)
            if stated_licence and (not source.licence or row.dataset in source.unlicensed):
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


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _share(row_id: str) -> float:
    """A fixed number in [0, 1) for an id, so that a row keeps its side of the split when data grows."""
    return int.from_bytes(hashlib.sha256(row_id.encode()).digest()[:8], "big") / 2**64


def _read_labels(path: Path, name: str) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, record in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
            targets = {head: record[head] for head in ("urgency", "sentiment", "event") if record[head]}
            month, stratum = record["ts_utc"][:7], record["stratum"]
            yield line, Row(record["id"], record["text"], targets, record["dataset"], month, stratum=stratum)


def _read_tfns(path: Path, name: str) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        for line, record in enumerate(csv.DictReader(file), start=2):
            label = _TFNS.get(record["label"], record["label"])
            yield line, Row(f"{name}-{line}", record["text"], {"sentiment@tfns": label})


def _read_sentfin(path: Path, name: str) -> Iterator[tuple[int, Row]]:
    """Titles whose entities agree; a title with mixed labels has no sentiment of its own."""
    with path.open(encoding="utf-8", newline="") as file:
        for line, record in enumerate(csv.DictReader(file), start=2):
            labels = set(_decisions(record["Decisions"]))
            if len(labels) == 1:
                yield line, Row(f"{name}-{line}", record["Title"], {"sentiment@sentfin": labels.pop()})


def _decisions(text: str) -> list[str]:
    try:
        return list(ast.literal_eval(text).values())
    except (SyntaxError, ValueError):  # Apostrophes inside names are not escaped in the file.
        return _PAIR.findall(text)
