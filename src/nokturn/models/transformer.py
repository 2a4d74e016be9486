"""Transformer: every symbol looks back on those before it and takes what it needs.

    Transformer.untrained(Inputs(90, (64,)), TransformerSettings(width=128), seed=1)

A decoder with the norm before each part, rotary places and a window: attention reaches back
``memory`` symbols in every layer, so layers times that in all. What is carried from chunk to chunk
is the keys and values of the window, and a piece cut into chunks gives what it gives uncut. It
copies a phrase of a page ago more faithfully than a recurrent network; its weakness is small
corpora and short trainings, where it learns more slowly, and that a step costs more the larger the
window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
SIZES = {"tiny": 64, "small": 96, "medium": 128, "large": 256}
HEAD = 32  # numbers a head at the sizes named


class TransformerSettings(Settings):
    """Settings of the transformer."""

    layers: int = Field(default=4, ge=1, le=64)
    width: int = Field(default=128, ge=4, le=8192)
    heads: int = Field(default=4, ge=1, le=256)
    memory: int = Field(default=256, ge=2, le=65_536)  # symbols that attention reaches back
    shift: bool = True  # half of what each part reads is that of the symbol before
    inner: int = Field(default=4, ge=1, le=16)  # width of the inner layers, in widths
    embedding: int = Field(default=128, ge=1, le=8192)  # numbers for a symbol
    channel_embedding: int = Field(default=16, ge=1, le=1024)  # numbers for each side input
    tied: bool = False  # the output reuses the symbol embedding
    dropout: float = Field(default=0.1, ge=0, lt=1)  # of what each part adds; one mask a chunk
    input_dropout: float = Field(default=0.0, ge=0, lt=1)  # of whole embeddings

    @model_validator(mode="after")
    def _heads_fit(self) -> TransformerSettings:
        if self.width % (2 * self.heads):
            raise ValueError(f"a width of {self.width} is no even number for {self.heads} heads")
        return self


class Transformer(Model):
    """A transformer with its weights."""

    settings_class = TransformerSettings
    settings: TransformerSettings
    source: ClassVar[str] = (
        "Vaswani et al., 'Attention Is All You Need', 2017, arXiv:1706.03762; rotary places from "
        "Su et al. 2021; here with a window, the norm first and squared ReLU"
    )

    @classmethod
    def sized(cls, size: str | int, characters: int) -> TransformerSettings:
        """Return settings for a size; see `Model.sized`."""
        width = _sizes.width_of(size, characters, SIZES)
        heads = max(h for h in range(1, max(2, width // HEAD + 1)) if width % (2 * h) == 0)
        return TransformerSettings(
            width=width,
            heads=heads,
            embedding=min(128, width),
            dropout=_sizes.dropout_for(characters),
        )

    @classmethod
    def shapes(cls, inputs: Inputs, settings: TransformerSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s, width = settings, settings.width
        shapes = _sizes.embeddings(inputs, s.embedding, s.channel_embedding)
        shapes["input"] = (width, _sizes.fan_in(inputs, s.embedding, s.channel_embedding))
        for i in range(s.layers):
            shapes[f"layer.{i}.attention.norm"] = (width,)
            shapes[f"layer.{i}.attention.asks"] = (3 * width, width)
            shapes[f"layer.{i}.attention.back"] = (width, width)
            shapes[f"layer.{i}.inner.norm"] = (width,)
            shapes[f"layer.{i}.inner.up"] = (s.inner * width, width)
            shapes[f"layer.{i}.inner.back"] = (width, s.inner * width)
        shapes["norm"] = (width,)
        if s.tied:
            shapes["project"] = (s.embedding, width)
        else:
            shapes["output"] = (inputs.symbols, width)
        return shapes | {"output_bias": (inputs.symbols,)}

    @classmethod
    def untrained(cls, inputs: Inputs, settings: TransformerSettings, seed: int) -> Transformer:
        """Return a network with random weights."""
        random = np.random.default_rng(seed)
        shrink = (2 * settings.layers) ** -0.5
        weights = _sizes.drawn(random, cls.shapes(inputs, settings), shrink)
        return cls(inputs, settings, weights)

    @classmethod
    def half(cls, settings: TransformerSettings) -> frozenset[str]:
        """Return the matrices of the layers."""
        parts = ("attention.asks", "attention.back", "inner.up", "inner.back")
        return frozenset(f"layer.{i}.{part}" for i in range(settings.layers) for part in parts)

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
        states = []
        before = iter(state or ())
        for i in range(s.layers):
            w = {n: weights[f"layer.{i}.{n}"] for n in PARTS}
            y, after = self._read(_layers.normed(x, w["attention.norm"]), before)
            states += after
            y = _layers.linear(y, w["attention.asks"])
            query, keys_and_values = torch.split(y, [s.width, 2 * s.width], -1)
            y, told = _layers.attend(
                query,
                keys_and_values,
                next(before, None),
                heads=s.heads,
                memory=s.memory,
            )
            states.append(told)
            x = x + _layers.dropout(_layers.linear(y, w["attention.back"]), s.dropout, noise)
            y, after = self._read(_layers.normed(x, w["inner.norm"]), before)
            states += after
            y = _layers.linear(y, w["inner.up"])
            y = _layers.linear(y.relu().square(), w["inner.back"])
            x = x + _layers.dropout(y, s.dropout, noise)
        x = _layers.normed(x, weights["norm"])
        return _layers.output(weights, x).transpose(0, 1), tuple(states)

    def _read(
        self, x: torch.Tensor, before: Iterator[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Put half of the symbol before into each symbol; return that and what is carried on."""
        import torch

        from nokturn.models import _layers

        if not self.settings.shift:
            return x, []
        (shifted, _), after = _layers.taps(x, next(before, None), 2, 1)
        half = x.shape[-1] // 2
        return torch.cat([shifted[..., :half], x[..., half:]], -1), [after]

    def stream(self) -> TransformerStream:
        """Return a stream that has read nothing yet; the tables behind it are made once."""
        if not hasattr(self, "_tables"):
            self._tables = Tables.of(self.weights, self.settings)
        return TransformerStream(self._tables)


