"""What a profile's types do not say: its parts must fit each other. Every refusal names the line."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.located import nearest
from models.errors import ProfileError

if TYPE_CHECKING:  # It calls this module when it reads a profile.
    from models.profile import Profile
    from models.specs import Encoder, ErrorCosts, SourceSpec, TableSpec

Mistakes = Iterator[tuple[str, str]]
"""Path of the field, and what is wrong with it."""

_NAME = re.compile(r"[a-z0-9_]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def check(profile: Profile) -> None:
    """Refuse the first mistake, from the top of the file to its end.

    Raises:
        ProfileError: as ``file:line:column: field: reason``.
    """
    parts = (_encoders(profile), _heads(profile), _all_sources(profile), _weights(profile), _costs(profile))
    for path, reason in (mistake for part in parts for mistake in part):
        raise ProfileError(f"{profile.where(path)}: {reason}")


def _encoders(profile: Profile) -> Mistakes:
    yield from _encoder("encoder", profile.encoder)
    if profile.teacher:
        yield from _encoder("teacher.encoder", profile.teacher.encoder)


def _encoder(path: str, encoder: Encoder) -> Mistakes:
    if bool(encoder.package) == bool(encoder.parts):
        yield path, "give either `package` or `parts`"
    layers = encoder.layers
    if layers != sorted(set(layers)) or any(layer < 0 for layer in layers):
        yield f"{path}.layers", f"{layers}: give the layers to keep in their order, counted from 0, each once"


def _heads(profile: Profile) -> Mistakes:
    if not profile.heads:
        yield "heads", "there is none; a model needs at least one head"
    for head, spec in profile.heads.items():
        path = f"heads.{head}"
        if not _NAME.fullmatch(head):
            yield path, "a head's name may hold a-z, 0-9 and '_'"
        if bool(spec.labels) == bool(spec.all):
            yield path, "give either `labels` or `all`"
        if len(spec.labels) == 1 or len(set(spec.labels)) < len(spec.labels):
            yield f"{path}.labels", "give at least two labels, each once"
        for number, label in enumerate(spec.labels):
            if not _NAME.fullmatch(label):
                yield f"{path}.labels[{number}]", f"{label!r}: a label may hold a-z, 0-9 and '_'"
        for number, term in enumerate(spec.all):
            other, _, label = term.partition(".")
            if label not in _labels(profile, other):
                known = [f"{name}.{each}" for name in profile.heads for each in _labels(profile, name)]
                yield f"{path}.all[{number}]", f"no head and label {term!r}{nearest(term, known)}"


def _all_sources(profile: Profile) -> Mistakes:
    names: dict[str, str] = {}
    for section in ("sources", "evaluation"):
        listed: list[SourceSpec] = getattr(profile, section)
        if not listed:
            yield section, "the list is empty; give at least one data file"
        for number, source in enumerate(listed):
            path = f"{section}[{number}]"
            if source.name in names:
                yield f"{path}.name", f"{source.name!r} is the name of {names[source.name]}, too"
            names[source.name] = path
            for field, reason in _source(profile, source, section):
                yield f"{path}.{field}", reason


def _source(profile: Profile, source: SourceSpec, section: str) -> Mistakes:
    if source.sha256 and not _SHA256.fullmatch(source.sha256):
        yield "sha256", "write the file's SHA-256 as 64 hex digits"
    if not 0 <= source.share < 1:
        yield "share", f"{source.share}: a share lies between 0 and 1"
    if source.share and section == "sources":
        yield "share", "belongs to `evaluation`; what is taken there is left out of every source of the same file"
    if (source.format == "table") != (source.table is not None):
        yield "format", "`format: table` and a `table` belong together: it says which columns to read"
    if source.table:
        yield from _table(profile, source.table)
    if source.format in ("tfns", "sentfin"):
        missing = [label for label in ("negative", "neutral", "positive") if label not in _labels(profile, "sentiment")]
        if missing:
            yield "format", f"its rows are labelled {missing[0]!r}, which no head `sentiment` of this profile knows"
    for output in source.own if section == "evaluation" else ():
        if output not in (known := profile.outputs()):
            yield "format", f"no source trains an output {output!r}{nearest(output, known)}"


def _table(profile: Profile, table: TableSpec) -> Mistakes:
    if not table.text:
        yield "table.text", "the list is empty; name the columns that the model is to read"
    if not table.labels:
        yield "table.labels", f"maps to none of the heads{nearest('', profile.heads)}"
    try:
        codecs.lookup(table.encoding)
    except LookupError:
        yield "table.encoding", f"no encoding {table.encoding!r}; write utf-8, latin-1, …"
    with_labels = [head for head in profile.heads if _labels(profile, head)]
    for output, spec in table.labels.items():
        head = output.partition("@")[0]
        if head not in with_labels:
            yield f"table.labels.{output}", f"no head {head!r} with labels{nearest(head, with_labels)}"
        for value, label in spec.map.items():
            if label is not None and label not in _labels(profile, head):
                reason = f"unknown label {label!r}{nearest(label, _labels(profile, head))}"
                yield f"table.labels.{output}.map.{value}", reason


def _weights(profile: Profile) -> Mistakes:
    outputs = profile.outputs()
    parts = {"training": profile.training} | ({"teacher.training": profile.teacher.training} if profile.teacher else {})
    for path, training in parts.items():
        for output in training.loss_weights:
            if output not in outputs:
                yield f"{path}.loss_weights.{output}", f"no such output{nearest(output, outputs)}"
    with_labels = [head for head in profile.heads if _labels(profile, head)]
    for head in profile.floors:
        if head not in with_labels:
            yield f"floors.{head}", f"no head with labels of that name{nearest(head, with_labels)}"


def _costs(profile: Profile) -> Mistakes:
    if profile.items_per_day is not None and not 0 < profile.items_per_day < math.inf:
        yield "items_per_day", "must be above 0; leave it out where nobody has counted"
    if profile.costs is None:
        return
    costs, kinds = profile.costs, _labels(profile, "event")
    for kind in costs.events:
        if kind not in kinds:
            known = ", ".join(kinds) or "none, the profile has no head `event` with labels"
            yield f"costs.events.{kind}", f"no event kind {kind!r}; known: {known}"
    named: dict[str, ErrorCosts] = {"costs": costs} | {f"costs.events.{kind}": of for kind, of in costs.events.items()}
    values = {f"{name}.{field}": getattr(of, field) for name, of in named.items() for field in ("miss", "false_alarm")}
    for path, value in (values | {"costs.review": costs.review}).items():
        if not 0 < value < math.inf:
            yield path, "must be above 0; what costs nothing needs no alert"


def _labels(profile: Profile, head: str) -> list[str]:
    return profile.heads[head].labels if head in profile.heads else []
