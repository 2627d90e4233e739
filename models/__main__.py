"""The command line of the offline half: arguments in, one call out.

Heavy imports stand inside the commands, so that ``--help`` and ``evaluate`` work without the training extra.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from engine.errors import FlashwireError
from models.errors import ModelsError
from models.order import Order
from models.profile import ARTIFACTS, load_profile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Make the model that the engine serves: train it, export it, judge it. "
    "`build` does all of it. Needs `pip install 'flashwire\\[train]'`; `evaluate` needs only the engine.",
)
console = Console(log_path=False)
_EXTRA = {"torch", "transformers", "optimum", "onnx", "sklearn"}
_BESIDE = Path(__file__).resolve().parents[2] / "shared"

ProfileName = Annotated[str, typer.Option("--profile", help="A name under models/profiles, or a path to a YAML file.")]
DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="FLASHWIRE_DATA", help="The folder that the profile's paths are relative to."),
]
RunFolder = Annotated[
    Path | None, typer.Option("--run", help="Where the checkpoint lies or will lie.", show_default="runs/PROFILE")
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Where the artefact goes.", show_default="models/artifacts/PROFILE")
]
Sources = Annotated[
    Literal["all", "stated-licence"],
    typer.Option("--sources", help="`stated-licence` leaves out text whose source states no licence."),
]


@app.command("train")
def train_command(
    profile: ProfileName = "news", data: DataFolder = _BESIDE, run: RunFolder = None, sources: Sources = "all"
) -> None:
    """Fine-tune on the CPU: about half an hour on two cores. Stop it at any time; the same command goes on."""
    order = _order(profile, data, run, None, sources)
    from models.build import train

    _, rows = train(order)
    console.print(f"trained on {len(rows.train):,} rows, {len(rows.held_out):,} held out: {order.run}")


@app.command("export")
def export_command(
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """A finished run to an artefact: ONNX, fused, int8 and fp16, calibrated; a manifest without metrics."""
    order = _order(profile, data, run, out, sources)
    from models.build import draft, finish, trained

    finish(order, draft(order, *trained(order), console), {})
    console.print(f"artefact: {order.out}")


@app.command("evaluate")
def evaluate_command(
    labels: Annotated[
        Path | None, typer.Option(help="A labels file.", show_default="the profile's first evaluation file")
    ] = None,
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    json: Annotated[Path | None, typer.Option(help="Also write every figure to this file.")] = None,
) -> None:
    """Judge an artefact on labelled rows through the engine's own scorer, one row at a time."""
    from models.evaluate import evaluate_folder, per_class, summary

    spec = load_profile(profile)
    labels = labels or data / spec.evaluation[0].file
    found = evaluate_folder(artifact or ARTIFACTS / spec.id, labels, spec)
    console.print(per_class(found), summary({"int8": found}, str(labels)))
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))


@app.command("probes")
def probes_command(
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
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
    artifact: Annotated[
        Path | None, typer.Option(help="An artefact's folder.", show_default="models/artifacts/PROFILE")
    ] = None,
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


@app.command("build")
def build_command(
    profile: ProfileName = "news",
    data: DataFolder = _BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """Everything: train (or go on), export, quantize, calibrate, judge, write. Exit 1 below a floor of the profile."""
    final = _order(profile, data, run, out, sources)
    order = msgspec.structs.replace(final, out=final.out.with_name(f"{final.out.name}.draft"))
    from models.build import draft, finish, train
    from models.evaluate import summary
    from models.verdict import below_floors, judge

    made = draft(order, *train(order), console)
    metrics = judge(order, made)
    finish(order, made, metrics)
    first = order.profile.evaluation[0].name
    console.print(summary(metrics[first], f"{order.profile.model} on {first}"))
    failed = below_floors(order.profile, metrics[first]["int8"])
    console.print("\n".join(failed) or f"every floor holds: {order.profile.floors}")
    if not failed:  # What ships is replaced only by what holds its floors.
        shutil.rmtree(final.out, ignore_errors=True)
        order.out.rename(final.out)
    console.print(f"artefact: {order.out if failed else final.out}")
    raise typer.Exit(1 if failed else 0)


def main() -> None:
    """Run the command line; an error of ours is one line and exit code 2."""
    try:
        app()
    except (ModelsError, FlashwireError) as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        _fail(f"{error.name} is not installed: pip install 'flashwire[train]'")


def _order(profile: str, data: Path, run: Path | None, out: Path | None, sources: str) -> Order:
    spec = load_profile(profile)
    return Order(spec, data, run or Path("runs") / spec.id, out or ARTIFACTS / spec.id, sources == "stated-licence")


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
