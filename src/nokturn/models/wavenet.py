"""WaveNet: gated convolutions over the past, each layer reaching twice as far as the one before.

    Wavenet.untrained(Inputs(90, (64,)), WavenetSettings(width=160, repeats=2), seed=1)

The taps of the layers lie 1, 2, 4 ... symbols apart, and begin anew in every repeat. Each layer
adds to what passes it by and sends a share straight to the output. A stream keeps what the layers
reach back to, so writing a symbol costs one step of each layer, however far the whole network
hears. It trains fast, as nothing waits for the symbol before; its weakness: beyond its reach it has
forgotten everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from nokturn.models import _memory, _sizes
from nokturn.models.base import Inputs, Model, Stream, Weights
from nokturn.settings import Settings

if TYPE_CHECKING:
    import torch

Array = NDArray[np.float32]
SIZES = {"tiny": 48, "small": 96, "medium": 160, "large": 256}
FARTHEST = 65_536  # symbols that one layer may reach back


class WavenetSettings(Settings):
    """Settings of the WaveNet."""

    layers: int = Field(default=6, ge=1, le=16)  # of a repeat: 6 look 1, 2, 4 ... 32 symbols apart
    repeats: int = Field(default=1, ge=1, le=16)
    width: int = Field(default=160, ge=4, le=8192)  # of what passes the layers by
    skip: int = Field(default=256, ge=4, le=8192)  # of what goes straight to the output
    kernel: int = Field(default=3, ge=2, le=16)  # taps of each layer
    normed: bool = True  # what a layer reads is brought to one loudness; false as in the paper
    embedding: int = Field(default=128, ge=1, le=8192)  # numbers for a symbol
    channel_embedding: int = Field(default=16, ge=1, le=1024)  # numbers for each side input
    dropout: float = Field(default=0.1, ge=0, lt=1)  # of what a layer says; one mask a chunk
    input_dropout: float = Field(default=0.0, ge=0, lt=1)  # of whole embeddings

    @model_validator(mode="after")
    def _within_reach(self) -> WavenetSettings:
        if (self.kernel - 1) * 2 ** (self.layers - 1) > FARTHEST:
            raise ValueError(f"the last layer reaches back more than {FARTHEST} symbols")
        return self

    @property
    def dilations(self) -> list[int]:
        """How far apart the taps of each layer are."""
        return [2**i for i in range(self.layers)] * self.repeats


class Wavenet(Model):
    """A WaveNet with its weights."""

    settings_class = WavenetSettings
    settings: WavenetSettings
    source: ClassVar[str] = (
        "van den Oord et al., 'WaveNet', 2016, arXiv:1609.03499; steps with kept states after "
        "Paine et al., 'Fast Wavenet Generation', 2016, arXiv:1611.09482"
    )

    @classmethod
    def sized(cls, size: str | int, characters: int) -> WavenetSettings:
        """Return settings for a size; see `Model.sized`."""
        width = _sizes.width_of(size, characters, SIZES)
        return WavenetSettings(
            width=width,
            skip=width,
            embedding=min(128, width),
            dropout=_sizes.dropout_for(characters),
        )

    @classmethod
    def shapes(cls, inputs: Inputs, settings: WavenetSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s, width = settings, settings.width
        shapes = _sizes.embeddings(inputs, s.embedding, s.channel_embedding)
        shapes["input"] = (width, _sizes.fan_in(inputs, s.embedding, s.channel_embedding))
        last = len(s.dilations) - 1
        for i in range(last + 1):
            if s.normed:
                shapes[f"layer.{i}.norm"] = (width,)
            said = s.skip + (width if i < last else 0)  # nothing passes the last layer by
            shapes[f"layer.{i}.gates"] = (2 * width, s.kernel * width)
            shapes[f"layer.{i}.gates_bias"] = (2 * width,)
            shapes[f"layer.{i}.back"] = (said, width)
            shapes[f"layer.{i}.back_bias"] = (said,)
        shapes["head"] = (s.skip, s.skip)
        shapes["head_bias"] = (s.skip,)
        return shapes | {"output": (inputs.symbols, s.skip), "output_bias": (inputs.symbols,)}

    @classmethod
    def untrained(cls, inputs: Inputs, settings: WavenetSettings, seed: int) -> Wavenet:
        """Return a network with random weights."""
        random = np.random.default_rng(seed)
        shrink = len(settings.dilations) ** -0.5
        return cls(inputs, settings, _sizes.drawn(random, cls.shapes(inputs, settings), shrink))

    @classmethod
    def half(cls, settings: WavenetSettings) -> frozenset[str]:
        """Return the weights of the layers."""
        parts = ("gates", "gates_bias", "back", "back_bias")
        count = len(settings.dilations)
        return frozenset(f"layer.{i}.{part}" for i in range(count) for part in parts)

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) and the state; see `Model.forward`."""
        import torch

        from nokturn.models import _layers

        s = self.settings
        x = _layers.embed(weights, ids, channels, s.input_dropout, noise)
        x = _layers.linear(x, weights["input"])
        skipped = x.new_zeros((*x.shape[:2], s.skip))
        states = []
        for i, dilation in enumerate(s.dilations):
            w = {n: weights[f"layer.{i}.{n}"] for n in ("gates", "gates_bias", "back", "back_bias")}
            read = _layers.normed(x, weights[f"layer.{i}.norm"]) if s.normed else x
            parts, after = _layers.taps(read, state[i] if state else None, s.kernel, dilation)
            states.append(after)
            said = _layers.linear(torch.cat(parts, -1), w["gates"], w["gates_bias"])
            new, gate = said.chunk(2, -1)
            y = _layers.dropout(new.tanh() * gate.sigmoid(), s.dropout, noise)
            y = _layers.linear(y, w["back"], w["back_bias"])
            skipped = skipped + y[..., : s.skip]
            if y.shape[-1] > s.skip:
                x = x + y[..., s.skip :]
        z = _layers.linear(skipped.relu(), weights["head"], weights["head_bias"]).relu()
        return _layers.output(weights, z).transpose(0, 1), tuple(states)

    def stream(self) -> WavenetStream:
        """Return a stream that has read nothing yet; the tables behind it are made once."""
        if not hasattr(self, "_tables"):
            self._tables = Tables.of(self.weights, self.settings)
        return WavenetStream(self._tables)


