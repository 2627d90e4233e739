"""A profile: which heads, labels, data and hyper-parameters make one model. Read once, checked once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.located import nearest
from models.checks import check
from models.errors import ProfileError
from models.places import nearest_place, places_of, plain, read_profile

PROFILES = Path(__file__).parent / "profiles"
ARTIFACTS = Path(__file__).parent / "artifacts"


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pre-trained encoder lies: a folder inside an installed package.

    ``layers`` names those of its layers that are kept, counted from 0; empty keeps them all.
    """

    package: str
    folder: str
    layers: list[int] = []


class HeadSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product head: either classes (``labels``) or a joint event of other heads' labels (``all``)."""

    labels: list[str] = []
    all: list[str] = []


class ColumnSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column that holds an output's labels.

    ``map`` translates its values; one that maps to nothing (``null``) leaves the row without this label. Without a
    ``map`` the values are labels as they stand.
    """

    column: str
    map: dict[str, str | None] = {}


class TableSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file of someone else's making is read: which columns are the text, the labels, the id, the data set.

    ``text`` names columns that are joined by a full stop. ``labels`` maps an output to its column: a head, or
    ``head@name`` for labels of another convention. Without an ``id`` column a row is known by the hash of its text.
    """

    text: list[str]
    labels: dict[str, ColumnSpec]
    id: str = ""
    dataset: str = ""
    separator: Literal["comma", "tab"] = "comma"
    quoted: bool = True
    encoding: str = "utf-8"


class SourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data file below the data folder.

    ``only`` names the data sets in it that are read. ``share`` takes that part of the rows, chosen by the hash of
    their ids, for evaluation. ``sha256`` pins the file. ``unlicensed`` names the data sets in it whose text states no
    licence. ``base_rate`` maps a stratum to how many rows of the stream each of its rows stands for; rows of strata
    that are not named say nothing about base rates.
    """

    name: str
    file: str
    format: Literal["labels", "tfns", "sentfin", "table"]
    licence: str = ""
    skip_months: list[str] = []
    unlicensed: list[str] = []
    base_rate: dict[str, float] = {}
    only: list[str] = []
    share: float = 0.0
    sha256: str = ""
    table: TableSpec | None = None

    @property
    def own(self) -> list[str]:
        """The outputs of another convention that this file has labels for; only training uses them."""
        if self.format in ("tfns", "sentfin"):
            return [f"sentiment@{self.format}"]
        return [output for output in (self.table.labels if self.table else ()) if "@" in output]

    @property
    def of_product(self) -> bool:
        """Whether the file has labels of the product's own heads."""
        return self.format == "labels" or any("@" not in output for output in (self.table.labels if self.table else ()))


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hyper-parameters of the fine-tune."""

    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    head_learning_rate: float
    warmup: float
    weight_decay: float
    label_smoothing: float
    max_tokens: int
    held_out: float
    loss_weights: dict[str, float] = {}


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything ``python -m models`` needs to make one artefact.

    ``floors`` maps a head to the macro-F1 that the shipped file must reach on the first evaluation source. ``notes``
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
    floors: dict[str, float] = {}
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
