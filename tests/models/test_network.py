"""Fewer layers of an encoder; runs where the training extra is installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.errors import EncoderError
from models.profile import Profile

torch = pytest.importorskip("torch", reason="needs the training extra")

from models.network import NewsModel, keep  # noqa: E402  # only where torch is there


@pytest.fixture
def model(profile: Profile, tiny_model: Callable[..., NewsModel]) -> NewsModel:
    """Two random layers."""
    made: NewsModel = tiny_model(profile.encoder, {"urgency": 3}).eval()
    return made


def test_kept_layers_are_the_encoders_own(model: NewsModel) -> None:
    """What is kept is kept as it was, and the configuration, which export checks, counts it."""
    last = model.encoder.encoder.layer[1]
    keep(model.encoder, [1])
    assert list(model.encoder.encoder.layer) == [last]
    assert model.encoder.config.num_hidden_layers == 1
    ids = torch.tensor([[101, 2000, 102]])
    assert model(ids, torch.ones_like(ids))["logits"].shape == (1, 3)


def test_a_layer_that_is_not_there_is_refused(model: NewsModel) -> None:
    """The message names the profile's field and the layers there are."""
    with pytest.raises(EncoderError, match=r"encoder\.layers: 6: the encoder has 2 layers, 0 to 1"):
        keep(model.encoder, [0, 6])
