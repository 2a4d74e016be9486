"""Recurrent variational autoencoder: a phrase becomes a few numbers z, and z a phrase again.

    tune  ->  two LSTMs (from its beginning, from its end)  ->  mean, deviation  ->  z (48 numbers)
    z     ->  first state of an LSTM, and an input at each of its steps          ->  tune

A piece is cut into phrases of `phrase` symbols, and each is learned alone: from its z and from the
symbol before it. What lies near each other in z sounds alike, so that a phrase can be varied by a
step from its z, and two phrases have others between them.

What a phrase costs is an *upper bound* of its nats (the ELBO's negative): the cross-entropy of its
symbols from a z drawn by the encoder, and the divergence of that draw from the standard normal.
While training the divergence counts `beta` times, from 0 on the way up (`warm_up`), and never less
than `free_bits`: so z comes into use at all. Without a z (`forward`, `stream`) it is 0, the middle;
`begin` draws one, `with_latent` takes one.

Its weakness: the phrases of a piece know of each other by one symbol only, and bars do not move the
cuts: a pickup shifts them. And with a `beta` below 1 the epoch with the best bound, which is what a
training publishes, is not the one that remembers best: that is the last, ``name@epoch``.
Source: Bowman et al., 'Generating Sentences from a Continuous Space', 2015, arXiv:1511.06349
(warm-up, words dropped before the decoder); Kingma et al., 2016, arXiv:1606.04934 (free bits);
Roberts et al., 'MusicVAE', 2018, arXiv:1803.05428 (whose flat decoder this is).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models import _sizes
from nokturn.models._phrase_stream import Decoder, PhraseStream
from nokturn.models.base import IGNORED, Cost, Inputs, Model, Weights
from nokturn.settings import Settings

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]
SIZES = {"tiny": 96, "small": 192, "medium": 256, "large": 512}
FIRST_LOG_VARIANCE = -3.0  # of z, before the training
KIN = 0.6  # how much of the first phrase's z is in those after it, in writing; 0-1


class VaeSettings(Settings):
    """Settings of the variational autoencoder."""

    phrase: int = Field(default=32, ge=2, le=4096)  # symbols of a phrase
    latent: int = Field(default=48, ge=1, le=1024)  # numbers that describe one
    width: int = Field(default=256, ge=4, le=4096)  # cells of a layer, in encoder and decoder
    layers: int = Field(default=1, ge=1, le=8)  # of the decoder
    embedding: int = Field(default=64, ge=1, le=4096)  # numbers for a symbol
    channel_embedding: int = Field(default=8, ge=1, le=1024)  # numbers for each side input
    word_dropout: float = Field(default=0.3, ge=0, lt=1)  # of the symbols that the decoder reads
    dropout: float = Field(default=0.1, ge=0, lt=1)  # of what a decoder layer hands on
    beta: float = Field(default=0.2, ge=0, le=10)  # weight of the divergence after the warm-up
    warm_up: float = Field(default=0.3, ge=0, le=1)  # share of the training in which it rises
    free_bits: float = Field(default=24.0, ge=0, le=10_000)  # divergence of a phrase that is free


class Vae(Model):
    """A variational autoencoder with its weights."""

    settings_class = VaeSettings
    settings: VaeSettings
    whole_pieces: ClassVar[bool] = True  # phrases are counted from a piece's beginning
    bounded: ClassVar[bool] = True

    @classmethod
    def sized(cls, size: str | int, characters: int) -> VaeSettings:
        """Return settings for a size; see `Model.sized`."""
        width = _sizes.width_of(size, characters, SIZES)
        return VaeSettings(width=width, dropout=_sizes.dropout_for(characters))

    @classmethod
    def shapes(cls, inputs: Inputs, settings: VaeSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s = settings
        fan_in = _sizes.fan_in(inputs, s.embedding, s.channel_embedding)
        shapes = _sizes.embeddings(inputs, s.embedding, s.channel_embedding)
        shapes |= _lstm("encoder.ahead", s.embedding, s.width)
        shapes |= _lstm("encoder.back", s.embedding, s.width)
        for i in range(s.layers):
            shapes |= _lstm(f"layer.{i}", s.width if i else fan_in, s.width)
        return shapes | {
            "latent": (2 * s.latent, 2 * s.width),
            "latent_bias": (2 * s.latent,),
            "start": (2 * s.layers * s.width, s.latent),
            "start_bias": (2 * s.layers * s.width,),
            "layer.0.latent": (4 * s.width, s.latent),
            "output": (inputs.symbols, s.width),
            "output_bias": (inputs.symbols,),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: VaeSettings, seed: int) -> Vae:
        """Return a network with random weights, the forget gates half open.

        What is drawn for z begins close to its mean, so that there is something to learn from it.
        """
        weights: Weights = _sizes.drawn(np.random.default_rng(seed), cls.shapes(inputs, settings))
        for name, weight in weights.items():
            if name.endswith(".input_bias"):
                weight[settings.width : 2 * settings.width] += 1.0
        weights["latent_bias"][settings.latent :] = FIRST_LOG_VARIANCE
        return cls(inputs, settings, weights)

    @classmethod
    def half(cls, settings: VaeSettings) -> frozenset[str]:
        """Return the weights of the LSTMs; see `Model.half`."""
        names = ["encoder.ahead", "encoder.back", *(f"layer.{i}" for i in range(settings.layers))]
        return frozenset({n for name in names for n in _lstm(name, 1, 1)} | {"layer.0.latent"})

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) of whole pieces with z = 0; see `Model.forward`."""
        from nokturn.models import _variational as net

        phrase = min(self.settings.phrase, ids.shape[1])
        parts = net.cut(ids, phrase)
        z = weights["start"].new_zeros((len(parts), self.settings.latent))
        logits = self._say(weights, z, parts, net.cut(channels, phrase), noise)
        return logits.reshape(len(ids), -1, logits.shape[-1])[:, : ids.shape[1]], ()

    def _say(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        ids: torch.Tensor,
        channels: torch.Tensor,
        noise: torch.Generator | None,
    ) -> torch.Tensor:
        from nokturn.models import _variational as net

        s = self.settings
        shares = (s.word_dropout, s.dropout)
        return net.say(weights, z, ids, channels, layers=s.layers, shares=shares, noise=noise)

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
        """Return what whole pieces cost; nats are the upper bound. See `Model.cost`.

        The bound is that of one draw of z for each phrase: true on average.
        """
        import torch

        from nokturn.models import _variational as net

        phrase = min(self.settings.phrase, ids.shape[1])
        parts = net.cut(targets, phrase, IGNORED)
        real = torch.nonzero((parts != IGNORED).any(1))[:, 0]  # not what is all padding
        parts = parts[real]
        count = -(-ids.shape[1] // phrase)
        owner, place = real // count, real % count
        mean, log_variance = net.posterior(weights, parts)
        z = net.draw(mean, log_variance, place, noise)
        read, beside = net.cut(ids, phrase)[real], net.cut(channels, phrase)[real]
        logits = self._say(weights, z, read, beside, noise)
        said = self.cost_of(logits, parts, smoothing=smoothing, balance=balance)
        apart = net.divergence(mean, log_variance)
        loss = said.loss + self._beta(progress) * apart.clamp(min=self._free).sum()
        nats = apart.new_zeros(len(ids)).index_add(0, owner, said.nats + apart.detach())
        return Cost(loss, nats, said.correct, ())

    def _beta(self, progress: float) -> float:
        s = self.settings
        return s.beta * min(1.0, progress / s.warm_up) if s.warm_up else s.beta

    @property
    def _free(self) -> float:
        return self.settings.free_bits * math.log(2)

    def latents(self, symbols: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return mean and deviation (K, Z) of the z of each phrase of a piece; needs torch.

        Parameters
        ----------
        symbols
            (T,), without the boundary before the first; with that after the last, if it ends.
        """
        import torch

        from nokturn.models import _variational as net

        row = torch.from_numpy(np.asarray(symbols, dtype=np.int64))[None]
        weights = {name: torch.from_numpy(array) for name, array in self.weights.items()}
        with torch.no_grad():
            parts = net.cut(row, min(self.settings.phrase, row.shape[1]), IGNORED)
            mean, log_variance = net.posterior(weights, parts)
        return mean.numpy(), (log_variance / 2).exp().numpy()

    def stream(self) -> PhraseStream:
        """Return a stream that has read nothing yet, with z = 0."""
        return self.with_latent(np.zeros(self.settings.latent))

    def begin(self, random: np.random.Generator) -> PhraseStream:
        """Return a stream with a z of its own drawn for each phrase.

        Each z is a draw from the standard normal, and those after the first are kin to it: a piece
        whose phrases are drawn apart begins anew at each, in another key.
        """
        seed = int(random.integers(2**63))

        def drawn(number: int) -> Floats:
            own = np.random.default_rng([seed, number]).standard_normal(self.settings.latent)
            first = drawn(0) if number else own
            z = KIN * first + (1 - KIN**2) ** 0.5 * own if number else own
            return z.astype(np.float32)

        return PhraseStream(self._decoder, drawn)

    def with_latent(self, z: NDArray[np.floating]) -> PhraseStream:
        """Return a stream that has read nothing yet, with this z (Z,) in every phrase."""
        fixed = z.astype(np.float32)
        return PhraseStream(self._decoder, lambda number: fixed)

    @property
    def _decoder(self) -> Decoder:
        if not hasattr(self, "_made"):
            self._made = Decoder.of(self.weights, self.settings.layers, self.settings.phrase)
        return self._made


def _lstm(name: str, reads: int, width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of an LSTM's weights."""
    return {
        f"{name}.input": (4 * width, reads),
        f"{name}.recurrent": (4 * width, width),
        f"{name}.input_bias": (4 * width,),
        f"{name}.recurrent_bias": (4 * width,),
    }
