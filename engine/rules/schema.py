"""The rules file: YAML → ``RuleSet``, checked once, with the place of every mistake."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from engine.errors import RulesError
from engine.located import Place, read_yaml
from engine.rules.conditions import Condition, Names, parse_condition
from engine.types import Severity

Mode = Literal["live", "shadow", "off"]
KEYS = ("entity", "headline", "event", "source", "item")
"""What dedup and cooldown can be counted by. ``headline`` is its words without wire prefixes and case."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RULE_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Window(Struct, frozen=True):
    """Dedup: of one key, one alert within ``seconds``."""

    by: tuple[str, ...]
    seconds: float


class Cooldown(Struct, frozen=True):
    """After an alert of one key the rule rests for ``seconds``, unless ``bypass`` is true."""

    by: tuple[str, ...]
    seconds: float
    bypass: Condition | None = None


class Emit(Struct, frozen=True):
    """What the alert says and for whom."""

    severity: Severity
    desk: str


class Rule(Struct, frozen=True):
    """One rule. Ages in seconds: ``max_age`` of the published stamp, ``max_story_age`` of the item's first version."""

    id: str
    mode: Mode
    when: Condition
    emit: Emit
    max_age: float
    max_story_age: float
    expires: float
    owner: str = ""
    dedup: Window | None = None
    cooldown: Cooldown | None = None


class RuleSet(Struct, frozen=True):
    """All rules in force together, in order; ``sha`` is the hash of ``files``, watchlists among them."""

    rules: tuple[Rule, ...]
    sha: str
    files: tuple[Path, ...] = ()

    @property
    def longest_window(self) -> float:
        """Seconds of alerts that dedup and cooldown can look back on."""
        windows = [w.seconds for rule in self.rules for w in (rule.dedup, rule.cooldown) if w]
        return max(windows, default=0.0)


def load_rules(paths: Sequence[Path], scores: Collection[str] | None = None) -> RuleSet:
    """Read and check every file; ``scores`` are the names that the model's manifest declares.

    Raises:
        RulesError: as ``file:line:column: reason``, the first mistake found.
    """
    rules: list[Rule] = []
    taken: dict[str, Path] = {}
    read = _Read()
    for path in paths:
        root, raw = read_yaml(path, RulesError)
        read.note(path, raw)
        for place, rule in _file(root, path.parent, scores, read):
            if rule.id in taken:
                place.fail(f"id: rule {rule.id!r} already stands in {taken[rule.id]}")
            taken[rule.id] = path
            rules.append(rule)
    return RuleSet(tuple(rules), read.digest.hexdigest()[:16], tuple(read.files))


class _Read:
    """What was read for a rule set: rules files and watchlists."""

    def __init__(self) -> None:
        self.digest, self.files = hashlib.sha256(), list[Path]()

    def note(self, path: Path, raw: bytes) -> None:
        self.digest.update(raw)
        self.files.append(path)


def _file(root: Place, folder: Path, scores: Collection[str] | None, read: _Read) -> list[tuple[Place, Rule]]:
    top = root.mapping("rules file", ("version", "defaults", "watchlists", "rules"), required=("version", "rules"))
    top["version"].choice("version", ("1",))
    defaults = {"max_age": 30.0, "max_story_age": 86400.0, "expires": 60.0}
    if "defaults" in top:
        given = top["defaults"].mapping("defaults", defaults)
        defaults |= {key: _duration(place, key) for key, place in given.items()}
    watchlists = {}
    for name, place in top["watchlists"].mapping("watchlists", ()).items() if "watchlists" in top else ():
        watchlists[name] = _watchlist(name, place, folder, read)
    names = Names(scores, watchlists)
    return [(place, _rule(place, defaults, names)) for place in top["rules"].items("rules")]


def _rule(place: Place, defaults: dict[str, float], names: Names) -> Rule:
    known = ("id", "mode", "owner", "when", "max_age", "max_story_age", "expires", "dedup", "cooldown", "emit")
    entries = place.mapping("rule", known, required=("id", "when", "emit"))
    rule_id = entries["id"].text("id")
    if not _RULE_ID.fullmatch(rule_id):
        entries["id"].fail(f"id: {rule_id!r} may hold a-z, 0-9, '.', '-' and '_', at most 64")
    ages = defaults | {key: _duration(entries[key], key) for key in defaults if key in entries}
    return Rule(
        id=rule_id,
        mode=entries["mode"].choice("mode", get_args(Mode)) if "mode" in entries else "live",  # type: ignore[arg-type]
        owner=entries["owner"].text("owner") if "owner" in entries else "",
        when=parse_condition(entries["when"], names),
        emit=_emit(entries["emit"]),
        dedup=_dedup(entries["dedup"], names) if "dedup" in entries else None,
        cooldown=_cooldown(entries["cooldown"], names) if "cooldown" in entries else None,
        **ages,
    )


def _emit(place: Place) -> Emit:
    entries = place.mapping("emit", ("severity", "desk"), required=("severity", "desk"))
    severity = entries["severity"].choice("severity", get_args(Severity))
    return Emit(severity, entries["desk"].text("desk"))  # type: ignore[arg-type]  # choice() admits no other


def _dedup(place: Place, names: Names) -> Window:
    entries = place.mapping("dedup", ("by", "window"), required=("by", "window"))
    return Window(_by(entries["by"], names), _duration(entries["window"], "window"))


def _cooldown(place: Place, names: Names) -> Cooldown:
    entries = place.mapping("cooldown", ("by", "for", "bypass"), required=("by", "for"))
    bypass = parse_condition(entries["bypass"], names) if "bypass" in entries else None
    return Cooldown(_by(entries["by"], names), _duration(entries["for"], "for"), bypass)


def _by(place: Place, names: Names) -> tuple[str, ...]:
    parts = [place] if place.is_text else place.items("by")
    if not parts:
        place.fail("by: the list is empty")
    keys = tuple(part.choice("by", KEYS) for part in parts)
    if "event" in keys:
        names.events(parts[keys.index("event")])
    return keys


def _duration(place: Place, what: str) -> float:
    text = place.text(what)
    found = _DURATION.fullmatch(text)
    if not found:
        place.fail(f"{what}: {text!r} is no duration; write 30s, 5m, 2h or 1d")
    return float(found[1]) * _SECONDS[found[2]]


def _watchlist(name: str, place: Place, folder: Path, read: _Read) -> frozenset[str]:
    if place.is_list:
        return frozenset(part.text(f"watchlist {name}") for part in place.items("watchlist"))
    entries = place.mapping(f"watchlist {name}", ("file",), required=("file",))
    path = folder / entries["file"].text("file")
    try:
        raw = path.read_bytes()
        lines = raw.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        entries["file"].fail(f"watchlist {name}: {path}: {error}")
    read.note(path, raw)
    return frozenset(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
