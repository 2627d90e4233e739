"""Making a model: train, export, build."""

from __future__ import annotations

import shutil

import msgspec
import typer

from models.commands.options import (
    BESIDE,
    DataFolder,
    OutFolder,
    ProfileName,
    RunFolder,
    Sources,
    app,
    console,
    order_of,
)


@app.command("train")
def train_command(
    profile: ProfileName = "news", data: DataFolder = BESIDE, run: RunFolder = None, sources: Sources = "all"
) -> None:
    """Fine-tune on the CPU, a teacher first where there is one. Stopped at any time, the same command goes on."""
    order = order_of(profile, data, run, None, sources)
    from models.build import train

    _, rows = train(order)
    console.print(f"trained on {len(rows.train):,} rows, {len(rows.held_out):,} held out: {order.run}")


@app.command("export")
def export_command(
    profile: ProfileName = "news",
    data: DataFolder = BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """A finished run to an artefact: ONNX, fused, int8 and fp16, calibrated; a manifest without metrics."""
    order = order_of(profile, data, run, out, sources)
    from models.build import draft, finish, trained

    finish(order, draft(order, *trained(order), console), {})
    console.print(f"artefact: {order.out}")


@app.command("build")
def build_command(
    profile: ProfileName = "news",
    data: DataFolder = BESIDE,
    run: RunFolder = None,
    out: OutFolder = None,
    sources: Sources = "all",
) -> None:
    """Everything: train (or go on), export, quantize, calibrate, judge, write. Exit 1 below a floor of the profile."""
    final = order_of(profile, data, run, out, sources)
    order = msgspec.structs.replace(final, out=final.out.with_name(f"{final.out.name}.draft"))
    from models.build import draft, finish, train
    from models.evaluate import summary
    from models.verdict import below_floors, judge

    made = draft(order, *train(order), console)
    metrics = judge(order, made)
    finish(order, made, metrics)
    first = order.profile.evaluation[0].name
    for name in (source.name for source in order.profile.evaluation if source.of_product):
        console.print(summary(metrics[name], f"{order.profile.model} on {name}"))
    failed = below_floors(order.profile, metrics[first]["int8"])
    console.print("\n".join(failed) or f"every floor holds: {order.profile.floors}")
    if not failed:  # What ships is replaced only by what holds its floors.
        shutil.rmtree(final.out, ignore_errors=True)
        order.out.rename(final.out)
    console.print(f"artefact: {order.out if failed else final.out}")
    raise typer.Exit(1 if failed else 0)
