"""From a wish to everything there is to say about the cut-off: what the page, the table and the JSON are made of."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from engine.scoring.scorer import OnnxScorer, load_scorer
from engine.types import ModelRef
from models.data import read_source
from models.errors import ThresholdError
from models.metrics import Interval
from models.profile import ErrorCosts, Profile
from models.thresholds.choice import cut_off, written
from models.thresholds.criterion import Criterion, describe
from models.thresholds.evidence import Evidence, check_score, evidence, held_out, own_rows
from models.thresholds.intervals import Draws, draw, figures, share
from models.thresholds.matrix import Matrix, matrix

DRAWS = 1_000
SEED = 20151101
_FEW = 100  # effective events; below it the share of one event already moves recall by more than a point


class Wish(Struct, frozen=True):
    """What is asked for: the artefact's ``score``, a criterion, and the rows to choose on (None: held out)."""

    profile: Profile
    data: Path
    artifact: Path
    score: str
    criterion: Criterion
    items_per_day: float
    labels: Path | None = None
    draws: int = DRAWS
    seed: int = SEED

    @property
    def costs(self) -> ErrorCosts:
        """What errors cost in the figures: as the criterion says, or the profile, or each the same."""
        if isinstance(self.criterion, ErrorCosts):
            return self.criterion
        known = self.profile.costs
        return ErrorCosts(known.miss, known.false_alarm) if known else ErrorCosts(1.0, 1.0)


class Seen(Struct, frozen=True):
    """The rows behind the figures; ``effective`` rows of equal weight would tell as much."""

    name: str
    rows: int
    events: int
    heaviest: float
    effective: float
    effective_events: float


class Point(Struct, frozen=True):
    """A cut-off and its figures (``curves.FIGURES``)."""

    cut_off: float
    figures: dict[str, Interval]


class Points(Struct, frozen=True):
    """The whole curve, one entry per distinct score, highest first."""

    cut_off: list[float]
    alerts_per_1000: list[float]
    precision: list[float]
    recall: list[float]
    cost_per_1000: list[float]


class Study(Struct, frozen=True):
    """All that was found. ``beside`` are the evaluation sets at the chosen cut-off: reported, never chosen on.

    ``events_per_1000`` is by the labels, ``expected_per_1000`` the score's own mean: alike where it is calibrated.
    """

    score: str
    model: str
    sha: str
    criterion: str
    costs: ErrorCosts
    items_per_day: float
    draws: int
    seed: int
    seen: Seen
    events_per_1000: Interval
    expected_per_1000: float
    chosen: Point
    drawn: Draws
    bayes: Point
    beside: dict[str, tuple[Seen, Point]]
    matrix: Matrix | None
    notes: list[str]
    curve: Points


def study(wish: Wish) -> tuple[Study, OnnxScorer]:
    """Score, choose, and look at the choice from every side; the scorer comes along for its manifest.

    Raises:
        ThresholdError: nothing is what was asked for; and what the readers of rows and artefacts raise.
    """
    scorer = load_scorer(wish.artifact)
    check_score(wish.score, scorer.manifest, wish.profile)
    if wish.labels:
        rows, notes = own_rows(wish.labels, wish.profile, wish.data, scorer.manifest)
    else:
        rows, notes = held_out(wish.profile, wish.data), []
    name = wish.labels.name if wish.labels else f"held-out rows of {wish.profile.id}"
    found = evidence(rows, scorer, wish.score, wish.profile, f"scoring {len(rows):,} rows")
    beside, missing = _beside(wish, scorer)
    return examine(wish, found, name, scorer.model, beside, notes + missing), scorer


def examine(
    wish: Wish, found: Evidence, name: str, model: ModelRef, beside: dict[str, Evidence], notes: list[str]
) -> Study:
    """Choose on ``found``, and report on it and on the evaluation sets beside it."""
    chosen = cut_off(found.curve, wish.criterion, wish.score)
    costs, known = wish.costs, wish.profile.costs
    table = matrix(found, wish.score, chosen, known) if known and known.costly else None
    drawn = draw(found, wish.criterion, costs, chosen, wish.draws, wish.seed)
    events = share(found, wish.draws, wish.seed)
    seen = _seen(found, name)
    return Study(
        score=wish.score,
        model=model.id,
        sha=model.sha,
        criterion=describe(wish.criterion),
        costs=costs,
        items_per_day=wish.items_per_day,
        draws=wish.draws,
        seed=wish.seed,
        seen=seen,
        events_per_1000=events,
        expected_per_1000=found.expected_per_1000,
        chosen=_point(wish, found, chosen),
        drawn=drawn,
        bayes=_point(wish, found, costs.bayes),
        beside={source: (_seen(one, source), _point(wish, one, chosen)) for source, one in beside.items()},
        matrix=table,
        notes=notes + _notes(wish, found, seen, drawn, events, table, chosen),
        curve=_points(found, costs),
    )


def _beside(wish: Wish, scorer: OnnxScorer) -> tuple[dict[str, Evidence], list[str]]:
    """The evaluation sets whose rows stand for a stream, scored; and why one is left out."""
    found, notes = {}, []
    for source in wish.profile.evaluation:
        if source.format != "labels" or not source.base_rate:
            continue
        try:
            if not (wish.data / source.file).is_file():
                raise ThresholdError(f"no such file under {wish.data}")
            rows = read_source(wish.data, source, wish.profile)
            found[source.name] = evidence(rows, scorer, wish.score, wish.profile, f"scoring {source.name}")
        except ThresholdError as error:
            notes.append(f"{source.name} is not reported on: {error}")
    return found, notes


def _notes(
    wish: Wish, found: Evidence, seen: Seen, drawn: Draws, events: Interval, table: Matrix | None, chosen: float
) -> list[str]:
    notes = []
    if seen.effective_events < _FEW:
        notes.append(
            f"Few events: {seen.events:,}, which tell as much as {seen.effective_events:.0f} of equal weight; the "
            f"heaviest row stands for {seen.heaviest:g} items. Read the intervals, not the numbers."
        )
    if not events.low <= found.expected_per_1000 <= events.high:
        notes.append(
            f"Not calibrated on these rows: {wish.score} expects {found.expected_per_1000:.1f} events per 1,000 items, "
            f"the labels have {events.value:.1f} ({events.low:.1f} to {events.high:.1f}). So the Bayes cut-off is off, "
            "too; the chosen one needs no calibration."
        )
    if drawn.without:
        notes.append(
            f"In {drawn.without:.1%} of the draws no cut-off is what was asked for: the interval leaves them out."
        )
    if chosen == 0:
        notes.append("The cut-off is 0: every item alerts.")
    if table is None:
        notes.append(
            f"No matrix: `costs.events` of profile {wish.profile.id} names no kind that costs more than others."
        )
    elif table.hold_from is None:
        notes.append(f"Nothing is held: from {written(chosen)} on everything fires, and less is not worth a look.")
    return notes


def _seen(one: Evidence, name: str) -> Seen:
    return Seen(
        name=name,
        rows=len(one.score),
        events=int(one.truth.sum()),
        heaviest=float(one.weight.max()),
        effective=one.effective,
        effective_events=one.effective_positives,
    )


def _point(wish: Wish, one: Evidence, at: float) -> Point:
    return Point(at, figures(one, at, wish.costs, wish.draws, wish.seed))


def _points(found: Evidence, costs: ErrorCosts) -> Points:
    curve = found.curve
    columns = (curve.cut, curve.alerts_per_1000, curve.precision, curve.recall, curve.cost_per_1000(costs))
    return Points(*(column.tolist() for column in columns))
