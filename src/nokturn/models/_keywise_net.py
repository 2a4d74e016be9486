"""The network that is the same for all keys, in torch; what it reads is told in `_keywise`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nokturn.models._frames import Frames
from nokturn.models._keywise import SAID, keywise_rolls

AT_ONCE = 4096  # places of a piece: all keys of all places are large


@dataclass(frozen=True)
class Told:
    """What it is told of several pieces side by side, padded.

    Attributes
    ----------
    rolls
        (F, B, CHANNELS, keys).
    frame
        The frame of each place, (T, B).
    notes
        The notes already in the frame, and the last of them, (T, B, 2 keys).
    """

    rolls: Tensor
    frame: Tensor
    notes: Tensor

    @classmethod
    def of(cls, pieces: list[Frames], frame: Tensor, so_far: Tensor) -> Told:
        """Tell of pieces; ``frame`` (T, B) and ``so_far`` (T, B, keys) are known already."""
        each = [keywise_rolls(found) for found in pieces]
        rolls = np.zeros((max(map(len, each)), len(each), *each[0].shape[1:]), dtype=np.float32)
        last = np.zeros(tuple(so_far.shape), dtype=np.float32)
        for i, (found, part) in enumerate(zip(pieces, each, strict=True)):
            rolls[: len(part), i] = part
            here = np.flatnonzero((found.note > 0) & (found.pitch >= 0))
            last[here, i, found.pitch[here]] = 1
        told = [torch.from_numpy(part).to(so_far.device) for part in (rolls, last)]
        return cls(told[0], frame, torch.cat([so_far, told[1]], -1))


def scores(
    weights: Mapping[str, Tensor],
    z: Tensor,
    told: Told,
    said: Tensor | None,
    share: float,
    noise: torch.Generator | None,
) -> Tensor:
    """Return what it says of each key as the next note, (T, B, kinds, keys).

    Parameters
    ----------
    z
        What the head says of each place, (T, B, Z).
    said
        Log-probabilities of the experts for each key, (T, B, E, keys), where there are any.
    share
        The part of its words that is dropped.
    """
    x = _by_frame(weights, told.rolls, share, noise)
    table = _by_distance(weights, told.rolls.shape[-1])
    out = _dropped(weights["keywise.out"], 1, share, noise)
    state = functional.linear(z.to(x.dtype), weights["keywise.state"], weights["keywise.bias"])
    lane = torch.arange(x.shape[1], device=x.device)
    found = []
    for start in range(0, len(z), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        here = x[told.frame[part], lane]  # (T, B, keys, H)
        here += (told.notes[part].to(x.dtype).flatten(0, 1) @ table).view_as(here)
        here += state[part, :, None]
        if said is not None:
            heard = float(SAID) * said[part].transpose(-1, -2)
            here += heard.to(x.dtype) @ weights["keywise.said"].t()
        found.append(functional.linear(functional.relu(here), out).float())
    return torch.cat(found).transpose(-1, -2)


def _by_frame(
    weights: Mapping[str, Tensor], rolls: Tensor, share: float, noise: torch.Generator | None
) -> Tensor:
    """Return what the convolutions make of each frame, (F, B, keys, H)."""
    flat = rolls.flatten(0, 1).to(weights["keywise.around"].dtype)
    x = functional.relu(_around(weights, "keywise.around", flat))
    x = _dropped(x, 1, share, noise)
    x = x + _around(weights, "keywise.again", x)
    return x.transpose(1, 2).reshape(*rolls.shape[:2], rolls.shape[-1], -1)


def _around(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    kernel = weights[name]
    return functional.conv1d(x, kernel, weights[f"{name}_bias"], padding=kernel.shape[-1] // 2)


def _by_distance(weights: Mapping[str, Tensor], keys: int) -> Tensor:
    """Return what each note tells each key by their distance, (2 keys, keys * H)."""
    number = torch.arange(keys, device=weights["keywise.last"].device)
    distance = number[:, None] - number + keys - 1
    parts = [weights["keywise.so_far"][distance], weights["keywise.last"][distance]]
    return torch.cat(parts).flatten(1)


def _dropped(x: Tensor, dim: int, share: float, noise: torch.Generator | None) -> Tensor:
    """Drop the same words at all places and keys; scale the rest."""
    if noise is None or not share:
        return x
    keep = torch.rand(x.shape[dim], generator=noise, device=x.device) >= share
    scale = (keep / (1 - share)).to(x.dtype)
    return x * scale.reshape([-1 if i == dim else 1 for i in range(x.ndim)])
