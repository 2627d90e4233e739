"""What guides a student beside its labels: a teacher's logits for every row, and the original sentence vectors.

Both cost minutes and depend on nothing but the rows and the networks, so they are kept in the run's folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from msgspec import Struct
from numpy.typing import NDArray
from rich.progress import track
from torch import nn
from transformers import AutoModel

from models.data import Row
from models.encoder import encoder_folder, load_tokenizer
from models.losses import Batch
from models.network import NewsModel
from models.profile import Profile

FILE = "guidance.npz"
_ROWS = 128  # of one forward pass
_BASIS_ROWS = 20_000  # rows that the directions of the short sentence vectors are found on


class Guidance(Struct):
    """``opinion`` float16 [rows, product logits]; ``vectors`` float16 [rows, width], of unit length.

    ``basis`` float32 [width, hidden] takes the encoder's pooled state to such a vector.
    """

    opinion: NDArray[np.float16] | None
    vectors: NDArray[np.float16] | None
    basis: NDArray[np.float32] | None


def guide(profile: Profile, rows: list[Row], teacher: tuple[NewsModel, Profile] | None, folder: Path) -> Guidance:
    """What the student is to learn of each row; read from ``folder`` where the same rows were asked before."""
    key = _key(profile, rows)
    path = folder / FILE
    if path.is_file():
        kept = np.load(path)
        if str(kept["key"]) == key:
            return Guidance(*(kept.get(name) for name in ("opinion", "vectors", "basis")))
    texts = [row.text for row in rows]
    found: dict[str, NDArray[np.floating]] = {}
    if teacher is not None:
        found["opinion"] = opinions(*teacher, texts).astype(np.float16)
    if profile.embedding is not None:
        found["vectors"], found["basis"] = _short(_sentences(profile, texts), profile.embedding.width)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(path, allow_pickle=False, key=np.array(key), **found)
    return Guidance(found.get("opinion"), found.get("vectors"), found.get("basis"))


def opinions(model: NewsModel, profile: Profile, texts: list[str]) -> NDArray[np.float32]:
    """float32 [texts, product logits] of a network in bf16, in padded batches of texts of like length."""
    width = sum(len(profile.classes(head)) for head in profile.heads)
    ids = [e.ids for e in load_tokenizer(profile).encode_batch_fast(texts)]
    model.eval()
    return _forward(lambda x, mask: model(x, mask)["logits"][:, :width], ids, "the teacher's opinion")


def _sentences(profile: Profile, texts: list[str]) -> NDArray[np.float32]:
    """float32 [texts, hidden]: the pre-trained encoder's mean-pooled sentence vectors, of unit length."""
    encoder = AutoModel.from_pretrained(encoder_folder(profile.encoder), add_pooling_layer=False).eval()
    ids = [e.ids for e in load_tokenizer(profile).encode_batch_fast(texts)]

    def pooled(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = encoder(x, mask).last_hidden_state.float()
        return nn.functional.normalize((hidden * mask.unsqueeze(-1)).sum(1), dim=1)

    return _forward(pooled, ids, "the original sentence vectors")


def _short(sentences: NDArray[np.float32], width: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """The vectors in their ``width`` strongest directions, of unit length again, and those directions.

    Without centring: cosines between whole vectors are what is to be kept.
    """
    some = sentences[np.random.default_rng(0).permutation(len(sentences))[:_BASIS_ROWS]]
    basis = np.linalg.svd(some, full_matrices=False)[2][:width]
    short = sentences @ basis.T
    return (short / np.linalg.norm(short, axis=1, keepdims=True)).astype(np.float16), basis.astype(np.float32)


def _forward(
    call: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], ids: list[list[int]], says: str
) -> NDArray[np.float32]:
    """``call`` of padded ids and mask, in bf16, for all rows in their order; texts of like length go together."""
    order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
    out: NDArray[np.float32] | None = None
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for at in track(range(0, len(order), _ROWS), says):
            chunk = order[at : at + _ROWS]
            batch = Batch([ids[n] for n in chunk], {})
            found = call(batch.input_ids, batch.attention_mask).float().numpy()
            out = np.empty((len(ids), found.shape[1]), dtype=np.float32) if out is None else out
            out[chunk] = found
    if out is None:
        raise ValueError("no rows to look at. This is a bug.")
    return out


def _key(profile: Profile, rows: list[Row]) -> str:
    """Changes with the rows, the teacher's recipe or the vectors' width."""
    recipe = repr((profile.teacher, profile.encoder, profile.embedding, profile.heads))
    return hashlib.sha256("\n".join([recipe, *(row.id + row.text for row in rows)]).encode()).hexdigest()
