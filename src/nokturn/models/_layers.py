"""Layers in torch, as plain functions of weights by name. Time first, (T, B, ...), inside.

Functions, not modules: several threads use the same weights at once, each on its own part of a
batch, and nothing in here holds a state.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

Weights = Mapping[str, Tensor]


def embed(
    weights: Weights,
    ids: Tensor,
    channels: Tensor,
    input_dropout: float,
    noise: torch.Generator | None,
) -> Tensor:
    """Return the embeddings of symbols (B, T) and side inputs (B, T, C), side by side."""
    ids = ids.t()
    parts = [functional.embedding(ids, weights["embedding"])]
    parts += [
        functional.embedding(channels[..., i].t(), weights[f"channel.{i}"])
        for i in range(channels.shape[-1])
    ]
    x = torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0]
    if noise is None or not input_dropout:
        return x
    keep = torch.rand((*ids.shape, 1), generator=noise, device=x.device) >= input_dropout
    return x * keep / (1 - input_dropout)


def recur(
    cell: str, weights: Weights, layer: str, x: Tensor, state: tuple[Tensor, ...] | None
) -> tuple[Tensor, list[Tensor]]:
    """Run one layer over x (T, B, E); return what it says (T, B, H) and its state, each (B, H)."""
    names = ("input", "recurrent", "input_bias", "recurrent_bias")
    flat = [weights[f"{layer}.{name}"] for name in names]
    kind, width = flat[1].dtype, flat[1].shape[1]
    if state is None:
        count = 2 if cell == "lstm" else 1
        start = tuple(x.new_zeros((1, x.shape[1], width), dtype=kind) for _ in range(count))
    else:
        start = tuple(part.to(kind)[None] for part in state)
    x = x.to(kind)
    train = torch.is_grad_enabled()
    if cell == "lstm":
        y, h, c = torch.lstm(x, start, flat, True, 1, 0.0, train, False, False)
        return y.float(), [h[0], c[0]]
    run = torch.gru if cell == "gru" else torch.rnn_tanh
    y, h = run(x, start[0], flat, True, 1, 0.0, train, False, False)
    return y.float(), [h[0]]


def dropout(x: Tensor, share: float, noise: torch.Generator | None) -> Tensor:
    """Drop the same units at every step of the chunk; scale the rest."""
    if noise is None or not share:
        return x
    keep = torch.rand(x.shape[1:], generator=noise, device=x.device) >= share
    return x * (keep / (1 - share))


def output(weights: Weights, x: Tensor) -> Tensor:
    """Return the logits (T, B, V) of what the last layer said."""
    if "project" in weights:
        x = functional.linear(x, weights["project"])
        return functional.linear(x, weights["embedding"], weights["output_bias"])
    return functional.linear(x, weights["output"], weights["output_bias"])
