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
) -> Tensor:
    """Return what the head makes of each place, (T, B, Z).

    ``shares`` are the parts dropped of the inputs, and of what layers and head say.
    """
    x = _drop_each(batch.frames, shares[0], noise)
    x = functional.linear(x, weights["read"], weights["read_bias"])
    x = functional.layer_norm(x, x.shape[-1:])
    for i in range(layers):
        y, _ = _layers.recur(cell, weights, f"layer.{i}", x, None)
        y = _layers.dropout(y, shares[1], noise)
        x = x + y if i else y
    by_place = torch.gather(x, 0, batch.frame[..., None].expand(-1, -1, x.shape[-1]))
    beside = _drop_each(batch.places, shares[0], noise)
    z = functional.linear(by_place, weights["head.state"], weights["head.bias"])
    z = z + functional.linear(beside, weights["head.places"])
    return _layers.dropout(functional.gelu(z), shares[1], noise)


def _drop_each(x: Tensor, share: float, noise: torch.Generator | None) -> Tensor:
    if noise is None or not share:
        return x
    keep = torch.rand(x.shape, generator=noise, device=x.device) >= share
    return x * keep / (1 - share)


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


@dataclass(frozen=True)
class Bend:
    """How the loss of independent keys is bent towards notes; as it stands, not at all."""

    positive_weight: float = 1.0
    focal: float = 0.0
    miss_penalty: float = 0.0


def in_order(
    found: Tensor, last: NDArray[np.int64], layout: Layout, bend: Bend | None = None
) -> Tensor:
    """Return log-probabilities of the next symbol (T, B, V), from logits of independent keys.

    Parameters
    ----------
    found
        Logits (T, B, V): of every key that it sounds, of every key that it is struck, and at 0
        that the piece ends.
    last
        The last note of the frame at each place, (T, B); the number of pitches where none is.
    bend
        For training: return scores whose negative is the bent loss.
    """
    bend = bend or Bend()
    keys = found[..., layout.first : layout.first + layout.pitches]
    silent, sound = functional.logsigmoid(-keys), functional.logsigmoid(keys)
    if bend.focal:
        silent, sound = sound.exp() ** bend.focal * silent, silent.exp() ** bend.focal * sound
    sound = bend.positive_weight * sound
    if bend.miss_penalty:
        sound = sound - bend.miss_penalty * functional.sigmoid(-keys)
    below = functional.pad(torch.cumsum(silent, -1), (1, 0))  # silence of all lower keys
    start = torch.from_numpy(last).to(found.device)[..., None]
    passed = torch.gather(below, -1, start)
    note = sound + passed - below[..., 1:]
    note = torch.where(torch.arange(layout.pitches, device=found.device) < start, note, -1e4)
    parts = [note]
    if layout.kinds > 1:
        struck = found[..., layout.first + layout.pitches : layout.first + 2 * layout.pitches]
        parts = [note + functional.logsigmoid(-struck), note + functional.logsigmoid(struck)]
    rest = found.shape[-1] - layout.first - layout.kinds * layout.pitches
    fresh = start == layout.pitches  # only there the piece may end
    none = torch.full_like(passed, -1e4)
    ends = torch.where(fresh, functional.logsigmoid(found[..., :1]), none)
    goes_on = torch.where(fresh, functional.logsigmoid(-found[..., :1]), 0)
    between = [none] * (layout.first - 1)
    between[layout.separator - 1] = passed + goes_on
    notes = [part + goes_on for part in parts]
    return torch.cat([ends, *between, *notes, none.expand(*none.shape[:-1], rest)], -1)
