"""A profile's probes: headlines written for its weak spots, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from models.errors import ProbesError
from models.profile import Profile

PROBES = Path(__file__).parent / "probes"


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One headline, what it tries, and the label that each head named must give."""

    kind: str
    text: str
    expect: dict[str, str]


class ProbeSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A profile's probes; in each of ``swaps`` every one of ``names`` stands in turn where ``{}`` stands."""

    version: Literal[1]
    profile: str
    probes: list[Probe]
    names: list[str] = []
    swaps: list[str] = []


def load_probes(profile: Profile) -> ProbeSet | None:
    """The profile's probes; ``None`` where it has none.

    Raises:
        ProbesError: a field is missing or unknown, or a label is not the profile's.
    """
    path = PROBES / f"{profile.id}.yaml"
    return read_probes(path, profile) if path.is_file() else None


def read_probes(path: Path, profile: Profile) -> ProbeSet:
    """The probes of one file; see ``load_probes``."""
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), ProbeSet)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise ProbesError(f"{path}: {error}") from None
    for number, one in enumerate(found.probes):
        for head, label in one.expect.items():
            known = profile.heads[head].labels if head in profile.heads else []
            if label not in known:
                raise ProbesError(
                    f"{path}: probes[{number}] ({one.text!r}): expect.{head}: unknown label {label!r}; known: "
                    + (", ".join(known) or f"heads {', '.join(profile.heads)}; binary heads follow from the others")
                )
    for number, text in enumerate(found.swaps):
        if text.count("{}") != 1 or len(found.names) < 2:
            raise ProbesError(f"{path}: swaps[{number}]: needs {{}} once for the name, and two names or more")
    return found
