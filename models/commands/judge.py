"""Judging a model: evaluate, probes, card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.commands.options import BESIDE, ArtifactFolder, DataFolder, ProfileName, app, console
from models.profile import ARTIFACTS, SourceSpec, evaluation_set, load_profile

_RULES = Path(__file__).resolve().parents[2] / "deploy" / "rules"


@app.command("evaluate")
def evaluate_command(
    labels: Annotated[Path | None, typer.Option(help="A labels file of your own.")] = None,
    on: Annotated[
        str, typer.Option("--on", help="An evaluation set of the profile, by its name.", show_default="the first")
    ] = "",
    artifact: ArtifactFolder = None,
    profile: ProfileName = "news",
    data: DataFolder = BESIDE,
    rules: Annotated[
        Path | None,
        typer.Option(help="Whose live rules say what an alert is.", show_default="the profile's, or default.yaml"),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Also write one HTML page with intervals and plots.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write every figure to this file.")] = None,
) -> None:
    """Judge an artefact on labelled rows through the engine's own scorer, one row at a time."""
    from models.evaluate import evaluate_folder, per_class, summary

    spec = load_profile(profile)
    folder = artifact or ARTIFACTS / spec.id
    source = SourceSpec(labels.stem, str(labels.absolute()), "labels") if labels else evaluation_set(spec, on)
    if report or json:
        from models.evaluation.outputs import evaluate_fully

        own = _RULES / f"{spec.id}.yaml"
        rules = rules or (own if own.is_file() else _RULES / "default.yaml")
        heads = evaluate_fully(spec, folder, source, data, rules, report, json).heads
    else:
        heads = evaluate_folder(folder, data, source, spec)
    console.print(per_class(heads), summary({"int8": heads}, str(labels or source.name)))


@app.command("probes")
def probes_command(
    artifact: ArtifactFolder = None,
    profile: ProfileName = "news",
) -> None:
    """Try an artefact on headlines written for its weak spots: negation, rumour, numbers, names; pass or fail each."""
    from engine.scoring.scorer import load_scorer
    from models.probe import probe, swaps_table, table
    from models.probe_set import PROBES

    spec = load_profile(profile)
    found = probe(load_scorer(artifact or ARTIFACTS / spec.id), spec)
    if not found:
        console.print(f"profile {spec.id} has no probes; write them to {PROBES / spec.id}.yaml")
        return
    console.print(table(found), swaps_table(found))


@app.command("card")
def card_command(
    artifact: ArtifactFolder = None,
    profile: ProfileName = "news",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write.", show_default="docs/model-card.md for news")
    ] = None,
) -> None:
    """Write the model card from an artefact's manifest: data, licences, figures, limits and known failures."""
    from models.card import card_of, place_of

    spec = load_profile(profile)
    path = out or place_of(spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(card_of(artifact or ARTIFACTS / spec.id, spec), "utf-8")
    console.print(f"model card: {path}")
