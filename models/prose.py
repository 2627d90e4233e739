"""What a person says about a profile's model and its manifest cannot know: ``models/cards/<profile>.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from models.errors import CardError

CARDS = Path(__file__).parent / "cards"


class Prose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Markdown, a paragraph or a list's point each. Without an entry its section is left out of the card."""

    version: Literal[1] = 1
    profile: str = ""
    summary: str = ""
    brief: list[str] = []
    users: list[str] = []
    use: list[str] = []
    misuse: list[str] = []
    outputs: dict[str, str] = {}
    labels: list[str] = []
    evaluation: list[str] = []
    factors: list[str] = []
    limits: list[str] = []
    ethics: list[str] = []
    recommendations: list[str] = []


def load_prose(profile: str, folder: Path = CARDS) -> Prose:
    """The profile's prose; an empty one where it has no file.

    Raises:
        CardError: a field is unknown or of the wrong type.
    """
    path = folder / f"{profile}.yaml"
    if not path.is_file():
        return Prose()
    try:
        return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Prose)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise CardError(f"{path}: {error}; fields: {', '.join(Prose.__struct_fields__)}") from None
