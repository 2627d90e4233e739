"""The losses weigh what they say they weigh; runs where the training extra is installed."""

from __future__ import annotations

import msgspec
import pytest

from models.profile import HeadSpec, Profile

torch = pytest.importorskip("torch", reason="needs the training extra")

from models.batches import MASKED  # noqa: E402  # only where torch is there
from models.losses import Batch, loss_of  # noqa: E402


@pytest.fixture
def two_heads(profile: Profile) -> Profile:
    """One head of three labels and one binary head, no sources of their own, no embedding."""
    heads = {"urgency": HeadSpec(labels=["low", "medium", "high"]), "trigger": HeadSpec(all=["urgency.high"])}
    return msgspec.structs.replace(profile, heads=heads, sources=profile.sources[:1], embedding=None)


def test_what_is_not_labelled_adds_nothing(two_heads: Profile) -> None:
    """A masked row's logits get no gradient, and a batch without any label costs nothing."""
    logits = torch.zeros(2, 4, requires_grad=True)
    batch = Batch([[1], [1]], {"urgency": [2, MASKED], "trigger": [1, MASKED]})
    loss_of({"logits": logits}, batch, two_heads).backward()
    assert logits.grad[0].abs().min() > 0
    assert logits.grad[1].abs().max() == 0
    empty = Batch([[1]], {"urgency": [MASKED], "trigger": [MASKED]})
    assert float(loss_of({"logits": logits[:1].detach()}, empty, two_heads)) == 0


def test_a_student_of_its_teachers_opinion_pays_nothing_without_labels(two_heads: Profile) -> None:
    """The distance to the teacher is a divergence: 0 at its own logits up to a shift, positive elsewhere."""
    opinion = torch.tensor([[2.0, -1.0, 0.5, -3.0]])
    batch = Batch([[1]], {"urgency": [MASKED], "trigger": [MASKED]}, opinion)
    shifted = opinion + torch.tensor([[5.0, 5.0, 5.0, 0.0]])
    assert float(loss_of({"logits": shifted}, batch, two_heads)) == pytest.approx(0, abs=1e-6)
    assert float(loss_of({"logits": -opinion}, batch, two_heads)) > 1


def test_a_labelled_row_heeds_label_and_teacher_by_the_profiles_share(two_heads: Profile) -> None:
    """With share 1 the label is not heard, with share 0 the teacher is not."""
    assert two_heads.teacher is not None
    opinion = torch.tensor([[4.0, 0.0, -4.0, 4.0]])
    batch = Batch([[1]], {"urgency": [2], "trigger": [0]}, opinion)
    found = {}
    for share in (0.0, 1.0):
        teacher = msgspec.structs.replace(two_heads.teacher, share=share)
        logits = torch.zeros(1, 4, requires_grad=True)
        loss_of({"logits": logits}, batch, msgspec.structs.replace(two_heads, teacher=teacher)).backward()
        found[share] = logits.grad[0]
    assert found[0.0].argmin() == 2
    assert found[0.0][3] > 0
    assert found[1.0].argmin() == 0
    assert found[1.0][3] < 0
