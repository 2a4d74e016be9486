"""Convolutional network: convolution and max-pooling in turn, over the past only.

    Convolutional.untrained(Inputs(90, (64,)), ConvolutionalSettings(width=192), seed=1)

Pooling commonly throws away all but every second place. Here every place keeps its own: the pool
looks at the last places, and what stands above it takes its taps that much farther apart, so each
symbol is predicted from what a pooled network would see that ended right there. Of what was within
a pool only the strongest remains, not where it was: that suits "is there a run in this bar?" and is
its weakness in saying what exactly comes next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
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
SIZES = {"tiny": 64, "small": 128, "medium": 224, "large": 384}
FARTHEST = 65_536  # symbols that one layer may reach back


class ConvolutionalSettings(Settings):
    """Settings of the convolutional network."""

    layers: int = Field(default=6, ge=1, le=16)
    width: int = Field(default=224, ge=4, le=8192)
    kernel: int = Field(default=3, ge=2, le=64)  # taps of each convolution
    pool: int = Field(default=2, ge=1, le=16)  # places of each pool; 1 = no pooling
    residual: bool = True  # layers add to what they read, brought to one loudness before
    embedding: int = Field(default=128, ge=1, le=8192)  # numbers for a symbol
    channel_embedding: int = Field(default=16, ge=1, le=1024)  # numbers for each side input
    dropout: float = Field(default=0.1, ge=0, lt=1)  # of what a layer says; one mask a chunk
    input_dropout: float = Field(default=0.0, ge=0, lt=1)  # of whole embeddings

    @model_validator(mode="after")
    def _within_reach(self) -> ConvolutionalSettings:
        if (max(self.kernel, self.pool) - 1) * self.pool ** (self.layers - 1) > FARTHEST:
            raise ValueError(f"the last layer reaches back more than {FARTHEST} symbols")
        return self

    @property
    def dilations(self) -> list[int]:
        """How far apart the taps of each layer are."""
        return [self.pool**i for i in range(self.layers)]


class Convolutional(Model):
    """A convolutional network with its weights."""

    settings_class = ConvolutionalSettings
    settings: ConvolutionalSettings
    source: ClassVar[str] = (
        "the convolutional network among Antic's; causal, with pools that keep every place "
        "(Yu and Koltun 2016, arXiv:1511.07122), and residual where wished"
    )

    @classmethod
    def sized(cls, size: str | int, characters: int) -> ConvolutionalSettings:
        """Return settings for a size; see `Model.sized`."""
        width = _sizes.width_of(size, characters, SIZES)
        return ConvolutionalSettings(
            width=width, embedding=min(128, width), dropout=_sizes.dropout_for(characters)
        )

    @classmethod
    def shapes(cls, inputs: Inputs, settings: ConvolutionalSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s = settings
        shapes = _sizes.embeddings(inputs, s.embedding, s.channel_embedding)
        shapes["input"] = (s.width, _sizes.fan_in(inputs, s.embedding, s.channel_embedding))
        for i in range(s.layers):
            if s.residual:
                shapes[f"layer.{i}.norm"] = (s.width,)
            shapes[f"layer.{i}.taps"] = (s.width, s.kernel * s.width)
            shapes[f"layer.{i}.bias"] = (s.width,)
        if s.residual:
            shapes["norm"] = (s.width,)
        return shapes | {"output": (inputs.symbols, s.width), "output_bias": (inputs.symbols,)}

    @classmethod
    def untrained(cls, inputs: Inputs, settings: ConvolutionalSettings, seed: int) -> Convolutional:
        """Return a network with random weights."""
        random = np.random.default_rng(seed)
        return cls(inputs, settings, _sizes.drawn(random, cls.shapes(inputs, settings)))

    @classmethod
    def half(cls, settings: ConvolutionalSettings) -> frozenset[str]:
        """Return the weights of the convolutions."""
        return frozenset(f"layer.{i}.{p}" for i in range(settings.layers) for p in ("taps", "bias"))

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
        before = iter(state or ())
        x = _layers.embed(weights, ids, channels, s.input_dropout, noise)
        x = _layers.linear(x, weights["input"])
        states = []
        for i, dilation in enumerate(s.dilations):
            read = _layers.normed(x, weights[f"layer.{i}.norm"]) if s.residual else x
            parts, after = _layers.taps(read, next(before, None), s.kernel, dilation)
            states.append(after)
            taps, bias = weights[f"layer.{i}.taps"], weights[f"layer.{i}.bias"]
            y = _layers.linear(torch.cat(parts, -1), taps, bias).relu()
            if s.pool > 1:  # what is pooled is never negative, so silence before changes nothing
                parts, after = _layers.taps(y, next(before, None), s.pool, dilation)
                states.append(after)
                y = reduce(torch.maximum, parts)
            y = _layers.dropout(y, s.dropout, noise)
            x = x + y if s.residual else y
        if s.residual:
            x = _layers.normed(x, weights["norm"])
        return _layers.output(weights, x).transpose(0, 1), tuple(states)

    def stream(self) -> ConvolutionalStream:
        """Return a stream that has read nothing yet; the tables behind it are made once."""
        if not hasattr(self, "_tables"):
            self._tables = Tables.of(self.weights, self.settings)
        return ConvolutionalStream(self._tables)


@dataclass(frozen=True)
class Tables:
    """Weights as a step needs them: gains multiplied into the matrices that read."""

    settings: ConvolutionalSettings
    symbols: Array
    sides: tuple[Array, ...]
    layers: tuple[tuple[Array, Array], ...]  # taps, bias
    output: Array
    output_bias: Array

    @classmethod
    def of(cls, weights: Weights, settings: ConvolutionalSettings) -> Tables:
        """Make the tables."""
        symbols, sides = _memory.first_vectors(weights)
        layers = []
        for i in range(settings.layers):
            taps = weights[f"layer.{i}.taps"]
            if settings.residual:
                taps = taps * np.tile(weights[f"layer.{i}.norm"], settings.kernel)
            layers.append((taps, weights[f"layer.{i}.bias"]))
        gain = weights["norm"] if settings.residual else np.float32(1)
        output = weights["output"] * gain
        return cls(settings, symbols, sides, tuple(layers), output, weights["output_bias"])


class ConvolutionalStream(Stream):
    """A convolutional network that reads symbol after symbol, with what it reaches back to."""

    def __init__(self, tables: Tables, lines: list[list[_memory.Delay]] | None = None) -> None:
        s = tables.settings
        kernels = [s.kernel, s.pool] if s.pool > 1 else [s.kernel]
        self._tables = tables
        self._lines = lines or [
            [_memory.Delay(kernel, d, s.width) for kernel in kernels] for d in s.dilations
        ]

    def copy(self) -> ConvolutionalStream:
        """Return a stream that has read the same and goes its own way from here."""
        lines = [[line.copy() for line in pair] for pair in self._lines]
        return ConvolutionalStream(self._tables, lines)

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Array:
        """Read a symbol and its side inputs; return the logits (V,) of what comes next."""
        tables, residual = self._tables, self._tables.settings.residual
        x = _memory.read_in(tables.symbols, tables.sides, symbol, channels)
        for (read, *pooled), (taps, bias) in zip(self._lines, tables.layers, strict=True):
            y = taps @ np.concatenate(read.taps(_memory.normed(x) if residual else x))
            y += bias
            np.maximum(y, 0, out=y)
            for line in pooled:
                y = reduce(np.maximum, line.taps(y))
            x = x + y if residual else y
        logits: Array = tables.output @ (_memory.normed(x) if residual else x)
        logits += tables.output_bias
        return logits
