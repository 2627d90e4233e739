"""An order: what to build, from what, and where to. No torch here, so that a wrong one fails at once."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from models.profile import Profile


class Order(Struct, frozen=True):
    """What to build, from what, and where to: ``run`` holds the checkpoint, ``out`` becomes the artefact."""

    profile: Profile
    data: Path
    run: Path
    out: Path
    stated_licence: bool = False
