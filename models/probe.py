"""Known weak spots, tried: headlines written for it, each with the labels it must get, and names that must not matter.

After CheckList (Ribeiro et al. 2020, "Beyond Accuracy", section 2): minimum functionality tests by kind (negation,
hedging, numbers, …), and invariance tests that change only a company's name. The headlines of a profile stand in
``models/probes/<profile>.yaml``; a profile without such a file has no probes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.markup import escape
from rich.table import Table

from engine.ports import Scorer
from engine.types import Scores
from models.data import Row, joint_target
from models.probe_set import Probe, ProbeSet, load_probes
from models.profile import Profile

EVENT_AT = 0.5
"""A binary head says yes from here on: more likely than not."""


def probe(scorer: Scorer, profile: Profile) -> dict[str, Any]:
    """Try every probe of the profile; what the manifest keeps as ``metrics.probes``. Empty without probes.

    Returns:
        ``probes`` and ``passed`` (all heads right); ``heads`` and ``kinds``: name → ``{"passed", "of"}``;
        ``all``: every probe with what each head said, in the file's order;
        ``swaps``: per headline and head the lowest and highest probability of the label that most names get.

    Raises:
        ProbesError: the profile's probes cannot be used.
    """
    found = load_probes(profile)
    return try_probes(scorer, profile, found) if found else {}


def try_probes(scorer: Scorer, profile: Profile, probes: ProbeSet) -> dict[str, Any]:
    """``probe`` for probes that are already read."""
    scored = zip(probes.probes, scorer.score([one.text for one in probes.probes]), strict=True)
    tried = [_tried(one, scores, profile) for one, scores in scored]
    answers = [(one["kind"], answer) for one in tried for answer in one["heads"]]
    return {
        "probes": len(tried),
        "passed": sum(one["passed"] for one in tried),
        "heads": _counted([(answer["head"], answer["passed"]) for _, answer in answers]),
        "kinds": _counted([(one["kind"], one["passed"]) for one in tried]),
        "all": tried,
        "swaps": [_swapped(scorer, text, probes.names, profile) for text in probes.swaps],
    }


def table(found: dict[str, Any]) -> Table:
    """One line per probe: pass, or each head that failed with what was expected and found."""
    says = f"{found['passed']} of {found['probes']} probes pass on every head"
    out = Table("kind", "headline", "result", title=says)
    for one in found["all"]:
        wrong = [
            f"{a['head']}: {a['found']} {a['probability']:.2f}, expected {a['expected']}"
            for a in one["heads"]
            if not a["passed"]
        ]
        out.add_row(
            one["kind"], escape(one["text"]), "[green]pass" if one["passed"] else f"[red]FAIL[/red] {'; '.join(wrong)}"
        )
    return out


def swaps_table(found: dict[str, Any]) -> Table:
    """One line per headline and head: how far a company's name alone moves the label and its probability."""
    out = Table("headline", "label", "lowest", "highest", "result", title="the name alone is changed")
    for one in found["swaps"]:
        for head in one["heads"]:
            ends = (f"{head[end]['probability']:.2f} {head[end]['name']}" for end in ("lowest", "highest"))
            verdict = "[green]pass" if head["passed"] else f"[red]FAIL[/red] {', '.join(head['others'])} differ"
            out.add_row(escape(one["text"]), head["label"], *ends, verdict)
    return out


def _tried(one: Probe, scores: Scores, profile: Profile) -> dict[str, Any]:
    expected = dict(one.expect)
    for head, spec in profile.heads.items():
        joint = joint_target(Row("", one.text, one.expect), spec.all) if spec.all else None
        if joint is not None:
            expected[head] = _yes(bool(joint))
    heads = []
    for head, label in expected.items():
        said, probability = _answer(scores, head)
        heads.append(
            {"head": head, "expected": label, "found": said, "probability": probability, "passed": said == label}
        )
    return {"kind": one.kind, "text": one.text, "passed": all(a["passed"] for a in heads), "heads": heads}


def _answer(scores: Scores, head: str) -> tuple[str, float]:
    """The likeliest label with its probability; for a binary head yes or no with the event's probability."""
    if head in scores:
        return _yes(scores[head] >= EVENT_AT), scores[head]
    name = max((name for name in scores if name.startswith(f"{head}.")), key=scores.__getitem__)
    return name.partition(".")[2], scores[name]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _counted(answers: list[tuple[str, bool]]) -> dict[str, dict[str, int]]:
    there, passed = Counter(name for name, _ in answers), Counter(name for name, ok in answers if ok)
    return {name: {"passed": passed[name], "of": count} for name, count in there.items()}


def _swapped(scorer: Scorer, text: str, names: list[str], profile: Profile) -> dict[str, Any]:
    scored = dict(zip(names, scorer.score([text.format(name) for name in names]), strict=True))
    heads = [_spread(scored, head) for head in profile.heads]
    return {"text": text, "passed": all(one["passed"] for one in heads), "heads": heads}


def _spread(scored: dict[str, Scores], head: str) -> dict[str, Any]:
    """How far the name alone moves one head; passed where every name gets the same label."""
    said = {name: _answer(scores, head)[0] for name, scores in scored.items()}
    most = Counter(said.values()).most_common(1)[0][0]
    score = head if head in next(iter(scored.values())) else f"{head}.{most}"
    ranked = sorted(scored, key=lambda name: scored[name][score])
    ends = {
        end: {"name": ranked[at], "probability": scored[ranked[at]][score]}
        for end, at in (("lowest", 0), ("highest", -1))
    }
    others = [name for name, label in said.items() if label != most]
    return {"head": head, "label": score, "passed": not others, "others": others} | ends
