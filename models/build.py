"""Data to artefact: train, export, fuse, quantize, calibrate, judge, and write it all down in the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console

from engine.scoring.manifest import Calibration, Manifest, Precision, Variant
from engine.scoring.scorer import load_scorer
from engine.scoring.session import OnnxSession
from engine.scoring.tokens import TextTokenizer
from models.batches import target_columns
from models.calibrate import fit_known
from models.data import Row, Split, check_classes, split, unlike_training
from models.encoder import load_tokenizer
from models.errors import RunError
from models.export import OUTPUT, export
from models.guidance import guide
from models.manifest import LICENCE, data_of, file_of, heads_of, rounded, training_of, write_manifest
from models.network import NewsModel
from models.order import Order
from models.pool import with_pool
from models.quantize import to_fp16, to_int8
from models.train import RECORD, Run

TOKENIZER = "tokenizer.json"
TEACHER = "teacher"
"""The teacher's folder inside the run's."""
SHIPPED: tuple[Precision, ...] = ("int8", "fp16")
"""fp32 stays in the run's folder: it is what the others are compared with."""


class Draft(Struct, frozen=True):
    """An artefact that is complete but for its metrics, fp32 included, and what it was made from."""

    manifest: Manifest
    paths: dict[Precision, Path]
    calibration: dict[str, Any]
    model: NewsModel


def train(order: Order) -> tuple[NewsModel, Split]:
    """Train, or go on where the run's checkpoint stands; a finished run is only read.

    A teacher, where the profile has one, comes first, with a run of its own in the folder ``teacher``.

    Raises:
        DataError: a data file is refused, or a class has no row to train on.
        EncoderError: an encoder is not installed.
        RunError: the checkpoint belongs to another run.
    """
    rows = rows_of(order)
    check_classes(order.profile, rows.train)
    everything = rows.train + rows.pool
    teacher = None
    if order.profile.teacher is not None:
        spec = order.profile.as_teacher()
        known = [row for row in rows.train if row.targets.keys() & order.profile.heads.keys()]
        teacher = (Run(spec, known, order.run / TEACHER).train(), spec)
    guidance = guide(order.profile, everything, teacher, order.run)
    return Run(order.profile, everything, order.run, guidance).train(), rows


def rows_of(order: Order) -> Split:
    """The order's rows; with a pool of unlabelled ones where a teacher is to speak of them and licences allow it."""
    rows = split(order.profile, order.data, order.stated_licence)
    spec = order.profile.teacher
    if spec is None or (order.stated_licence and not spec.pool.licence):
        return rows
    return with_pool(order.profile, spec.pool, order.data, rows)


def trained(order: Order) -> tuple[NewsModel, Split]:
    """The model of a finished run.

    Raises:
        RunError: there is none, or it is not finished; and what ``train`` raises.
    """
    rows = rows_of(order)
    run = Run(order.profile, rows.train + rows.pool, order.run)
    run.resume()
    if not run.finished:
        raise RunError(f"{order.run}: at step {run.step:,} of {run.steps:,}; run `python -m models train` first")
    return run.model.eval(), rows


def draft(order: Order, model: NewsModel, rows: Split, console: Console) -> Draft:
    """Write the artefact's files and calibrate each on the held-out rows; no metrics, no manifest yet.

    Raises:
        ExportError: a graph did not come out as it must.
    """
    order.out.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizer(order.profile)
    tokenizer.save(str(order.out / TOKENIZER))
    console.log("export, fuse")
    fp32 = export(model, order.profile, tokenizer, order.run / "model.fp32.onnx")
    paths: dict[Precision, Path] = {"fp32": fp32}
    paths["int8"] = to_int8(fp32, order.out / "model.int8.onnx")
    paths["fp16"] = to_fp16(fp32, order.out / "model.fp16.onnx")
    console.log("quantize:", ", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in paths.values()))
    held_out = unlike_training(rows)
    variants: dict[Precision, Variant] = {}
    judged: dict[str, Any] = {}
    for precision, path in paths.items():
        console.log(f"calibrate {precision} on {len(held_out):,} held-out rows")
        calibration, judged[precision] = calibrate(path, order, held_out)
        variants[precision] = Variant(path.name, calibration)
    return Draft(_manifest(order, rows, paths, variants), paths, judged, model)


def calibrate(path: Path, order: Order, rows: list[Row]) -> tuple[dict[str, Calibration], dict[str, Any]]:
    """Every head's calibration for one file, and how well calibrated it is before and after."""
    tokenize = TextTokenizer(order.out / TOKENIZER, order.profile.training.max_tokens)
    found = OnnxSession(path, OUTPUT, "cpu", threads=1).logits(tokenize([row.text for row in rows]))
    columns = target_columns(rows, order.profile)
    fitted, judged = {}, {}
    for head in heads_of(order.profile):
        part = found[:, head.start : head.start + head.width]
        fitted[head.name], judged[head.name] = fit_known(part, columns[head.name])
    return fitted, judged


def finish(order: Order, made: Draft, metrics: dict[str, Any]) -> Manifest:
    """Write the manifest without fp32, and open the artefact as the engine does: every hash is checked once."""
    shipped = {precision: made.manifest.variants[precision] for precision in SHIPPED}
    files = {name: file for name, file in made.manifest.files.items() if name != made.paths["fp32"].name}
    manifest = msgspec.structs.replace(
        made.manifest, variants=shipped, files=files, metrics={name: rounded(value) for name, value in metrics.items()}
    )
    write_manifest(order.out, manifest)
    load_scorer(order.out)
    return manifest


def _manifest(order: Order, rows: Split, paths: dict[Precision, Path], variants: dict[Precision, Variant]) -> Manifest:
    profile = order.profile
    run, teacher = (
        msgspec.json.decode(record.read_bytes()) if record.is_file() else {}
        for record in (order.run / RECORD, order.run / TEACHER / RECORD)
    )
    return Manifest(
        format=1,
        id=profile.model,
        profile=profile.id,
        licence=LICENCE,
        max_tokens=profile.training.max_tokens,
        tokenizer=TOKENIZER,
        output=OUTPUT,
        heads=heads_of(profile),
        variants=variants,
        files={path.name: file_of(path) for path in [*paths.values(), order.out / TOKENIZER]},
        data=data_of(profile, order.data, rows),
        training=training_of(profile, rows, run, teacher, order.stated_licence),
    )
