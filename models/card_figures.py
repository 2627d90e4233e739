"""The card's figures: whatever the manifest has, each set with its size and what that size forbids to conclude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.scoring.manifest import Manifest
from models.figures import classes, code, compared, figures_table, flat, markdown_table, named, plain, points, shown
from models.profile import Profile

FEW = 30
"""Below so many rows a class's figures are flagged as too few to judge by; a rule of thumb."""

_HELD_OUT = "calibration_on_held_out"


def brief(manifest: Manifest, profile: Profile, probes: Mapping[str, Any]) -> list[str]:
    """The figures that a reader of one paragraph must see: the first set's, of the first precision that is shipped."""
    found = []
    for name, reports in list(_sets(manifest).items())[:1]:
        precision = next((p for p in manifest.variants if p in reports), None)
        report = reports[precision] if precision else {}
        per_head = [f"{code(h.name)} {_headline(report[h.name])}" for h in manifest.heads if h.name in report]
        if per_head:
            found.append(f"On {code(name)}{_size(manifest, name)}, {plain(precision)}: {'; '.join(per_head)}.")
        found += [line for spec in profile.heads.values() for term in spec.all for line in _found(report, term)]
    if probes:
        found.append(f"Of {probes['probes']} headlines written for its weak spots it fails {_failed(probes)}.")
    return found


def figures(manifest: Manifest, profile: Profile) -> str:
    """Every evaluation set: figures by precision, classes, what its size forbids to conclude; and the floors."""
    heads = [head.name for head in manifest.heads]
    parts = []
    for name, reports in _sets(manifest).items():
        per_head = {p: of for p, of in reports.items() if isinstance(of, Mapping) and set(heads) & set(of)}
        other = {p: of for p, of in reports.items() if p not in per_head}
        parts.append(f"### {code(name)}{_size(manifest, name)}")
        if per_head:
            first = next(iter(per_head))
            away = [plain(p) for p in per_head if p not in manifest.variants]
            parts += [
                compared(per_head, heads),
                f"Not shipped: {', '.join(away)}." if away else "",
                f"Classes, {plain(first)}:",
                classes(per_head[first], heads),
            ]
            parts.append(points(_caveats(per_head[first], heads)))
        parts += [_own(precision, of) for precision, of in other.items()]
    floors = ", ".join(f"{code(head)} {shown(floor)}" for head, floor in profile.floors.items())
    parts.append(
        f"A build below these floors of macro-F1 on the first set is not shipped: {floors}." if floors and parts else ""
    )
    return "\n\n".join(part for part in parts if part)


def calibration(manifest: Manifest) -> str:
    """Per precision and head the calibration error before and after, each with its interval."""
    rows = []
    for precision, heads in manifest.metrics.get(_HELD_OUT, {}).items():
        for head, of in heads.items():
            ends = (_error(of.get(when, {})) for when in ("before", "after"))
            rows.append((plain(precision), code(head), shown(of.get("rows")), *ends))
    table = markdown_table(("precision", "head", "held-out rows", "error before", "error after"), rows)
    says = (
        "Each precision has a calibration of its own, fitted on held-out rows. Error: debiased calibration error in"
        " probability, of the likeliest label, or of the event for a binary head, with its 90% interval; 0 is perfect."
        " The same on the evaluation sets stands among the figures."
    )
    return f"{says}\n\n{table}" if table else ""


def further(manifest: Manifest) -> str:
    """Figures that have no section above, so that what a newer build writes is shown under its own name."""
    known = {*_sets(manifest), _HELD_OUT, "probes"}
    rest = {name: of for name, of in manifest.metrics.items() if name not in known}
    tables = {name: figures_table(of if isinstance(of, Mapping) else {name: of}) for name, of in rest.items()}
    return "\n\n".join(f"### {plain(named(name))}\n\n{table}" for name, table in tables.items() if table)


def _sets(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """The evaluation sets that have figures, in the manifest's order."""
    names = [str(one.get("name")) for one in manifest.data]
    return {name: of for name, of in manifest.metrics.items() if name in names and isinstance(of, Mapping)}


def _size(manifest: Manifest, name: str) -> str:
    rows = next((one.get("rows") for one in manifest.data if one.get("name") == name), None)
    return f" ({shown(rows)} rows)" if isinstance(rows, int) else ""


def _headline(figures: Mapping[str, Any]) -> str:
    """One head's first two figures, by name."""
    return ", ".join(f"{name} {shown(value)}" for name, value in list(flat(figures, ("classes",)).items())[:2])


def _found(report: Mapping[str, Any], term: str) -> list[str]:
    """Of a label that a joint event is made of: how much is found, and how much of what is called so is right."""
    head, _, label = term.partition(".")
    of = report.get(head, {}).get("classes", {}).get(label, {})
    if not {"recall", "precision"} <= of.keys():
        return []
    found, right = f"{of['recall']:.0%}", f"{of['precision']:.0%}"
    return [f"{code(term)} there: {found} of such rows are found (recall), {right} of what it calls so is (precision)."]


def _failed(probes: Mapping[str, Any]) -> str:
    kinds = [plain(name) for name, of in probes["kinds"].items() if 2 * of["passed"] < of["of"]]
    worst = f", most of those of {', '.join(kinds)}" if kinds else ""
    return f"{probes['probes'] - probes['passed']}{worst} (known failures, below)"


def _own(precision: str, figures: object) -> str:
    """A set that only an output sees that is not shipped, or figures of a shape that is new here."""
    if not isinstance(figures, Mapping):
        return f"{plain(named(precision))}: {shown(figures)}"
    output = str(figures.get("output", "class"))
    parts = [
        f"{plain(named(precision))}, an output that is not shipped:" if "output" in figures else f"{named(precision)}:",
        figures_table(figures, ("classes",)),
        classes({output: figures}, [output]),
    ]
    return "\n\n".join(part for part in parts if part)


def _caveats(report: Mapping[str, Any], heads: list[str]) -> list[str]:
    """What the sizes alone forbid to conclude."""
    few = [
        f"{code(f'{head}.{label}')} ({of['support']})"
        for head in heads
        for label, of in report.get(head, {}).get("classes", {}).items()
        if of.get("support", FEW) < FEW
    ]
    found = (
        [f"Too few rows to judge by (below {FEW}), though they weigh in macro-F1 like the rest: {', '.join(few)}."]
        if few
        else []
    )
    for head in heads:
        positives = report.get(head, {}).get("positives")
        if positives:
            one = f"one text moves its recall by {1 / positives:.3f}"
            found.append(
                f"{code(head)} has {shown(positives)} positive rows: {one}, so differences of that size mean nothing."
            )
    return found


def _error(of: Mapping[str, Any]) -> str:
    interval = next((f" ({shown(value)})" for name, value in of.items() if name.startswith("interval")), "")
    return shown(of["calibration_error"]) + interval if "calibration_error" in of else ""