PARTS = (
    "attention.norm",
    "attention.asks",
    "attention.back",
    "inner.norm",
    "inner.up",
    "inner.back",
)


@dataclass(frozen=True)
class Tables:
    """Weights as a step needs them: gains multiplied into matrices, queries scaled."""

    settings: TransformerSettings
    symbols: Array
    sides: tuple[Array, ...]
    layers: tuple[tuple[Array, Array, Array, Array], ...]  # asks, back, up, back
    output: Array
    output_bias: Array

    @classmethod
    def of(cls, weights: Weights, settings: TransformerSettings) -> Tables:
        """Make the tables."""
        symbols, sides = _memory.first_vectors(weights)
        layers = []
        for i in range(settings.layers):
            w = {n: weights[f"layer.{i}.{n}"] for n in PARTS}
            asks = w["attention.asks"] * w["attention.norm"]
            asks[: settings.width] *= (settings.width // settings.heads) ** -0.5
            up = w["inner.up"] * w["inner.norm"]
            layers.append((asks, w["attention.back"], up, w["inner.back"]))
        output = _memory.output_of(weights) * weights["norm"]
        return cls(settings, symbols, sides, tuple(layers), output, weights["output_bias"])


class TransformerStream(Stream):
    """A transformer that reads symbol after symbol, with its keys and values kept."""

    def __init__(
        self, tables: Tables, cache: _memory.Cache | None = None, before: Array | None = None
    ) -> None:
        s = tables.settings
        self._tables = tables
        self._cache = cache or _memory.Cache(s.layers, s.heads, s.width // s.heads, s.memory)
        empty = np.zeros((2 * s.layers, s.width // 2 if s.shift else 0), dtype=np.float32)
        self._before = empty if before is None else before  # what each part read last

    def copy(self) -> TransformerStream:
        """Return a stream that has read the same and goes its own way from here."""
        return TransformerStream(self._tables, self._cache.copy(), self._before.copy())

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Array:
        """Read a symbol and its side inputs; return the logits (V,) of what comes next."""
        tables, cache, width = self._tables, self._cache, self._tables.settings.width
        x = _memory.read_in(tables.symbols, tables.sides, symbol, channels)
        cache.begin()
        for i, (asks, attended, up, back) in enumerate(tables.layers):
            asked = asks @ self._read(2 * i, x)
            query, key, value = asked[:width], asked[width : 2 * width], asked[2 * width :]
            x += attended @ cache.attend(i, query, key, value)
            inner = up @ self._read(2 * i + 1, x)
            np.maximum(inner, 0, out=inner)
            inner *= inner
            x += back @ inner
        logits: Array = tables.output @ _memory.normed(x)
        logits += tables.output_bias
        return logits

    def _read(self, part: int, x: Array) -> Array:
        """Return what a part reads, and remember half of it for the next symbol."""
        read = _memory.normed(x)
        half = self._before.shape[1]
        kept = read[:half].copy()
        read[:half] = self._before[part]
        self._before[part] = kept
        return read
