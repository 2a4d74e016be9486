"""Recurrent network: plain RNN, LSTM or GRU cells in layers, read symbol by symbol.

    Recurrent.untrained(Inputs(90, (64,)), RecurrentSettings(width=512), seed=1)

The symbol's embedding stands beside one small embedding of each side input; layers after the first
may be residual. The state is carried as long as the piece lasts, so writing costs the same at
the end as at the beginning. Its weakness: what was said a page ago must fit into the state, unless
``attention`` lets the last layer look back on what it said of the last symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from nokturn.models import _sizes
from nokturn.models._stream import Attention, GatedStream, RecurrentTables
from nokturn.models.base import Inputs, Model, Weights
from nokturn.settings import Settings

if TYPE_CHECKING:
    import torch

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
HEADS = 4  # of the attention
SIZES = {"tiny": 96, "small": 256, "medium": 512, "large": 704}


class RecurrentSettings(Settings):
    """Settings of the recurrent network."""

    cell: Literal["rnn", "lstm", "gru"] = "lstm"
    layers: int = Field(default=1, ge=1, le=16)
    width: int = Field(default=512, ge=4, le=8192)  # cells a layer
    embedding: int = Field(default=128, ge=1, le=8192)  # numbers for a symbol
    channel_embedding: int = Field(default=16, ge=1, le=1024)  # numbers for each side input
    residual: bool = True  # layers after the first add to what they read
    tied: bool = False  # the output reuses the symbol embedding
    dropout: float = Field(default=0.1, ge=0, lt=1)  # of what a layer hands on; one mask a chunk
    input_dropout: float = Field(default=0.0, ge=0, lt=1)  # of whole embeddings
    weight_drop: float = Field(default=0.25, ge=0, lt=1)  # of the recurrent weights
    attention: bool = False  # look back on what the last layer said
    attention_memory: int = Field(default=256, ge=2, le=65_536)  # symbols that it reaches back
    attention_width: int = Field(default=128, ge=8, le=8192, multiple_of=8)  # of its four heads


class Recurrent(Model):
    """A recurrent network with its weights."""

    settings_class = RecurrentSettings
    settings: RecurrentSettings
    excerpts: ClassVar[bool] = True

    @classmethod
    def sized(cls, size: str | int, characters: int) -> RecurrentSettings:
        """Return settings for a size; see `Model.sized`."""
        width = _sizes.width_of(size, characters, SIZES)
        dropout = _sizes.dropout_for(characters)
        return RecurrentSettings(width=width, embedding=min(128, width), dropout=dropout)

    @classmethod
    def shapes(cls, inputs: Inputs, settings: RecurrentSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s = settings
        gates = GATES[s.cell] * s.width
        shapes = _sizes.embeddings(inputs, s.embedding, s.channel_embedding)
        fan_in = _sizes.fan_in(inputs, s.embedding, s.channel_embedding)
        for i in range(s.layers):
            shapes[f"layer.{i}.input"] = (gates, s.width if i else fan_in)
            shapes[f"layer.{i}.recurrent"] = (gates, s.width)
            shapes[f"layer.{i}.input_bias"] = (gates,)
            shapes[f"layer.{i}.recurrent_bias"] = (gates,)
        if s.attention:
            shapes["attention.asks"] = (3 * s.attention_width, s.width)
            shapes["attention.back"] = (s.width, s.attention_width)
        if s.tied:
            shapes["project"] = (s.embedding, s.width)
        else:
            shapes["output"] = (inputs.symbols, s.width)
        return shapes | {"output_bias": (inputs.symbols,)}

    @classmethod
    def untrained(cls, inputs: Inputs, settings: RecurrentSettings, seed: int) -> Recurrent:
        """Return a network with random weights.

        Uniform in +-1/sqrt(width) as torch has it; an LSTM starts with its forget gates half open.
        """
        random = np.random.default_rng(seed)
        bound = settings.width**-0.5
        weights: Weights = {}
        for name, shape in cls.shapes(inputs, settings).items():
            if name == "embedding" or name.startswith("channel"):
                weights[name] = _sizes.uniform(random, 0.1, shape)
            elif name in ("output_bias", "attention.back"):  # it begins without looking back
                weights[name] = np.zeros(shape, dtype=np.float32)
            else:
                weights[name] = _sizes.uniform(random, bound, shape)
            if settings.cell == "lstm" and name.endswith("input_bias"):
                weights[name][settings.width : 2 * settings.width] += 1.0
        return cls(inputs, settings, weights)

    @classmethod
    def half(cls, settings: RecurrentSettings) -> frozenset[str]:
        """Return the weights of the LSTM, the only cell with a fast bfloat16 path on CPUs, and
        those of the output, which is most of the work where there are many symbols.
        """
        if settings.cell != "lstm":
            return frozenset()
        parts = ("input", "recurrent", "input_bias", "recurrent_bias")
        looks = ("attention.asks", "attention.back") if settings.attention else ()
        output = () if settings.tied else ("output", "output_bias")
        cells = (f"layer.{i}.{part}" for i in range(settings.layers) for part in parts)
        return frozenset((*looks, *output, *cells))

    @classmethod
    def dropped(cls, settings: RecurrentSettings) -> dict[str, float]:
        """Return the recurrent weights, which weight-drop drops."""
        if not settings.weight_drop:
            return {}
        return {f"layer.{i}.recurrent": settings.weight_drop for i in range(settings.layers)}

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) and the state; see `Model.forward`."""
        from nokturn.models import _layers

        s = self.settings
        x = _layers.embed(weights, ids, channels, s.input_dropout, noise)
        states: list[torch.Tensor] = []
        per_layer = 2 if s.cell == "lstm" else 1
        for i in range(s.layers):
            before = state[i * per_layer : (i + 1) * per_layer] if state is not None else None
            y, after = _layers.recur(s.cell, weights, f"layer.{i}", x, before)
            states += after
            y = _layers.dropout(y, s.dropout, noise)
            x = x + y if s.residual and i else y
        if s.attention:
            told = state[-1] if state is not None else None
            x, told = self._look_back(weights, x, told, noise)
            states.append(told)
        return _layers.output(weights, x).transpose(0, 1), tuple(states)

    def _look_back(
        self,
        weights: Mapping[str, torch.Tensor],
        x: torch.Tensor,
        before: torch.Tensor | None,
        noise: torch.Generator | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add to each symbol what it takes from those before it; return that and the memory."""
        import torch

        from nokturn.models import _layers

        s = self.settings
        asked = _layers.linear(x, weights["attention.asks"])
        query, told = torch.split(asked, [s.attention_width, 2 * s.attention_width], -1)
        taken, after = _layers.attend(query, told, before, heads=HEADS, memory=s.attention_memory)
        y = _layers.linear(taken, weights["attention.back"])
        return x + _layers.dropout(y, s.dropout, noise), after

    def stream(self) -> GatedStream:
        """Return a stream that has read nothing yet; the tables behind it are made once."""
        if not hasattr(self, "_tables"):
            s = self.settings
            look = Attention.of(self.weights, HEADS, s.attention_memory) if s.attention else None
            self._tables = RecurrentTables.of(self.weights, s.cell, s.layers, s.residual, look)
        return GatedStream(self._tables)
