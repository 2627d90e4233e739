"""What the manifest says of an artefact: its heads and files, and where its weights come from."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from engine.scoring.manifest import NAME, File, Head, Manifest
from models.data import Row, Split, file_hash, read_source
from models.profile import Profile, SourceSpec

LICENCE = "Apache-2.0"
_LIBRARIES = ("torch", "transformers", "optimum", "optimum-onnx", "onnx", "onnxruntime", "tokenizers", "numpy")


def heads_of(profile: Profile) -> tuple[Head, ...]:
    """The product heads in the order in which their logits stand."""
    heads, start = [], 0
    for name, spec in profile.heads.items():
        heads.append(Head(name, start, tuple(spec.labels)))
        start += heads[-1].width
    return tuple(heads)


def file_of(path: Path) -> File:
    """A file's hash and size."""
    return File(file_hash(path), path.stat().st_size)


def data_of(profile: Profile, data: Path, rows: Split) -> list[dict[str, Any]]:
    """Every file that was learnt from or judged on: name, path, hash, rows used, licence as its source states it."""
    learnt = [_learnt(source, data, rows) for source in profile.sources]
    judged = [
        {"name": source.name, "file": source.file, "use": "evaluation only", "sha256": file_hash(data / source.file)}
        | ({"licence": source.licence} if source.licence else {})
        | ({"only": source.only} if source.only else {})
        | ({"share": source.share} if source.share else {})
        | {"rows": len(read_source(data, source, profile))}
        for source in profile.evaluation
    ]
    return learnt + _pool(profile, data, rows) + judged


def _pool(profile: Profile, data: Path, rows: Split) -> list[dict[str, Any]]:
    if profile.teacher is None or not rows.pool:
        return []
    spec = profile.teacher.pool
    return [
        {
            "name": "pool",
            "file": spec.file,
            "use": "distillation: unlabelled, the teacher's opinion of it is learnt",
            "sha256": file_hash(data / spec.file),
            "licence": spec.licence or "none stated",
            "months": spec.months,
            "rows": {"train": len(rows.pool)},
        }
    ]


def _learnt(source: SourceSpec, data: Path, rows: Split) -> dict[str, Any]:
    train, held_out = (_of(source, side) for side in (rows.train, rows.held_out))
    sets = Counter(row.dataset for row in train + held_out if row.sources[0] == source.name and row.dataset)
    return {
        "name": source.name,
        "file": source.file,
        "use": "training and calibration" if held_out else "training",
        "sha256": file_hash(data / source.file),
        "licence": source.licence or "none stated",
        "rows": {"train": len(train), "held_out": len(held_out)},
    } | ({"datasets": {name: _set(name, count, source) for name, count in sets.items()}} if sets else {})


def _of(source: SourceSpec, rows: list[Row]) -> list[Row]:
    return [row for row in rows if source.name in row.sources]


def _set(name: str, count: int, source: SourceSpec) -> dict[str, Any]:
    return {"rows": count} | ({"licence": "none stated"} if name in source.unlicensed else {})


def training_of(
    profile: Profile, rows: Split, run: dict[str, Any], teacher: dict[str, Any], stated_licence: bool
) -> dict[str, Any]:
    """How the weights were made: hyper-parameters, rows, what was dropped, the runs' records, versions at export."""
    taught = {"teacher": msgspec.to_builtins(profile.teacher) | {"run": teacher}} if profile.teacher else {}
    return taught | {
        "notes": [f"The weights are under {LICENCE}.", *profile.notes],
        "encoder": msgspec.to_builtins(profile.encoder) | {"version": version(profile.encoder.package)},
        "hyper_parameters": msgspec.to_builtins(profile.training),
        "rows": {"train": len(rows.train), "held_out": len(rows.held_out), "pool": len(rows.pool)},
        "dropped": rows.dropped,
        "sources": "stated-licence" if stated_licence else "all",
        "run": run,
        "export_versions": {name: version(name) for name in _LIBRARIES},
    }


def rounded(value: object) -> object:
    """The same JSON value with its numbers cut to four decimals: more would claim more than the rows can tell."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write ``manifest.json``, indented; the last file of an artefact to be written."""
    path = folder / NAME
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return path
