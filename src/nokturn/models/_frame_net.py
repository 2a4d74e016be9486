"""The network over frames, in torch: one recurrent step a frame, one small head a note.

The recurrent layers read a frame at a time; the head reads what they say and what is known at a
place (`_heard`), and gives logits for the next note: one share by absolute pitch, one by distance
from the reference, so that what was learned in one key serves in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nokturn.models import _layers
from nokturn.models._frames import Layout
from nokturn.models._heard import AROUND, Heard


@dataclass(frozen=True)
class Batch:
    """Several pieces side by side, padded."""

    frames: Tensor  # (F, B, I)
    places: Tensor  # (T, B, J)
    frame: Tensor  # (T, B)
    shift: Tensor  # (T, B)
    barred: Tensor  # (T, B, V), 0 where a symbol may follow, very low elsewhere

    @classmethod
    def of(cls, pieces: list[Heard], device: torch.device) -> Batch:
        """Stack pieces."""

        def stack(arrays: list[NDArray[np.generic]]) -> Tensor:
            longest = max(len(a) for a in arrays)
            table = np.zeros((longest, len(arrays), *arrays[0].shape[1:]), dtype=arrays[0].dtype)
            for i, a in enumerate(arrays):
                table[: len(a), i] = a
            return torch.from_numpy(table).to(device)

        return cls(
            stack([p.frames for p in pieces]),
            stack([p.places for p in pieces]),
            stack([p.frame for p in pieces]),
            stack([p.shift for p in pieces]),
            (stack([p.allowed for p in pieces]) - 1) * 1e4,
        )


def run(
    weights: Mapping[str, Tensor],
    batch: Batch,
    cell: str,
    layers: int,
    shares: tuple[float, float],
    noise: torch.Generator | None,
    window: int = 0,
    voices: int = 1,
) -> Tensor:
    """Return what the head makes of each place, (T, B, Z).

    ``shares`` are the parts dropped of the inputs, and of what layers and head say; with a
    ``window`` the layers forget everything after so many frames. The state has other words for each
    of the ``voices`` of a grid.
    """
    x = _drop_each(batch.frames, shares[0], noise)
    x = _layers.linear(x, weights["read"]) + weights["read_bias"]
    x = functional.layer_norm(x, x.shape[-1:])
    count, pieces = x.shape[:2]
    if window:
        x = _in_windows(x, window)
    for i in range(layers):
        y, _ = _layers.recur(cell, weights, f"layer.{i}", x, None)
        y = _layers.dropout(y, shares[1], noise)
        x = x + y if i else y
    if window:
        x = _from_windows(x, pieces)[:count]
    z = _at_places(functional.linear(x, weights["head.state"]), batch.frame, voices)
    beside = _drop_each(batch.places, shares[0], noise)
    z = z + _layers.linear(beside, weights["head.places"]) + weights["head.bias"]
    return _layers.dropout(functional.gelu(z), shares[1], noise)


def _at_places(said: Tensor, frame: Tensor, voices: int) -> Tensor:
    """Return what is said to each voice of each frame (F, B, voices * Z) by place, (T, B, Z)."""
    count, pieces, width = said.shape[0], said.shape[1], said.shape[2] // voices
    said = said.view(count, pieces, voices, width).transpose(1, 2).reshape(-1, pieces, width)
    voice = torch.arange(len(frame), device=frame.device)[:, None] % voices
    row = frame * voices + voice
    return torch.gather(said, 0, row[..., None].expand(-1, -1, width))


def _in_windows(x: Tensor, window: int) -> Tensor:
    """Return pieces (F, B, E) cut into windows side by side, (window, windows * B, E)."""
    x = functional.pad(x, (0, 0, 0, 0, 0, -len(x) % window))
    x = x.reshape(-1, window, *x.shape[1:])
    return x.transpose(0, 1).flatten(1, 2)


def _from_windows(x: Tensor, pieces: int) -> Tensor:
    """Return windows side by side as pieces (F, B, E) again."""
    x = x.reshape(len(x), -1, pieces, x.shape[-1])
    return x.transpose(0, 1).flatten(0, 1)


def _drop_each(x: Tensor, share: float, noise: torch.Generator | None) -> Tensor:
    """Drop single numbers; the share counts in 256ths, as bytes are drawn five times as fast."""
    dropped = round(256 * share)
    if noise is None or not dropped:
        return x
    drawn = torch.empty(x.shape, dtype=torch.uint8, device=x.device).random_(generator=noise)
    return (x * (drawn >= dropped)).mul_(256 / (256 - dropped))


def logits(weights: Mapping[str, Tensor], z: Tensor, batch: Batch, layout: Layout) -> Tensor:
    """Return the logits (T, B, V) of the head: absolute and relative shares, added."""
    absolute = functional.linear(z, weights["absolute"], weights["absolute_bias"])
    around = functional.linear(z, weights["relative"])
    columns = torch.arange(layout.pitches, device=z.device) - batch.shift[..., None]
    inside = (columns >= 0) & (columns < AROUND)
    columns = columns.clamp(0, AROUND - 1)
    placed = [torch.gather(part, -1, columns) * inside for part in torch.split(around, AROUND, -1)]
    whole = torch.cat(placed, -1)
    return absolute + functional.pad(
        whole, (layout.first, absolute.shape[-1] - layout.first - whole.shape[-1])
    )
