"""The network: one encoder, mean pooling, one linear layer that holds every head side by side."""

from __future__ import annotations

import copy

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel, PretrainedConfig
from transformers.utils import logging as hf_logging

from models.encoder import encoder_folder
from models.errors import EncoderError
from models.profile import Encoder


class NewsModel(nn.Module):
    """``config.outputs`` maps output name → number of logits; they stand side by side in this order.

    Where ``config.embedding`` is not 0, a projection of the pooled state to that many floats stands beside them.
    """

    def __init__(self, config: PretrainedConfig, encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder or AutoModel.from_config(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.heads = nn.Linear(config.hidden_size, sum(config.outputs.values()))
        nn.init.normal_(self.heads.weight, std=config.initializer_range)
        nn.init.zeros_(self.heads.bias)
        self.projection = nn.Linear(config.hidden_size, config.embedding, bias=False) if config.embedding else None

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """int64 [batch, tokens] ids and mask → float32 ``logits`` [batch, sum of the outputs' widths].

        And ``embedding`` [batch, ``config.embedding``] of unit length, where there is one.
        """
        hidden = self.encoder(input_ids, attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        found = {"logits": self.heads(self.dropout(pooled)).float()}
        if self.projection is not None:
            found["embedding"] = nn.functional.normalize(self.projection(pooled).float(), dim=1)
        return found


def new_model(encoder: Encoder, outputs: dict[str, int], embedding: int = 0) -> NewsModel:
    """The pre-trained encoder, or those of its layers that the profile keeps, under fresh heads.

    Raises:
        EncoderError: it is not installed, or does not have such a layer.
    """
    folder = encoder_folder(encoder)
    hf_logging.set_verbosity_error()  # It warns that the encoder's pooler goes unused, which is meant.
    weights = AutoModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager")
    if encoder.layers:
        keep(weights, encoder.layers)
    weights.config.outputs, weights.config.embedding = outputs, embedding
    return NewsModel(weights.config, weights)


def keep(encoder: nn.Module, layers: list[int]) -> None:
    """Leave only these layers, counted from 0: spaced ones are a good start for a smaller model (Sanh et al. 2019).

    Raises:
        EncoderError: the encoder does not have one of them.
    """
    there = len(encoder.encoder.layer)
    if layers[-1] >= there:
        raise EncoderError(f"encoder.layers: {layers[-1]}: the encoder has {there} layers, 0 to {there - 1}")
    encoder.encoder.layer = nn.ModuleList(encoder.encoder.layer[n] for n in layers)
    encoder.config.num_hidden_layers = len(layers)


def cut(model: NewsModel, outputs: dict[str, int]) -> NewsModel:
    """A copy with only ``outputs`` (name → width), which must be the first of the model's outputs, in order."""
    first = dict(list(model.config.outputs.items())[: len(outputs)])
    if first != outputs:
        raise ValueError(f"outputs {outputs} are not the first of {model.config.outputs}. This is a bug.")
    width = sum(outputs.values())
    small = copy.deepcopy(model)
    small.config.outputs = outputs
    small.heads = nn.Linear(model.config.hidden_size, width)
    small.heads.load_state_dict({name: part[:width] for name, part in model.heads.state_dict().items()})
    return small.eval()


def logits(model: NewsModel, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """float32 [texts, outputs' widths]: what torch computes, one text at a time, without gradients."""
    model.eval()
    rows = []
    with torch.inference_mode():
        for encoding in tokenizer.encode_batch_fast(texts):
            ids = torch.tensor([encoding.ids])
            rows.append(model(ids, torch.ones_like(ids))["logits"].numpy())
    return np.concatenate(rows)
