"""Hybrid: counting experts inside a network over frames.

On corpora of this size counts of what came next, in musical coordinates, know what a network needs
hours to learn, and a network knows what counts cannot. The experts' log-probabilities are a further
share of the logits, each weighted by a small gate that the network sets at every place:

    softmax(absolute + relative logits + sum over experts of gate * log p)

Where keys are independent (``output = "sigmoid"``, see `_key_model`) it is their log-odds, which
know nothing of the present frame's notes:

    sigmoid(logits of the key + sum over experts of gate * log p / (1 - p))

The corpus lies in the model file as symbols, and the counts are made from it when the model is
used: a hybrid is not to be passed on where its corpus may not be. Its weakness: pieces are read
whole, so a step of writing grows slowly with the length of the piece.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.errors import ModelError
from nokturn.models import _experts, _heard
from nokturn.models._experts import Experts
from nokturn.models._frame_model import Floats, FrameModel, FrameSettings, Ints
from nokturn.models._key_experts import SUREST, KeyExperts
from nokturn.models._key_model import KeyModel, KeySettings
from nokturn.models.base import BOUNDARY_ID, Inputs, Model, Weights

if TYPE_CHECKING:
    import torch

MOST_KEPT = 4 << 30  # bytes of what experts said
LEAST = 1e-6  # no expert is surer than this that something cannot come


class HybridSettings(KeySettings):
    """Settings of the hybrid."""

    tonal: bool = False  # experts know the key, and count in Kneser and Ney's way (ordered)
    again: float = Field(default=2.0, ge=0, le=100)  # weight of what came earlier in the piece
    gate_dropout: float = Field(default=0.1, ge=0, lt=1)  # of the experts' weights
    hands: bool = False  # whether experts hear each hand by itself too (ordered rolls)
    corpus: int = Field(default=0, ge=0)  # symbols that the experts have read; set by training

    @property
    def experts(self) -> int:
        """How many experts there are."""
        ordered = not self.independent
        return _experts.count(tonal=self.tonal and ordered, hands=self.hands and ordered)


class Hybrid(KeyModel):
    """A network over frames with experts."""

    settings_class = HybridSettings
    settings: HybridSettings

    def __init__(self, inputs: Inputs, settings: Any, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(inputs, settings, weights)
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._experts: Experts | KeyExperts | None = None
        self._kept: dict[bytes, tuple[int, NDArray[np.float16]]] = {}
        self._bytes = 0

    @classmethod
    def shapes(cls, inputs: Inputs, settings: FrameSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight, and of the corpus."""
        assert isinstance(settings, HybridSettings)
        if settings.hands and (settings.independent or not settings.separator):
            raise ModelError(
                "model.hands is for rolls whose notes are ordered.",
                "Use the encoding piano_roll with the ordered output, or leave it out.",
            )
        shapes = super().shapes(inputs, settings)
        if settings.keywise:
            shapes["keywise.said"] = (settings.keywise, settings.experts)
        return shapes | {
            "gate": (settings.experts, settings.width),
            "gate_bias": (settings.experts,),
            "corpus": (settings.corpus,),
        }

    @classmethod
    def half(cls, settings: FrameSettings) -> frozenset[str]:
        """Return the weights that are computed with in half precision; see `Model.half`."""
        found = super().half(settings)
        return found | {"keywise.said"} if "keywise.out" in found else found

    @classmethod
    def untrained(cls, inputs: Inputs, settings: FrameSettings, seed: int) -> FrameModel:
        """Return a model with random weights that trusts its experts alike."""
        model = super().untrained(inputs, settings, seed)
        model.weights["gate"][:] = 0
        model.weights["gate_bias"][:] = 1.1 / len(model.weights["gate_bias"])
        model.weights["corpus"] = model.weights["corpus"].astype(np.int64)
        return model

    def primed(self, pieces: Iterable[Ints], sides: Iterable[NDArray[np.uint8]] = ()) -> Model:
        """Return the model with experts that have read these pieces; see `Model.primed`."""
        corpus = np.concatenate([np.asarray(piece[:-1], dtype=np.int64) for piece in pieces])
        settings = self.settings.model_copy(update={"corpus": len(corpus)})
        return type(self)(self.inputs, settings, self.weights | {"corpus": corpus})

    def with_weights(self, weights: Weights) -> Self:
        """Return the same model with other weights; its experts are the same, if the corpus is."""
        twin = super().with_weights(weights)
        if weights["corpus"] is self.weights["corpus"]:
            twin._experts, twin._kept, twin._bytes = self._experts, self._kept, self._bytes
        return twin

    @property
    def experts(self) -> Experts | KeyExperts:
        """The experts, made when first asked for."""
        with self._making:
            if self._experts is None:
                corpus = np.append(self.weights["corpus"].astype(np.int64), BOUNDARY_ID)
                cuts = np.flatnonzero(corpus == BOUNDARY_ID)
                pieces = [corpus[a : b + 1] for a, b in itertools.pairwise(cuts)]
                told = (self.settings.layout, pieces, self.inputs.symbols)
                if self.settings.independent:
                    self._experts = KeyExperts(*told)
                else:
                    s = self.settings
                    self._experts = Experts(*told, tonal=s.tonal, again=s.again, hands=s.hands)
            return self._experts

    def _head(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        batch: object,
        noise: torch.Generator | None,
        rows: Sequence[Ints],
        targets: torch.Tensor | None,
        said: torch.Tensor | None = None,
    ) -> torch.Tensor:
        import torch
        from torch.nn import functional

        shape = (len(z), len(rows), self.settings.experts, self.inputs.symbols)
        table = np.zeros(shape, dtype=np.float32)
        after = None if targets is None or noise is None else targets.cpu().numpy()
        for i, row in enumerate(rows):
            own = None if after is None else after[i, : len(row)]
            told = self._said_by_experts(row, own)
            table[: len(told), i] = told
        said = torch.from_numpy(table).to(z.device)
        found = super()._head(weights, z, batch, noise, rows, targets, said)
        gate = functional.linear(z, weights["gate"], weights["gate_bias"])
        share = self.settings.gate_dropout
        if noise is not None and share:
            keep = torch.rand(gate.shape, generator=noise, device=gate.device) >= share
            gate = gate * keep / (1 - share)
        return found + torch.einsum("tbe,tbev->tbv", gate, said)

    def _said_by_experts(self, fed: Ints, own: Ints | None) -> Floats:
        """Return what the experts add to logits, (T, E, V), or by frame, (F, E, V).

        It is kept for the next epoch. It moves with the music, so one table serves all
        transpositions.
        """
        layout = self.settings.layout
        pitch = layout.pitch_of(fed)
        lowest = int(pitch[pitch >= 0].min(initial=layout.pitches))
        key = bytes([own is None]) + np.where(pitch >= 0, fed - lowest, -fed).tobytes()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = lowest, self._asked(fed, own).astype(np.float16)
            with self._lock:
                if self._bytes < MOST_KEPT:
                    self._kept[key] = kept
                    self._bytes += kept[1].nbytes
        unheard = math.log(SUREST) if self.settings.independent else math.log(LEAST)
        return _moved(kept[1].astype(np.float32), lowest - kept[0], layout.first, layout.pitches,
                      layout.kinds, unheard)  # fmt: skip

    def _asked(self, fed: Ints, own: Ints | None) -> Floats:
        experts = self.experts
        if isinstance(experts, Experts):
            return np.asarray(np.log(experts.predict(fed, own) + LEAST))
        return self._as_symbols(experts.log_odds(fed, own=own is not None))

    def _as_symbols(self, cells: Floats) -> Floats:
        """Return what is said of cells (..., cells) in the places of their symbols, (..., V)."""
        first = self.settings.first
        rest = self.inputs.symbols - first - cells.shape[-1]
        return np.pad(cells, [(0, 0)] * (cells.ndim - 1) + [(first, rest)])

    def _gate(self, z: Floats) -> Floats:
        return np.asarray(self.weights["gate"] @ z + self.weights["gate_bias"])

    def place_logits(
        self, z: Floats, here: _heard.Heard, symbols: Ints, said: Floats | None = None
    ) -> Floats:
        """Return the logits (V,) after the last symbol; see `FrameModel.place_logits`."""
        assert isinstance(self.experts, Experts)
        said = _kept_as(np.log(self.experts.predict_last(symbols) + LEAST))
        found = super().place_logits(z, here, symbols, said)
        return np.asarray(found + self._gate(z) @ said, dtype=np.float32)

    def key_logits(self, z: Floats, here: _heard.Heard, symbols: Ints) -> Floats:
        """Return the logits (V,) of independent keys; see `KeyModel.key_logits`."""
        found = super().key_logits(z, here, symbols)
        assert isinstance(self.experts, KeyExperts)
        odds = _kept_as(self._as_symbols(self.experts.log_odds(symbols, last=True)[0]))
        return np.asarray(found + self._gate(z) @ odds, dtype=np.float32)


def _kept_as(said: Floats) -> Floats:
    """Return what experts say in the precision in which it is kept, the same everywhere."""
    return said.astype(np.float16).astype(np.float32)


def _moved(
    table: Floats, by: int, first: int, pitches: int, kinds: int, unheard: float = math.log(LEAST)
) -> Floats:
    """Return what the experts say, so many semitones higher; ``unheard`` is said of the rest."""
    if not by:
        return table
    moved = np.full_like(table, unheard)
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
