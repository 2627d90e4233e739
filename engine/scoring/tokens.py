"""Text → token ids, as the artefact's tokenizer says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from engine.errors import ArtifactError

# The tokenizer's own threads would fight inference for the same cores; one text takes about 25 µs.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class TextTokenizer:
    """The artefact's ``tokenizer.json``, cutting texts at ``max_tokens`` (special tokens included)."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(max_tokens)
        except Exception as error:  # The library raises a plain Exception for any fault in the file.
            raise ArtifactError(f"{path}: {error}") from None

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """One list of ids per text."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def read(self, text: str) -> int:
        """How many characters of ``text`` stand before the cut; all of them where nothing is cut."""
        encoding = self._tokenizer.encode(text)
        if not encoding.overflowing:
            return len(text)
        return max((end for _, end in encoding.offsets), default=0)
