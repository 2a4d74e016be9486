"""Layers in torch, as plain functions of weights by name. Time first, (T, B, ...), inside.

Functions, not modules: several threads use the same weights at once, each on its own part of a
batch, and nothing in here holds a state.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from nokturn.models._memory import EPSILON, ROTARY_BASE

Weights = Mapping[str, Tensor]
ATTENDED = 256  # symbols that attention handles at once, so that long pieces need no square of them


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
    return linear(x, weights["output"], weights["output_bias"])


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply by a weight in whatever precision the weight has; return float32."""
    return functional.linear(x.to(weight.dtype), weight, bias).float()


def normed(x: Tensor, gain: Tensor) -> Tensor:
    """Bring each vector to a mean square of 1, then multiply by a gain for each place."""
    return functional.rms_norm(x, gain.shape, gain, EPSILON)


def taps(
    x: Tensor, before: Tensor | None, kernel: int, dilation: int
) -> tuple[list[Tensor], Tensor]:
    """Return x (T, B, E) as it was at each tap of a causal kernel, oldest first, and the state.

    The state is what the taps after this chunk reach back to, ((kernel - 1) * dilation, B, E);
    before the piece there is silence: zeros.
    """
    reach = (kernel - 1) * dilation
    if before is None:
        before = x.new_zeros((reach, *x.shape[1:]))
    padded = torch.cat([before, x])
    parts = [padded[j * dilation : j * dilation + len(x)] for j in range(kernel)]
    return parts, padded[len(padded) - reach :]


def attend(
    query: Tensor,
    told: Tensor,
    before: Tensor | None,
    *,
    heads: int,
    memory: int,
) -> tuple[Tensor, Tensor]:
    """Attend to the last ``memory`` symbols, the present one among them.

    Queries and keys are turned by their places (rotary), so only the distance between two symbols
    counts. Every symbol sees the same window however a piece is cut into chunks.

    Parameters
    ----------
    query
        (T, B, A).
    told
        Keys and values side by side, (T, B, 2 A).
    before
        Keys and values of the symbols before, (N, B, 2 A), N < memory; None = none.

    Returns
    -------
    What each symbol takes from its window (T, B, A), and the keys and values to carry on.

    Source: Su et al., 'RoFormer', 2021, arXiv:2104.09864.
    """
    told = told if before is None else torch.cat([before, told])
    length, offset = len(query), len(told) - len(query)
    keys, values = told.chunk(2, -1)
    q = _by_head(_turned(query, offset, heads), heads)
    k, v = _by_head(_turned(keys, 0, heads), heads), _by_head(values, heads)
    parts = []
    for start in range(0, length, ATTENDED):
        stop = min(length, start + ATTENDED)
        first = max(0, offset + start - memory + 1)
        here = torch.arange(offset + start, offset + stop, device=q.device)[:, None]
        there = torch.arange(first, offset + stop, device=q.device)[None]
        seen = (there <= here) & (there > here - memory)
        window = slice(first, offset + stop)
        parts.append(
            functional.scaled_dot_product_attention(
                q[:, :, start:stop], k[:, :, window], v[:, :, window], attn_mask=seen
            )
        )
    whole = torch.cat(parts, 2) if len(parts) > 1 else parts[0]
    taken = whole.permute(2, 0, 1, 3).flatten(2)
    return taken, told[max(0, len(told) - memory + 1) :]


def _by_head(x: Tensor, heads: int) -> Tensor:
    """Return (T, B, A) as (B, heads, T, A / heads)."""
    return x.reshape(*x.shape[:-1], heads, -1).permute(1, 2, 0, 3)


def _turned(x: Tensor, offset: int, heads: int) -> Tensor:
    """Turn each pair of numbers of a head by its place times a frequency of its own."""
    count = x.shape[-1] // heads // 2
    places = torch.arange(offset, offset + len(x), device=x.device, dtype=torch.float64)
    pairs = torch.arange(count, device=x.device, dtype=torch.float64)
    angle = (places[:, None] * ROTARY_BASE ** (-pairs / count)).repeat(1, heads)[:, None]
    turn = torch.complex(
        angle.cos().float(), angle.sin().float()
    )  # as complex numbers: one product
    turned = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * turn
    return torch.view_as_real(turned).flatten(2)
