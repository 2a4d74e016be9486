"""A variational autoencoder's decoder, symbol by symbol in NumPy: each phrase from its own z."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nokturn.models._stream import GatedStream, RecurrentTables
from nokturn.models.base import Stream, Weights

Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Decoder:
    """Weights of the decoder, turned into what a step needs; shared by all its streams."""

    tables: RecurrentTables
    share: Array  # (G, Z): what z adds to the gates of the first layer
    start: Array  # (2 * layers * H, Z): what z makes of the state before the first symbol
    start_bias: Array
    phrase: int  # symbols

    @classmethod
    def of(cls, weights: Weights, layers: int, phrase: int) -> Decoder:
        """Make the tables."""
        return cls(
            RecurrentTables.of(weights, "lstm", layers, residual=True),
            weights["layer.0.latent"],
            weights["start"],
            weights["start_bias"],
            phrase,
        )

    def begin(self, z: Array) -> GatedStream:
        """Return a stream at the beginning of the phrase that z (Z,) describes."""
        memory = np.tanh(self.start @ z + self.start_bias)
        shape = (len(self.tables.layers), 2, self.tables.width)
        return GatedStream(self.tables.shifted(self.share @ z), memory.reshape(shape))


class PhraseStream(Stream):
    """Phrase after phrase, each from its own z.

    Parameters
    ----------
    decoder
        The weights.
    latent
        Number of the phrase, from 0 -> its z, (Z,).
    """

    def __init__(self, decoder: Decoder, latent: Callable[[int], Array]) -> None:
        self._decoder = decoder
        self._latent = latent
        self._place = 0
        self._inner: GatedStream | None = None

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Array:
        """Read a symbol and its side inputs; return the logits (V,) of what comes next."""
        number, place = divmod(self._place, self._decoder.phrase)
        if self._inner is None or not place:
            self._inner = self._decoder.begin(self._latent(number))
        logits = self._inner.step(symbol, channels)
        self._place += 1
        return logits

    def copy(self) -> PhraseStream:
        """Return a stream that has read the same and goes its own way from here."""
        twin = PhraseStream(self._decoder, self._latent)
        twin._place = self._place
        twin._inner = self._inner.copy() if self._inner else None
        return twin
