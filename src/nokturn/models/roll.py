"""Roll: a network over the frames of a piano roll.

    output = "ordered"    the notes of a frame one after the other, from high to low: each knows
                          those above it
    output = "sigmoid"    every key by itself, as the first networks of this kind had it

Both say how likely the next symbol is, so their figures can be compared: from independent keys
with probabilities p the next lower note is j with p_j times (1 - p) of every key that is passed
over. Independent keys know nothing of harmony within a frame, which is their weakness; the ordered
ones need a step of the head for each note.

Three settings bend the loss of independent keys towards notes, which are rare among silent keys;
the figures stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models import _heard
from nokturn.models._frame_model import Floats, FrameModel, FrameSettings, Ints
from nokturn.models.base import IGNORED, Cost, Inputs

if TYPE_CHECKING:
    import torch

THRESHOLDS = np.linspace(0.05, 0.95, 19)


class RollSettings(FrameSettings):
    """Settings of the roll."""

    output: Literal["ordered", "sigmoid"] = "ordered"
    positive_weight: float = Field(default=1.0, ge=0.1, le=100)  # of notes in the loss (sigmoid)
    focal: float = Field(default=0.0, ge=0, le=5)  # how much less sure predictions count (sigmoid)
    miss_penalty: float = Field(default=0.0, ge=0, le=100)  # added per missed note (sigmoid)


class Roll(FrameModel):
    """A network over the frames of a roll."""

    settings_class = RollSettings
    settings: RollSettings
    source: ClassVar[str] = (
        "Boulanger-Lewandowski et al. 2012, arXiv:1206.6392, and Larochelle and Murray, 'The "
        "Neural Autoregressive Distribution Estimator', 2011; here with one recurrent network"
    )

    @classmethod
    def shapes(cls, inputs: Inputs, settings: FrameSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        shapes = super().shapes(inputs, settings)
        if _independent(settings):  # the head does not know the notes of the frame
            beat = settings.layout.beat
            shapes["head.places"] = (settings.width, beat)
        return shapes

    def hear(self, symbols: Ints) -> _heard.Heard:
        """Return what is known at each place; see `FrameModel.hear`."""
        heard = super().hear(symbols)
        if _independent(self.settings):
            heard = replace(heard, places=heard.places[:, -self.settings.beat :])
        return heard

    def _head(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        batch: object,
        noise: torch.Generator | None,
        rows: Sequence[Ints],
        targets: torch.Tensor | None,
        bent: bool = False,
    ) -> torch.Tensor:
        from nokturn.models import _frame_net as net

        if not _independent(self.settings):
            return super()._head(weights, z, batch, noise, rows, targets)
        assert isinstance(batch, net.Batch)
        keys = net.logits(weights, z, batch, self.settings.layout)
        last = np.full((len(z), len(rows)), self.settings.pitches)
        for i, row in enumerate(rows):
            last[: len(row), i] = _last(row, self.settings)
        s = self.settings
        bend = net.Bend(s.positive_weight, s.focal, s.miss_penalty) if bent else None
        return net.in_order(keys, last, s.layout, bend)

    def cost(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        targets: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
        *,
        smoothing: float = 0.0,
        progress: float = 1.0,
        balance: torch.Tensor | None = None,
    ) -> Cost:
        """Return what predictions cost; in training the loss is bent as the settings say."""
        logits = self._logits(weights, ids, noise, targets)
        cost = self.cost_of(logits, targets, smoothing=smoothing, balance=balance)
        s = self.settings
        straight = (s.positive_weight, s.focal, s.miss_penalty) == (1, 0, 0)
        if noise is None or straight or not _independent(s):
            return cost
        import torch

        scores = self._logits(weights, ids, noise, targets, bent=True)
        wanted = torch.gather(scores, -1, targets.clamp(min=0)[..., None])[..., 0]
        counted = (targets != IGNORED).to(wanted)
        if balance is not None:
            counted = counted * balance[targets.clamp(min=0)]
        return cost._replace(loss=-(wanted * counted).sum())

    def place_logits(self, z: Floats, here: _heard.Heard, symbols: Ints) -> Floats:
        """Return the logits (V,) after the last symbol; see `FrameModel.place_logits`."""
        if not _independent(self.settings):
            return super().place_logits(z, here, symbols)
        s = self.settings
        keys = self._raw_logits(z, here)
        last = int(_last(symbols, s)[-1])
        sound = keys[s.first : s.first + s.pitches].astype(np.float64)
        below = np.append(0, np.cumsum(_log_sigmoid(-sound)))
        note = _log_sigmoid(sound) + below[last] - below[1:]
        note[last:] = -1e4
        found = np.full(len(keys), -1e4)
        found[s.separator] = below[last]
        struck = keys[s.first + s.pitches : s.first + 2 * s.pitches]
        parts = [note] if s.kinds == 1 else [
            note + _log_sigmoid(-struck), note + _log_sigmoid(struck)
        ]  # fmt: skip
        for kind, part in enumerate(parts):
            first = s.first + kind * s.pitches
            found[first : first + s.pitches] = part
        if last == s.pitches:
            found += _log_sigmoid(-keys[:1])
            found[0] = _log_sigmoid(keys[:1])[0]
        return np.asarray(found, dtype=np.float32)


def _independent(settings: FrameSettings) -> bool:
    return getattr(settings, "output", "") == "sigmoid"


def _last(symbols: Ints, settings: FrameSettings) -> Ints:
    """Return the last note of the frame at each place, as a pitch; above all where none is."""
    pitch = settings.layout.pitch_of(symbols)
    return np.where(pitch >= 0, pitch, settings.pitches)


def _log_sigmoid(x: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(-np.logaddexp(0, -x))
