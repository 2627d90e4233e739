"""The parts of a profile: encoder, heads, data sources, training, teacher, costs of errors."""

from __future__ import annotations

from typing import Literal

import msgspec


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pre-trained encoder lies: a folder inside an installed package.

    An encoder too large for one package comes as ``parts``: packages each of which holds one piece of ``folder``'s
    zip archive, in this order; ``package`` is then empty. ``layers`` names those of its layers that are kept, counted
    from 0; empty keeps them all.
    """

    folder: str
    package: str = ""
    parts: list[str] = []
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
    loss_weights: dict[str, float] = {}


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
