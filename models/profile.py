"""A profile: which heads, labels, data and hyper-parameters make one model. Read once, checked once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from models.errors import ProfileError

PROFILES = Path(__file__).parent / "profiles"
ARTIFACTS = Path(__file__).parent / "artifacts"


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pre-trained encoder lies: a folder inside an installed package.

    An encoder too large for one package comes as ``parts``: packages each of which holds one piece of ``folder``'s
    zip archive, in this order; ``package`` is then empty.
    """

    folder: str
    package: str = ""
    parts: list[str] = []


class HeadSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product head: either classes (``labels``) or a joint event of other heads' labels (``all``)."""

    labels: list[str] = []
    all: list[str] = []


class SourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data file below the data folder.

    ``unlicensed`` names the data sets in it whose text states no licence. ``base_rate`` maps a stratum to how many
    rows of the stream each of its rows stands for; rows of strata that are not named say nothing about base rates.
    """

    name: str
    file: str
    format: Literal["labels", "tfns", "sentfin"]
    licence: str = ""
    skip_months: list[str] = []
    unlicensed: list[str] = []
    base_rate: dict[str, float] = {}


class PoolSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unlabelled headlines (a Parquet file with ``ts_utc``, ``title``, ``source``) for a student to learn from.

    Of sources that ``whole`` does not name one text in ``thin`` is kept: press releases would drown the newsroom.
    """

    file: str
    months: list[str]
    rows: int
    whole: list[str]
    thin: int = 4
    licence: str = ""


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
    loss_weights: dict[str, float]


class StreamSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sample of an unlabelled stream (a Parquet file with ``ts_utc``, ``title``) that nothing was learnt from."""

    file: str
    months: list[str]
    rows: int = 3000


class Teacher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A larger network, trained on the same labels, whose opinion of every row and of a pool the student learns.

    A row's loss is ``share`` of the distance to the teacher and the rest of that to its label, where it has one.
    ``temperature`` flattens both networks' probabilities before they are compared (Hinton et al. 2015).
    """

    encoder: Encoder
    training: Training
    pool: PoolSpec
    share: float = 0.6
    temperature: float = 2.0


class EmbeddingSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit vector beside the logits that keeps the pre-trained encoder's likeness of sentences."""

    width: int
    weight: float


class ErrorCosts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an error costs, in any unit, the same for all: a miss (no alert on an event) and a false alarm."""

    miss: float
    false_alarm: float

    @property
    def bayes(self) -> float:
        """Above this probability an alert costs less than silence: p · miss > (1 - p) · false alarm."""
        return self.false_alarm / (self.false_alarm + self.miss)


class Costs(ErrorCosts, frozen=True, forbid_unknown_fields=True):
    """What errors cost on an ordinary item, and on items of the event kinds where they cost something else.

    ``review`` is what one look by a human costs, in the same unit. ``events`` maps labels of the head ``event``.
    """

    review: float = 1.0
    events: dict[str, ErrorCosts] = {}

    @property
    def costly(self) -> tuple[str, ...]:
        """The event kinds on which a miss or a false alarm costs more than on an ordinary item."""
        dearer = (name for name, of in self.events.items() if of.miss > self.miss or of.false_alarm > self.false_alarm)
        return tuple(sorted(dearer))


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything ``python -m models`` needs to make one artefact.

    ``floors`` maps a head to the macro-F1 that the shipped file must reach on the first evaluation source.
    ``items_per_day`` is how many items the stream brings; None where nobody has counted.
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

    def classes(self, head: str) -> list[str]:
        """Labels of a product head or of a source's own output such as ``sentiment@tfns``."""
        spec = self.heads[head.partition("@")[0]]
        return spec.labels or [head]

    def outputs(self) -> dict[str, list[str]]:
        """Every output that training uses, product heads first, with its labels. A joint event has one logit."""
        own = [f"sentiment@{s.name}" for s in self.sources if s.format != "labels"]
        return {head: self.classes(head) for head in [*self.heads, *own]}

    def as_teacher(self) -> Profile:
        """The profile that trains this one's teacher: its encoder, the product heads, plain labels.

        Raises:
            ProfileError: it has none.
        """
        if self.teacher is None:
            raise ProfileError(f"profile {self.id!r} has no teacher")
        sources = [source for source in self.sources if source.format == "labels"]
        return msgspec.structs.replace(
            self,
            encoder=self.teacher.encoder,
            training=self.teacher.training,
            sources=sources,
            teacher=None,
            embedding=None,
        )


def load_profile(name: str) -> Profile:
    """Read ``models/profiles/<name>.yaml`` (or a path to one).

    Raises:
        ProfileError: no such profile, or a field that is missing, unknown or of the wrong type.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else PROFILES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in PROFILES.glob("*.yaml")))
        raise ProfileError(f"{path}: no such profile; known profiles: {known}")
    try:
        profile = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Profile)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise ProfileError(f"{path}: {error}") from None
    _check(profile, path)
    return profile


def _check(profile: Profile, path: Path) -> None:
    for head, spec in profile.heads.items():
        if bool(spec.labels) == bool(spec.all):
            raise ProfileError(f"{path}: heads.{head}: give either `labels` or `all`")
        for term in spec.all:
            other, _, label = term.partition(".")
            if label not in getattr(profile.heads.get(other), "labels", []):
                raise ProfileError(f"{path}: heads.{head}.all: no head and label {term!r}")
    for head in profile.floors:
        if not getattr(profile.heads.get(head), "labels", []):
            raise ProfileError(f"{path}: floors.{head}: no head with labels of that name")
    if profile.items_per_day is not None and not 0 < profile.items_per_day < math.inf:
        raise ProfileError(f"{path}: items_per_day: must be above 0; leave it out where nobody has counted")
    if profile.costs:
        _check_costs(profile.costs, getattr(profile.heads.get("event"), "labels", []), path)


def _check_costs(costs: Costs, kinds: list[str], path: Path) -> None:
    named = {"costs": costs} | {f"costs.events.{kind}": of for kind, of in costs.events.items()}
    values = {f"{name}.{field}": getattr(of, field) for name, of in named.items() for field in ("miss", "false_alarm")}
    for name, value in (values | {"costs.review": costs.review}).items():
        if not 0 < value < math.inf:
            raise ProfileError(f"{path}: {name}: must be above 0; what costs nothing needs no alert")
    for kind in costs.events:
        if kind not in kinds:
            known = ", ".join(kinds) or "none, the profile has no head `event` with labels"
            raise ProfileError(f"{path}: costs.events: no event kind {kind!r}; known: {known}")
