"""The critic of written frames, and notes that are on or off with a gradient. In torch.

What it reads of each frame, from cells (B, T, columns, P) of zeros and ones:

    keys        the cells themselves, and those that begin to sound
    classes     notes of each pitch class
    intervals   pairs of notes 1 to 24 semitones apart, the same in every key
    steps       notes that begin so many semitones from one that sounded before

then four convolutions over time, each but the first at half the pace of the one before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nokturn.models.base import Weights

INTERVALS, STEPS = 24, 12  # semitones
SLOPE = 0.2  # of the activation below zero
PACES = ("slow.0", "slow.1", "slow.2")
Shapes = dict[str, tuple[int, ...]]


def shapes(columns: int, pitches: int, width: int, frames: int) -> Shapes:
    """Return the shapes of the critic's weights."""
    heard = 2 * columns * pitches + 12 + INTERVALS + 2 * STEPS + 1
    found: Shapes = {"hears": (width, heard, 1), "hears_bias": (width,)}
    left = frames
    for i, name in enumerate(PACES):
        inner = width if i == 0 else 2 * width
        found |= {name: (2 * width, inner, 4), f"{name}_bias": (2 * width,)}
        left = -(-left // 2)
    return found | {"verdict": (1, left * 2 * width + 1), "verdict_bias": (1,)}


def first(shapes: Shapes, seed: int) -> Weights:
    """Draw first weights, as loud as their activations want them."""
    random = np.random.default_rng([seed, 1])
    weights = {}
    for name, shape in shapes.items():
        scale = (2 / math.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.0
        weights[name] = (scale * random.standard_normal(shape)).astype(np.float32)
    return weights


def judge(weights: Mapping[str, Tensor], cells: Tensor) -> Tensor:
    """Return how much windows seem music, (B,), positive for music."""
    x = heard(cells).transpose(1, 2)  # (B, features, T)
    x = functional.conv1d(x, weights["hears"], weights["hears_bias"])
    x = functional.leaky_relu(x, SLOPE)
    for name in PACES:
        x = functional.pad(x, (1, 1 + x.shape[-1] % 2))
        x = functional.conv1d(x, weights[name], weights[f"{name}_bias"], stride=2)
        x = functional.leaky_relu(x, SLOPE)
    apart = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()  # how much the windows differ
    flat = torch.cat([x.flatten(1), apart.expand(len(x), 1)], -1)
    return functional.linear(flat, weights["verdict"], weights["verdict_bias"])[:, 0]


def heard(cells: Tensor) -> Tensor:
    """Return what the critic reads of cells (B, T, columns, P), as (B, T, features)."""
    keys = cells.amax(2) if cells.shape[2] > 1 else cells[:, :, 0]  # what sounds, whoever plays it
    before = functional.pad(cells, (0, 0, 0, 0, 1, 0))[:, :-1]
    begins = functional.relu(cells - before)
    pitches = keys.shape[-1]
    classes = functional.pad(keys, (0, -pitches % 12))
    classes = classes.view(*keys.shape[:2], -1, 12).sum(-2)
    said = functional.pad(keys, (0, 0, 1, 0))[:, :-1]
    new = functional.relu(keys - said)
    pairs = [_pairs(keys, keys, INTERVALS), _pairs(said, new, STEPS), _pairs(new, said, STEPS)]
    number = keys.sum(-1, keepdim=True) / 4
    return torch.cat([cells.flatten(2), begins.flatten(2), classes, number, *pairs], -1)


def _pairs(low: Tensor, high: Tensor, reach: int) -> Tensor:
    """Return how many pairs of notes lie 1 to ``reach`` semitones apart, (B, T, reach)."""
    above = functional.pad(high, (0, reach))[..., 1:].unfold(-1, reach, 1)  # (B, T, P, reach)
    return (low.unsqueeze(-2) @ above).squeeze(-2)


def switched(said: Tensor) -> Tensor:
    """Return what is above zero as 1, else 0; backwards, the slope of the sigmoid."""
    soft = torch.sigmoid(said)
    return (said > 0).to(said) + soft - soft.detach()


def chosen(said: Tensor, *, rests: bool) -> Tensor:
    """Return 1 for the loudest of each row, else 0; backwards, the slope of the softmax.

    Where a row ``rests``, its first place is none of its cells.
    """
    soft = torch.softmax(said, -1)
    hard = functional.one_hot(said.argmax(-1), said.shape[-1]).to(said)
    cells = hard + soft - soft.detach()
    return cells[..., 1:] if rests else cells