@dataclass(frozen=True)
class Tables:
    """Weights as a step needs them: gains multiplied in, sigmoids made tanhs for one call of it."""

    settings: WavenetSettings
    symbols: Array
    sides: tuple[Array, ...]
    layers: tuple[tuple[Array, Array, Array, Array], ...]  # gates, back, with their biases
    weights: Weights

    @classmethod
    def of(cls, weights: Weights, settings: WavenetSettings) -> Tables:
        """Make the tables."""
        symbols, sides = _memory.first_vectors(weights)
        scale = np.repeat(np.array([1, 0.5], dtype=np.float32), settings.width)
        layers = []
        for i in range(len(settings.dilations)):
            gates, gates_bias, back, back_bias = (
                weights[f"layer.{i}.{n}"] for n in ("gates", "gates_bias", "back", "back_bias")
            )
            if settings.normed:
                gates = gates * np.tile(weights[f"layer.{i}.norm"], settings.kernel)
            # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: the last half goes into what reads the gates
            layers.append((gates * scale[:, None], gates_bias * scale, back * 0.5, back_bias))
        return cls(settings, symbols, sides, tuple(layers), weights)


class WavenetStream(Stream):
    """A WaveNet that reads symbol after symbol, each layer with what it reaches back to."""

    def __init__(self, tables: Tables, lines: list[_memory.Delay] | None = None) -> None:
        s = tables.settings
        self._tables = tables
        self._lines = lines or [_memory.Delay(s.kernel, d, s.width) for d in s.dilations]

    def copy(self) -> WavenetStream:
        """Return a stream that has read the same and goes its own way from here."""
        return WavenetStream(self._tables, [line.copy() for line in self._lines])

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Array:
        """Read a symbol and its side inputs; return the logits (V,) of what comes next."""
        tables, s = self._tables, self._tables.settings
        x = _memory.read_in(tables.symbols, tables.sides, symbol, channels)
        skipped = np.zeros(s.skip, dtype=np.float32)
        for line, (gates, bias, back, back_bias) in zip(self._lines, tables.layers, strict=True):
            said = gates @ np.concatenate(line.taps(_memory.normed(x) if s.normed else x))
            said += bias
            np.tanh(said, out=said)
            new, gate = said[: s.width], said[s.width :]
            gate += 1
            new *= gate
            y = back @ new
            y += back_bias
            skipped += y[: s.skip]
            if len(y) > s.skip:
                x = x + y[s.skip :]
        weights = tables.weights
        z = weights["head"] @ np.maximum(skipped, 0) + weights["head_bias"]
        logits: Array = weights["output"] @ np.maximum(z, 0)
        logits += weights["output_bias"]
        return logits
