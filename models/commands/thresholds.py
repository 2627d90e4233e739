"""Choosing a cut-off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.commands.options import BESIDE, ArtifactFolder, DataFolder, ProfileName, app, console
from models.profile import ARTIFACTS, load_profile


@app.command("thresholds")
def thresholds_command(
    score: Annotated[str, typer.Option(help="Any score of the artefact, such as trigger or urgency.high.")] = "trigger",
    cost_miss: Annotated[float | None, typer.Option(help="What a missed event costs; with --cost-false.")] = None,
    cost_false: Annotated[float | None, typer.Option(help="What a false alarm costs, in the same unit.")] = None,
    budget: Annotated[str | None, typer.Option(help="At most so many alerts: 20/day or 2/hour.")] = None,
    min_precision: Annotated[float | None, typer.Option(help="At least this share of alerts is true: 0.9.")] = None,
    items_per_day: Annotated[
        float | None,
        typer.Option(
            help="Items a day on your stream. Default: the profile's `items_per_day`; for news 2,400, measured: one "
            "newsroom and the press-release wires sent 443,249 headlines in 183 days, 1.7 a minute.",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Your own labelled rows, drawn at random from your stream. An evaluation set is refused.",
            show_default="the profile's held-out rows, weighted to the base rate",
        ),
    ] = None,
    artifact: ArtifactFolder = None,
    profile: ProfileName = "news",
    data: DataFolder = BESIDE,
    report: Annotated[Path | None, typer.Option(help="Write one self-contained HTML page with the plots.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure to this file.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Write the confidence and cost matrix as a rules file.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the cut-off into this rules file; with --rule.")] = None,
    rule: Annotated[str | None, typer.Option(help="The rule whose `when` has the condition on the score.")] = None,
) -> None:
    """Choose a cut-off: by --cost-miss and --cost-false, by --budget, or by --min-precision."""
    from models.thresholds.criterion import criterion_of, stream
    from models.thresholds.outputs import Outputs, deliver
    from models.thresholds.study import Wish, study

    spec = load_profile(profile)
    items = stream(spec, items_per_day)
    criterion = criterion_of(cost_miss, cost_false, budget, min_precision, items)
    outputs = Outputs(report, json, policy, write, rule)
    outputs.check(spec)
    deliver(
        *study(Wish(spec, data, artifact or ARTIFACTS / spec.id, score, criterion, items, labels)), outputs, console
    )
