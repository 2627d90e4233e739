"""What training drives down: the distance to the labels, to the teacher, and to the original sentence vectors."""

from __future__ import annotations

import torch
from torch.nn import functional

from models.batches import MASKED
from models.profile import Profile


class Batch:
    """Padded ids, one target column per output (``MASKED`` where a row has no label), and what a teacher says.

    ``opinion`` float [rows, product logits] and ``vectors`` float [rows, width] are None where nobody guides.
    """

    def __init__(
        self,
        ids: list[list[int]],
        targets: dict[str, list[int]],
        opinion: torch.Tensor | None = None,
        vectors: torch.Tensor | None = None,
    ) -> None:
        width = max(map(len, ids))
        self.input_ids = torch.tensor([row + [0] * (width - len(row)) for row in ids])
        self.attention_mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids])
        self.targets = {name: torch.tensor(column) for name, column in targets.items()}
        self.opinion, self.vectors = opinion, vectors


def loss_of(found: dict[str, torch.Tensor], batch: Batch, profile: Profile) -> torch.Tensor:
    """The weighted sum over outputs, and the embedding's part where there is one; one number."""
    logits = found["logits"]
    total = logits.new_zeros(())
    start = 0
    for output, labels in profile.outputs().items():
        part, start = logits[:, start : start + len(labels)], start + len(labels)
        opinion = None
        if batch.opinion is not None and output in profile.heads:  # The product heads stand first in both.
            opinion = batch.opinion[:, start - len(labels) : start]
        value = _of_output(part, batch, output, opinion, profile)
        total = total + profile.training.loss_weights.get(output, 1.0) * value
    if profile.embedding is not None and batch.vectors is not None:
        away = 1 - functional.cosine_similarity(found["embedding"], batch.vectors)
        total = total + profile.embedding.weight * away.mean()
    return total


def _of_output(
    part: torch.Tensor, batch: Batch, output: str, opinion: torch.Tensor | None, profile: Profile
) -> torch.Tensor:
    """Of one output: the mean over labelled rows; in a guided batch the sum of both distances over all its rows."""
    target = batch.targets[output]
    known = target != MASKED
    labelled = _to_labels(part[known], target[known], profile.training.label_smoothing).sum()
    if batch.opinion is None:
        return labelled / max(1, int(known.sum()))
    if opinion is None or profile.teacher is None:
        return labelled / len(target)
    share = profile.teacher.share
    taught = (torch.where(known, share, 1.0) * _to_teacher(part, opinion, profile.teacher.temperature)).sum()
    return ((1 - share) * labelled + taught) / len(target)


def _to_labels(part: torch.Tensor, target: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Cross-entropy of each row, in nats."""
    if part.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(part[:, 0], target.float(), reduction="none")
    return functional.cross_entropy(part, target, label_smoothing=smoothing, reduction="none")


def _to_teacher(part: torch.Tensor, opinion: torch.Tensor, temperature: float) -> torch.Tensor:
    """Of each row the cross-entropy to the teacher's flattened probabilities less their entropy (KL divergence).

    Times the square of the temperature, so that its gradient stays as large as the labels' (Hinton et al. 2015,
    "Distilling the Knowledge in a Neural Network", section 2).
    """
    if part.shape[1] == 1:  # A binary output is a choice between 0 and its logit.
        part, opinion = (torch.cat([torch.zeros_like(logit), logit], dim=1) for logit in (part, opinion))
    said = functional.log_softmax(part / temperature, dim=1)
    meant = functional.log_softmax(opinion / temperature, dim=1)
    return temperature**2 * (meant.exp() * (meant - said)).sum(dim=1)
