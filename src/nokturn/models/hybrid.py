"""Hybrid: counting experts inside a network over frames.

On corpora of this size counts of what came next, in musical coordinates, know what a network needs
hours to learn, and a network knows what counts cannot. The experts' log-probabilities are a further
share of the logits, each weighted by a small gate that the network sets at every place:

    softmax(absolute + relative logits + sum over experts of gate * log p)

The corpus lies in the model file as symbols, and the counts are made from it when the model is
used: a hybrid is not to be passed on where its corpus may not be. Its weakness: pieces are read
whole, so a step of writing grows slowly with the length of the piece.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models import _heard
from nokturn.models._experts import EXPERTS, Experts
from nokturn.models._frame_model import Floats, FrameModel, FrameSettings, Ints
from nokturn.models.base import BOUNDARY_ID, Cost, Inputs, Model

if TYPE_CHECKING:
    import torch

MOST_KEPT = 4 << 30  # bytes of what experts said
LEAST = 1e-6  # no expert is surer than this that something cannot come


class HybridSettings(FrameSettings):
    """Settings of the hybrid."""

    gate_dropout: float = Field(default=0.1, ge=0, lt=1)  # of the experts' weights
    corpus: int = Field(default=0, ge=0)  # symbols that the experts have read; set by training


class Hybrid(FrameModel):
    """A network over frames with experts."""

    settings_class = HybridSettings
    settings: HybridSettings

    def __init__(self, inputs: Inputs, settings: Any, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(inputs, settings, weights)
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._experts: Experts | None = None
        self._kept: dict[bytes, tuple[int, NDArray[np.float16]]] = {}
        self._bytes = 0

    @classmethod
    def shapes(cls, inputs: Inputs, settings: FrameSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight, and of the corpus."""
        assert isinstance(settings, HybridSettings)
        return super().shapes(inputs, settings) | {
            "gate": (EXPERTS, settings.width),
            "gate_bias": (EXPERTS,),
            "corpus": (settings.corpus,),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: FrameSettings, seed: int) -> FrameModel:
        """Return a model with random weights that trusts its experts alike."""
        model = super().untrained(inputs, settings, seed)
        model.weights["gate"][:] = 0
        model.weights["gate_bias"][:] = 1.1 / EXPERTS
        model.weights["corpus"] = model.weights["corpus"].astype(np.int64)
        return model

    def primed(self, pieces: Iterable[Ints]) -> Model:
        """Return the model with experts that have read these pieces; see `Model.primed`."""
        corpus = np.concatenate([np.asarray(piece[:-1], dtype=np.int64) for piece in pieces])
        settings = self.settings.model_copy(update={"corpus": len(corpus)})
        return type(self)(self.inputs, settings, self.weights | {"corpus": corpus})

    @property
    def experts(self) -> Experts:
        """The experts, made when first asked for."""
        with self._making:
            if self._experts is None:
                corpus = np.append(self.weights["corpus"].astype(np.int64), BOUNDARY_ID)
                cuts = np.flatnonzero(corpus == BOUNDARY_ID)
                pieces = [corpus[a : b + 1] for a, b in itertools.pairwise(cuts)]
                self._experts = Experts(self.settings.layout, pieces, self.inputs.symbols)
            return self._experts

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
        """Return what predictions cost; in training the piece's own counts are left out."""
        logits = self._logits(weights, ids, noise, targets)
        return self.cost_of(logits, targets, (), smoothing=smoothing, balance=balance)

    def _head(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        batch: object,
        noise: torch.Generator | None,
        rows: Sequence[Ints],
        targets: torch.Tensor | None,
    ) -> torch.Tensor:
        import torch
        from torch.nn import functional

        found = super()._head(weights, z, batch, noise, rows, targets)
        table = np.full((len(found), len(rows), EXPERTS, found.shape[-1]), 0, dtype=np.float32)
        after = None if targets is None or noise is None else targets.cpu().numpy()
        for i, row in enumerate(rows):
            own = None if after is None else after[i, : len(row)]
            table[: len(row), i] = self._log_p(row, own)
        gate = functional.linear(z, weights["gate"], weights["gate_bias"])
        share = self.settings.gate_dropout
        if noise is not None and share:
            keep = torch.rand(gate.shape, generator=noise, device=gate.device) >= share
            gate = gate * keep / (1 - share)
        said = torch.from_numpy(table).to(z.device)
        return found + torch.einsum("tbe,tbev->tbv", gate, said)

    def _log_p(self, fed: Ints, own: Ints | None) -> Floats:
        """Return the experts' log-probabilities (T, E, V), which are kept for the next epoch.

        What the experts say moves with the music, so one table serves all transpositions.
        """
        layout = self.settings.layout
        pitch = layout.pitch_of(fed)
        lowest = int(pitch[pitch >= 0].min(initial=layout.pitches))
        key = bytes([own is None]) + np.where(pitch >= 0, fed - lowest, -fed).tobytes()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            made: Floats = np.log(self.experts.predict(fed, own) + LEAST)
            with self._lock:
                if self._bytes < MOST_KEPT:
                    self._kept[key] = (lowest, made.astype(np.float16))
                    self._bytes += made.nbytes // 2
            return made
        return _moved(kept[1].astype(np.float32), lowest - kept[0], layout.first, layout.pitches,
                      layout.kinds)  # fmt: skip

    def place_logits(self, z: Floats, here: _heard.Heard, symbols: Ints) -> Floats:
        """Return the logits (V,) after the last symbol; see `FrameModel.place_logits`."""
        found = super().place_logits(z, here, symbols)
        gate = self.weights["gate"] @ z + self.weights["gate_bias"]
        p = self.experts.predict_last(symbols)
        return np.asarray(found + gate @ np.log(p + LEAST), dtype=np.float32)


def _moved(table: Floats, by: int, first: int, pitches: int, kinds: int) -> Floats:
    """Return what the experts say, so many semitones higher."""
    if not by:
        return table
    moved = np.full_like(table, np.log(LEAST))
    moved[..., :first] = table[..., :first]
    for kind in range(kinds):
        start = first + kind * pitches
        row = table[..., start : start + pitches]
        there = moved[..., start : start + pitches]
        if by > 0:
            there[..., by:] = row[..., :-by]
        else:
            there[..., :by] = row[..., -by:]
    return moved
