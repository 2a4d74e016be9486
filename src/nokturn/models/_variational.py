"""The parts of a variational autoencoder of phrases in torch: cut, read, draw, say again.

Functions of weights by name, as in `_layers`; P phrases of N symbols, Z numbers that describe each.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nokturn.models import _layers
from nokturn.models.base import IGNORED

Weights = Mapping[str, Tensor]
FIXED_SEED = 20131220  # of what is drawn where nothing may be random: held-out figures


def cut(table: Tensor, phrase: int, fill: int = 0) -> Tensor:
    """Return pieces (B, T, ...) as phrases (B * K, phrase, ...), the last of each filled up."""
    count, rest = -(-table.shape[1] // phrase), table.shape[2:]
    pad = table.new_full((len(table), count * phrase - table.shape[1], *rest), fill)
    return torch.cat([table, pad], 1).reshape(len(table) * count, phrase, *rest)


def posterior(weights: Weights, symbols: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log-variance (P, Z) of what phrases (P, N) may be described by.

    What follows a phrase is `IGNORED`. One LSTM reads it from its beginning, one from its end; the
    last words of both count.
    """
    lengths = (symbols != IGNORED).sum(1)
    places = torch.arange(symbols.shape[1], device=symbols.device)
    orders = {
        "ahead": places.expand_as(symbols),
        "back": (lengths[:, None] - 1 - places).clamp(min=0),
    }
    lanes = torch.arange(len(symbols), device=symbols.device)
    said = []
    for way, order in orders.items():
        ids = symbols.clamp(min=0).gather(1, order)
        x = functional.embedding(ids.t(), weights["embedding"])
        y, _ = _layers.recur("lstm", weights, f"encoder.{way}", x, None)
        said.append(y[lengths - 1, lanes])
    both = functional.linear(torch.cat(said, 1), weights["latent"], weights["latent_bias"])
    mean, log_variance = both.chunk(2, -1)
    return mean, log_variance


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence (P,) from the standard normal, in nats."""
    each: Tensor = (mean.square() + log_variance.exp() - 1 - log_variance) / 2
    return each.sum(-1)


def draw(
    mean: Tensor, log_variance: Tensor, places: Tensor, noise: torch.Generator | None
) -> Tensor:
    """Draw a description (P, Z) of each phrase.

    Without ``noise`` the draw depends on the phrase's place in its piece (P,) alone, so that a
    figure is the same whatever stands beside the piece, and still an honest draw.
    """
    if noise is None:
        # drawn by NumPy, whose first rows do not depend on how many follow; torch's do
        shape = (int(places.max()) + 1, mean.shape[1])
        rows = np.random.default_rng(FIXED_SEED).standard_normal(shape, np.float32)
        chance = torch.from_numpy(rows).to(mean.device)[places]
    else:
        chance = torch.randn(mean.shape, generator=noise, device=mean.device)
    return mean + (log_variance / 2).exp() * chance


def say(
    weights: Weights,
    z: Tensor,
    ids: Tensor,
    channels: Tensor,
    *,
    layers: int,
    shares: tuple[float, float],
    noise: torch.Generator | None,
) -> Tensor:
    """Return the logits (P, N, V) of phrases with these descriptions (P, Z).

    ``shares`` are the dropout of whole words that are read, and that of what layers say.
    """
    start = torch.tanh(functional.linear(z, weights["start"], weights["start_bias"]))
    memory = start.reshape(len(z), layers, 2, -1)
    x = _layers.embed(weights, ids, channels, shares[0], noise)
    x = torch.cat([x, z.expand(len(x), *z.shape)], -1)
    first = torch.cat([weights["layer.0.input"], weights["layer.0.latent"]], 1)
    widened = {**weights, "layer.0.input": first}
    for i in range(layers):
        before = (memory[:, i, 0].contiguous(), memory[:, i, 1].contiguous())
        y, _ = _layers.recur("lstm", widened, f"layer.{i}", x, before)
        y = _layers.dropout(y, shares[1], noise)
        x = x + y if i else y
    return _layers.output(weights, x).transpose(0, 1)
