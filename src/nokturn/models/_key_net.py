"""Independent keys, in torch: what every key does in a frame, from what its head says.

Each key's logit has a share by absolute pitch and one by distance from the reference, as in
`_frame_net`, and with ``near`` weights one more: a small network, the same for all keys, that
reads the rolls within two octaves around a key. What it learns at one pitch serves at all.

Costs are counted by frame, (F, B, keys), and looked up for each symbol, so that long pieces with
many symbols a frame need little memory.
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

NEVER = -1e4
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Bend:
    """How the loss of independent keys is bent towards notes; as it stands, not at all."""

    positive_weight: float = 1.0
    focal: float = 0.0
    miss_penalty: float = 0.0


@dataclass(frozen=True)
class Places:
    """Where the symbols of several pieces stand, padded with place 0."""

    frame: Tensor  # (T, B), which frame the next symbol belongs to
    last: Tensor  # (T, B), the last note of that frame as a pitch; the number of keys = none

    @classmethod
    def of(cls, rows: list[Ints], layout: Layout, device: torch.device) -> Places:
        """Find the places of rows of symbols, the boundary first."""
        shape = (max(len(row) for row in rows), len(rows))
        frame, last = np.zeros(shape, dtype=np.int64), np.full(shape, layout.pitches)
        for i, row in enumerate(rows):
            ends = row == layout.separator
            ends[:1] = True
            frame[: len(row), i] = np.cumsum(ends) - 1
            pitch = layout.pitch_of(row)
            last[: len(row), i] = np.where(pitch >= 0, pitch, layout.pitches)
        return cls(torch.from_numpy(frame).to(device), torch.from_numpy(last).to(device))

    def of_frame(self, values: Tensor) -> Tensor:
        """Return what a table (F, B, ...) holds for the frame of each place, (T, B, ...)."""
        if values.ndim == 2:
            return torch.gather(values, 0, self.frame)
        return torch.gather(values, 0, self.frame[..., None].expand(-1, -1, values.shape[-1]))

    def of_key(self, values: Tensor, key: Tensor) -> Tensor:
        """Return what a table (F, B, keys) holds for a key at each place, (T, B)."""
        lane = torch.arange(values.shape[1], device=values.device)
        return values[self.frame, lane, key]


def near(
    weights: Mapping[str, Tensor],
    z: Tensor,
    rolls: Tensor,
    share: float,
    noise: torch.Generator | None,
) -> Tensor:
    """Return what the rolls around each key say about it, (F, B, keys).

    Parameters
    ----------
    z
        What the head says of each frame, (F, B, Z).
    rolls
        (F, B, rolls, keys).
    share
        The part of the small network that is dropped.
    """
    kernel = weights["near"]
    flat = functional.conv1d(rolls.flatten(0, 1), kernel, padding=kernel.shape[-1] // 2)
    told = functional.linear(z, weights["near_state"], weights["near_bias"])
    words = functional.gelu(flat.reshape(*z.shape[:2], len(kernel), -1) + told[..., None])
    words = _layers.dropout(words, share, noise)
    return torch.einsum("fbck,c->fbk", words, weights["near_out"])


@dataclass(frozen=True)
class Frames:
    """Log-probabilities of what the keys of each frame do.

    Attributes
    ----------
    note
        Of each key as the next lower note where none lies between, (F, B, keys), by the silence of
        all lower keys: add `below` at the last note.
    below
        Of the silence of all keys below each, (F, B, keys + 1).
    kinds
        Of a note being held and being struck, (F, B, keys) each; empty where that is not told.
    ends, goes_on
        Of the piece ending before the frame, and not, (F, B).
    """

    note: Tensor
    below: Tensor
    kinds: tuple[Tensor, ...]
    ends: Tensor
    goes_on: Tensor

    @classmethod
    def of(cls, found: Tensor, layout: Layout, bend: Bend | None = None) -> Frames:
        """Make them from logits (F, B, V): of every key that it sounds, then that it is struck,
        and at 0 that the piece ends.
        """
        bend = bend or Bend()
        keys = found[..., layout.first : layout.first + layout.pitches]
        silent, sound = functional.logsigmoid(-keys), functional.logsigmoid(keys)
        if bend.focal:
            silent, sound = sound.exp() ** bend.focal * silent, silent.exp() ** bend.focal * sound
        sound = bend.positive_weight * sound
        if bend.miss_penalty:
            sound = sound - bend.miss_penalty * functional.sigmoid(-keys)
        below = functional.pad(torch.cumsum(silent, -1), (1, 0))
        kinds: tuple[Tensor, ...] = ()
        if layout.kinds > 1:
            struck = found[..., layout.first + layout.pitches : layout.first + 2 * layout.pitches]
            kinds = (functional.logsigmoid(-struck), functional.logsigmoid(struck))
        ends, goes_on = (functional.logsigmoid(sign * found[..., 0]) for sign in (1, -1))
        return cls(sound - below[..., 1:], below, kinds, ends, goes_on)


def in_order(said: Frames, places: Places, layout: Layout, symbols: int) -> Tensor:
    """Return log-probabilities of the next symbol, (T, B, V)."""
    last = places.last[..., None]
    passed = torch.gather(places.of_frame(said.below), -1, last)
    note = places.of_frame(said.note) + passed
    note = torch.where(torch.arange(layout.pitches, device=note.device) < last, note, NEVER)
    parts = [note + places.of_frame(kind) for kind in said.kinds] or [note]
    fresh = last == layout.pitches  # only there the piece may end
    none = torch.full_like(passed, NEVER)
    ends = torch.where(fresh, places.of_frame(said.ends)[..., None], none)
    goes_on = torch.where(fresh, places.of_frame(said.goes_on)[..., None], 0)
    between = [none] * (layout.first - 1)
    between[layout.separator - 1] = passed + goes_on
    notes = [part + goes_on for part in parts]
    rest = symbols - layout.first - layout.kinds * layout.pitches
    return torch.cat([ends, *between, *notes, none.expand(*none.shape[:-1], rest)], -1)


def scores(said: Frames, places: Places, targets: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """Return the log-probability of each target (T, B), and which were the first guess.

    They are what `in_order` has at the targets, without making the rest of it.
    """
    last, fresh = places.last, places.last == layout.pitches
    passed = places.of_key(said.below, last)
    goes_on = torch.where(fresh, places.of_frame(said.goes_on), 0)
    kind = (targets - layout.first).div(max(1, layout.pitches), rounding_mode="floor")
    pitch = (targets - layout.first) % max(1, layout.pitches)
    noted = (targets >= layout.first) & (kind < layout.kinds)
    each = [said.note + part for part in said.kinds] or [said.note]
    found = torch.full_like(passed, NEVER)
    for k, part in enumerate(each):
        found = torch.where(noted & (kind == k), places.of_key(part, pitch), found)
    found = torch.where(noted & (pitch >= last), NEVER, found)
    found = torch.where(targets == layout.separator, 0, found)
    ends = torch.where(fresh, places.of_frame(said.ends) - passed - goes_on, NEVER)
    found = torch.where(targets == 0, ends, found)
    best = torch.stack(each).amax(0).cummax(-1).values
    lower = torch.where(last > 0, places.of_key(best, (last - 1).clamp(min=0)), NEVER)
    first = torch.maximum(torch.maximum(lower, ends), torch.zeros_like(ends))
    return found + passed + goes_on, found >= first
