"""An artefact that is not whole is refused at start, by the name of the file that is at fault."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ArtifactError
from engine.scoring.scorer import load_scorer
from tests.scoring.conftest import Copied

MODEL, TOKENIZER = "model.int8.onnx", "tokenizer.json"
Change = Callable[[dict[str, Any]], object]


def refusal(folder: Path) -> str:
    """What the error says of this folder."""
    with pytest.raises(ArtifactError) as raised:
        load_scorer(folder)
    assert raised.value.code == 4
    return str(raised.value)


def damaged(folder: Path, name: str, value: bytes) -> None:
    """Put other bytes in the place of a link."""
    (folder / name).unlink()
    (folder / name).write_bytes(value)


def test_a_whole_copy_is_accepted(copied: Copied) -> None:
    """The copies that the other tests damage are sound before."""
    assert load_scorer(copied()).precision == "int8"


def test_no_manifest(tmp_path: Path) -> None:
    """An empty folder: the message says what kind of folder to give."""
    assert refusal(tmp_path) == (
        f"{tmp_path}/manifest.json: no such file; give a folder that `python -m models build` wrote"
    )


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there: likewise."""
    assert "nowhere/manifest.json: no such file" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Input data was truncated"),
        (b"not json", "JSON is malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `format`"),
        (b'{"format": 2}', "Invalid enum value 2 - at `$.format`"),
    ],
    ids=["empty", "not JSON", "a list", "no keys", "another format"],
)
def test_a_manifest_that_is_none(copied: Copied, text: bytes, reason: str) -> None:
    """The message names the manifest and what is wrong with it."""
    folder = copied()
    (folder / "manifest.json").write_bytes(text)
    message = refusal(folder)
    assert message.startswith(f"{folder}/manifest.json: ")
    assert reason in message


CHANGES: list[tuple[str, Change, str]] = [
    ("unknown key", lambda m: m.update(colour="red"), "manifest.json: Object contains unknown field `colour`"),
    ("missing key", lambda m: m.pop("heads"), "manifest.json: Object missing required field `heads`"),
    (
        "wrong type",
        lambda m: m.update(max_tokens="many"),
        "manifest.json: Expected `int`, got `str` - at `$.max_tokens`",
    ),
    ("unknown precision", lambda m: m["variants"].update(int4=m["variants"]["int8"]), "manifest.json: Invalid enum"),
    ("no int8", lambda m: m["variants"].pop("int8"), "has no int8 variant, which provider 'cpu' needs"),
    ("file not listed", lambda m: m["files"].pop(MODEL), f"manifest.json: files: does not list '{MODEL}'"),
    ("outside", lambda m: m.update(tokenizer="../t.json"), "manifest.json: files: does not list '../t.json'"),
]


@pytest.mark.parametrize(("change", "message"), [pytest.param(c, m, id=name) for name, c, m in CHANGES])
def test_a_manifest_that_does_not_hold(copied: Copied, change: Change, message: str) -> None:
    """A key too many, too few or of the wrong kind is named, and so is a variant or file that is not listed."""
    folder = copied(change)
    found = refusal(folder)
    assert str(folder) in found
    assert message in found


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_a_file_that_is_missing(copied: Copied, name: str) -> None:
    """The message names the file."""
    folder = copied()
    (folder / name).unlink()
    assert refusal(folder) == f"{folder}/{name}: the manifest lists this file, and it is not there"


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_file_that_is_damaged(copied: Copied, name: str, damage: str) -> None:
    """One byte flipped, the end cut off, or nothing there: a hash mismatch that names the file."""
    folder = copied()
    value = bytearray((folder / name).read_bytes())
    value[len(value) // 2] ^= 0x01
    damaged(folder, name, {"flipped": bytes(value), "cut": bytes(value[:-1]), "empty": b""}[damage])
    assert refusal(folder).startswith(f"{folder}/{name}: hash mismatch: sha256 is ")


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
@pytest.mark.parametrize("value", [b"", b"{}", b"rubbish\xff"], ids=["empty", "no keys", "rubbish"])
def test_a_file_that_is_broken_though_its_hash_is_right(copied: Copied, name: str, value: bytes) -> None:
    """What was built broken is refused by the library that reads it, with the file's name."""
    folder = copied(lambda m: m["files"][name].update(sha256=hashlib.sha256(value).hexdigest()))
    damaged(folder, name, value)
    assert refusal(folder).startswith(f"{folder}/{name}: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(output="nothing"),
        lambda m: m["heads"][3].update(start=99),
        lambda m: m["heads"].clear(),
        lambda m: m.update(max_tokens=-1),
    ],
    ids=["no such output", "a head beyond the output", "no heads", "negative max_tokens"],
)
def test_a_manifest_that_does_not_fit_its_model(copied: Copied, change: Change) -> None:
    """What first shows when the model runs is the artefact's fault, too."""
    refusal(copied(change))


@pytest.mark.parametrize("kind", ["not UTF-8", "a folder", "below a file"])
def test_a_manifest_that_cannot_be_read(copied: Copied, kind: str) -> None:
    """Bytes that are no text, and paths that are no file, are the artefact's fault, too."""
    folder = copied()
    manifest = folder / "manifest.json"
    if kind == "not UTF-8":
        manifest.write_bytes(b'{"id": "\xff"}')
    elif kind == "a folder":
        manifest.unlink()
        manifest.mkdir()
    refusal(manifest if kind == "below a file" else folder)
