"""The card's known failures: which probes the model fails, word for word, and how far names move it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.figures import code, markdown_table, plain
from models.probe import EVENT_AT

WIDE = 0.2
"""A probability that moves by more with nothing but the name is shown, even where the label stays."""


def failures(probes: Mapping[str, Any]) -> str:
    """The section; empty without probes."""
    if not probes:
        return ""
    kinds = [(plain(name), of["passed"], of["of"]) for name, of in probes["kinds"].items()]
    heads = ", ".join(f"{code(head)} {of['passed']} of {of['of']}" for head, of in probes["heads"].items())
    says = (
        f"{probes['probes']} headlines written for its weak spots (`python -m models probes`), each with the labels it"
        f" must get: {probes['passed']} are right on every head that was asked; by head {heads}. They are not a sample"
        " of news: this share says nothing about the share of a day's news that is right. A binary head says yes from"
        f" {EVENT_AT} on; a desk's limit is another."
    )
    parts = [
        says,
        markdown_table(("kind", "passed", "of"), kinds),
        "What it gets wrong:" if probes["passed"] < probes["probes"] else "",
        markdown_table(("kind", "headline", "head", "expected", "found"), _wrong(probes)),
        _swaps(probes.get("swaps", [])),
    ]
    return "\n\n".join(part for part in parts if part)


def _wrong(probes: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (plain(one["kind"]), plain(one["text"]), code(a["head"]), code(a["expected"]), _found(a))
        for one in probes["all"]
        for a in one["heads"]
        if not a["passed"]
    ]


def _found(answer: Mapping[str, Any]) -> str:
    return f"{code(answer['found'])} ({answer['probability']:.2f})"


def _swaps(swaps: list[Mapping[str, Any]]) -> str:
    """Headlines in which only the company's name is changed: where the label or the probability moves with it."""
    if not swaps:
        return ""
    moved = [(one["text"], head) for one in swaps for head in one["heads"] if not head["passed"] or _width(head) > WIDE]
    asked = sum(len(one["heads"]) for one in swaps)
    rows = [
        (
            plain(text.replace("{}", "…")),
            code(head["label"]),
            _end(head, "lowest"),
            _end(head, "highest"),
            _others(head),
        )
        for text, head in moved
    ]
    says = (
        f"**The name alone.** {len(swaps)} headlines, each with several invented or placeholder names in turn: in"
        f" {len(moved)} of {asked} cases (a headline and a head) the label changes with the name, or its probability"
        f" moves by more than {WIDE}."
    )
    return "\n\n".join(
        part
        for part in (says, markdown_table(("headline", "score", "lowest", "highest", "another label for"), rows))
        if part
    )


def _width(head: Mapping[str, Any]) -> float:
    return float(head["highest"]["probability"] - head["lowest"]["probability"])


def _end(head: Mapping[str, Any], end: str) -> str:
    return f"{head[end]['probability']:.2f} ({plain(head[end]['name'])})"


def _others(head: Mapping[str, Any]) -> str:
    return ", ".join(map(plain, head["others"])) or "none"
