"""A profile: which heads, labels, data and hyper-parameters make one model. Read once, checked once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.located import nearest
from models.checks import check
from models.errors import ProfileError
from models.places import nearest_place, places_of, plain, read_profile
from models.specs import (
    ColumnSpec,
    Costs,
    EmbeddingSpec,
    Encoder,
    ErrorCosts,
    HeadSpec,
    PoolSpec,
    SourceSpec,
    StreamSpec,
    TableSpec,
    Teacher,
    Training,
)

__all__ = [
    "ARTIFACTS", "PROFILES", "ColumnSpec", "Costs", "EmbeddingSpec", "Encoder", "ErrorCosts", "HeadSpec", "PoolSpec",
    "Profile", "SourceSpec", "StreamSpec", "TableSpec", "Teacher", "Training", "evaluation_set", "load_profile",
]  # fmt: skip

PROFILES = Path(__file__).parent / "profiles"
ARTIFACTS = Path(__file__).parent / "artifacts"


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything ``python -m models`` needs to make one artefact.

    ``floors`` maps a head to the macro-F1 that the shipped file must reach on the first evaluation source.
    ``items_per_day`` is how many items the stream brings; None where nobody has counted. ``notes``
    go into the manifest as they stand: where labels come from, what may not be done with the text. ``places`` says
    where in the YAML each field stands; it cannot be written there.
    """

    version: Literal[1]
    id: str
    model: str
    encoder: Encoder
    heads: dict[str, HeadSpec]
    sources: list[SourceSpec]
    evaluation: list[SourceSpec]
    training: Training
    teacher: Teacher | None = None
    embedding: EmbeddingSpec | None = None
    stream: StreamSpec | None = None
    floors: dict[str, float] = {}
    costs: Costs | None = None
    items_per_day: float | None = None
    notes: list[str] = []
    places: dict[str, str] = msgspec.field(default_factory=dict, name="(places)")

    def classes(self, head: str) -> list[str]:
        """Labels of a product head or of a source's own output such as ``sentiment@tfns``."""
        spec = self.heads[head.partition("@")[0]]
        return spec.labels or [head]

    def outputs(self) -> dict[str, list[str]]:
        """Every output that training uses, product heads first, with its labels. A joint event has one logit."""
        own = [output for source in self.sources for output in source.own]
        return {head: self.classes(head) for head in [*self.heads, *own]}

    def as_teacher(self) -> Profile:
        """The profile that trains this one's teacher: its encoder, the product heads, plain labels.

        Raises:
            ProfileError: it has none.
        """
        if self.teacher is None:
            raise ProfileError(f"profile {self.id!r} has no teacher")
        sources = [source for source in self.sources if source.of_product]
        return msgspec.structs.replace(
            self,
            encoder=self.teacher.encoder,
            training=self.teacher.training,
            sources=sources,
            teacher=None,
            embedding=None,
        )

    def where(self, path: str) -> str:
        """``models/profiles/news.yaml:12:5: sources[1].file``, as messages begin."""
        return f"{nearest_place(self.places, path) or f'profile {self.id!r}'}: {path}"

    def where_source(self, source: SourceSpec, field: str) -> str:
        """The place of a source's field; empty for a source that stands in no profile."""
        for section in ("sources", "evaluation"):
            for number, one in enumerate(getattr(self, section)):
                if one is source:
                    return f"{self.where(f'{section}[{number}].{field}')}: "
        return ""


def load_profile(name: str) -> Profile:
    """Read ``models/profiles/<name>.yaml`` (or a path to one).

    Raises:
        ProfileError: no such profile, or a field that is missing, unknown, of the wrong type or against another one;
            the message names file, line and field.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in PROFILES.glob("*.yaml")))
        raise ProfileError(f"{path}: no such profile; known profiles: {known}")
    root = read_profile(path)
    fields: dict[str, Any] = plain(root, Profile)
    profile = msgspec.convert(fields | {"(places)": places_of(root)}, Profile)
    check(profile)
    return profile


def evaluation_set(profile: Profile, name: str = "") -> SourceSpec:
    """An evaluation source of the product's heads by its name; the first without one.

    Raises:
        ProfileError: there is none of that name, or it has labels of another convention only.
    """
    known = {source.name: source for source in profile.evaluation if source.of_product}
    if name and name not in known:
        raise ProfileError(f"{profile.where('evaluation')}: no evaluation set {name!r}{nearest(name, known)}")
    if not known:
        raise ProfileError(f"{profile.where('evaluation')}: none of them has labels of the product's heads")
    return known[name or next(iter(known))]
