"""What `roll` and `hybrid` share: a network over frames as a `Model`, whole pieces at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.errors import ModelError, UsageError, did_you_mean
from nokturn.models import _heard, _keywise
from nokturn.models._frames import Frames, LayoutSettings
from nokturn.models.base import IGNORED, Inputs, Model, Stream, Weights

if TYPE_CHECKING:
    import torch

    from nokturn.models import _frame_net as net

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
GATES = {"lstm": 4, "gru": 3}
SIZES = {"tiny": 64, "small": 128, "medium": 256, "large": 384}


class FrameSettings(LayoutSettings):
    """Settings of a network over frames. The encoding fills in how symbols make frames."""

    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = Field(default=2, ge=1, le=8)
    width: int = Field(default=256, ge=4, le=4096)  # cells a layer, and units of the head
    dropout: float = Field(default=0.4, ge=0, lt=1)  # of what layers and head say
    input_dropout: float = Field(default=0.15, ge=0, lt=1)  # of what they read
    keyed: bool = False  # whether layers and head are told degrees of the scale (ordered)
    window: int = Field(default=0, ge=0, le=100_000)  # frames learned at once; 0 = whole pieces
    keywise: int = Field(
        default=0, ge=0, le=1024
    )  # words of a network that is the same for all keys
    keywise_dropout: float = Field(default=0.1, ge=0, lt=1)  # of these words


class FrameModel(Model):
    """A network that reads frames; the subclass says what is made of them."""

    settings_class = FrameSettings
    settings: FrameSettings
    whole_pieces: ClassVar[bool] = True

    @classmethod
    def sized(cls, size: str | int, characters: int) -> FrameSettings:
        """Return settings for a size; see `Model.sized`."""
        if size == "auto":
            size = "small" if characters < 20_000 else "medium"
        if isinstance(size, str) and size.isdecimal():
            size = int(size)
        if isinstance(size, str) and size not in SIZES:
            raise UsageError(f"There is no size {size!r}.", did_you_mean(size, [*SIZES, "auto"]))
        dropout = 0.4 if characters < 200_000 else 0.2
        width = SIZES[size] if isinstance(size, str) else size
        return cls.settings_class(width=width, dropout=dropout)

    @classmethod
    def shapes(cls, inputs: Inputs, settings: FrameSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        s, layout = settings, settings.layout
        if s.first + s.kinds * s.pitches > inputs.symbols:
            raise ModelError(
                f"{s.kinds} x {s.pitches} pitches from symbol {s.first} on are more than the "
                f"{inputs.symbols} symbols of the encoding.",
                "The layout is the encoding's own; do not set it.",
            )
        if s.keywise and not s.separator:
            raise ModelError(
                "model.keywise is for rolls: in a grid a voice is no key.",
                "Use the encoding piano_roll, or leave it at 0.",
            )
        frames, places = _heard.sizes(layout, inputs.symbols, keyed=s.keyed)
        shapes: dict[str, tuple[int, ...]] = {"read": (s.width, frames), "read_bias": (s.width,)}
        for i in range(s.layers):
            gates = GATES[s.cell] * s.width
            shapes[f"layer.{i}.input"] = (gates, s.width)
            shapes[f"layer.{i}.recurrent"] = (gates, s.width)
            shapes[f"layer.{i}.input_bias"] = (gates,)
            shapes[f"layer.{i}.recurrent_bias"] = (gates,)
        shapes |= _keywise.shapes(layout, s.keywise, s.width) if s.keywise else {}
        return shapes | {
            "head.state": (s.voices * s.width, s.width),
            "head.places": (s.width, places),
            "head.bias": (s.width,),
            "absolute": (inputs.symbols, s.width),
            "absolute_bias": (inputs.symbols,),
            "relative": (s.kinds * _heard.AROUND, s.width),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: FrameSettings, seed: int) -> FrameModel:
        """Return a network with random weights, the forget gates half open."""
        random = np.random.default_rng(seed)
        weights: Weights = {}
        for name, shape in cls.shapes(inputs, settings).items():
            fan = math.prod(shape[1:]) if name.startswith("keywise.") else shape[-1]
            bound = 0.0 if name.endswith("bias") else max(1, fan) ** -0.5
            if name in ("absolute", "relative", "keywise.out"):
                bound /= 10
            weights[name] = random.uniform(-bound, bound, shape).astype(np.float32)
            if settings.cell == "lstm" and name.endswith("input_bias"):
                weights[name][settings.width : 2 * settings.width] += 1
        return cls(inputs, settings, weights)

    @classmethod
    def half(cls, settings: FrameSettings) -> frozenset[str]:
        """Return the weights of the LSTM, of what is read and of all keys; see `Model.half`."""
        if settings.cell != "lstm":
            return frozenset()
        parts = ("input", "recurrent", "input_bias", "recurrent_bias")
        read = {"read", "head.places"}
        layers = {f"layer.{i}.{part}" for i in range(settings.layers) for part in parts}
        keywise = (
            _keywise.shapes(settings.layout, settings.keywise, settings.width)
            if settings.keywise
            else {}
        )
        return frozenset(read | layers | set(keywise))

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) of whole pieces; see `Model.forward`. There is no state."""
        return self._logits(weights, ids, noise, None), ()

    def _logits(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        noise: torch.Generator | None,
        targets: torch.Tensor | None,
    ) -> torch.Tensor:
        found = self._run(weights, ids, self._rows(ids, targets), noise, targets)
        short = ids.shape[1] - found.shape[0]
        if short > 0:  # all rows are padded: nothing is predicted there
            import torch

            found = torch.cat([found, found.new_zeros((short, *found.shape[1:]))])
        return found.transpose(0, 1)

    def _run(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        rows: list[Ints],
        noise: torch.Generator | None,
        targets: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return what the head says of pieces without their padding, time first."""
        from nokturn.models import _frame_net as net

        s = self.settings
        batch = net.Batch.of([self.hear(row) for row in rows], ids.device)
        shares = (s.input_dropout, s.dropout)
        window = 0 if noise is None else s.window
        z = net.run(weights, batch, s.cell, s.layers, shares, noise, window, s.voices)
        return self._head(weights, z, batch, noise, rows, targets)

    def hear(self, symbols: Ints) -> _heard.Heard:
        """Return what is known at each place of a piece, from its symbols, the boundary first."""
        s = self.settings
        return _heard.heard(symbols, s.layout, self.inputs.symbols, keyed=s.keyed)

    def _rows(self, ids: torch.Tensor, targets: torch.Tensor | None) -> list[Ints]:
        """Return the pieces without their padding, which follows the last target."""
        table = ids.cpu().numpy()
        if targets is None:
            return list(table)
        lengths = (targets != IGNORED).sum(1).tolist()
        return [row[: max(1, n)] for row, n in zip(table, lengths, strict=True)]

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
        """Return the logits (T, B, V) that the head's words, and experts' (T, B, E, V), mean."""
        from nokturn.models import _frame_net as net

        assert isinstance(batch, net.Batch)
        found = net.logits(weights, z, batch, self.settings.layout) + batch.barred
        if not self.settings.keywise:
            return found
        return found + self._keywise_logits(weights, z, batch, noise, rows, said)

    def _keywise_logits(
        self,
        weights: Mapping[str, torch.Tensor],
        z: torch.Tensor,
        batch: net.Batch,
        noise: torch.Generator | None,
        rows: Sequence[Ints],
        said: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return what the network that is the same for all keys adds, (T, B, V)."""
        from torch.nn import functional

        from nokturn.models import _keywise_net

        s = self.settings
        pieces = [Frames.of(row, s.layout) for row in rows]
        told = _keywise_net.Told.of(pieces, batch.frame, batch.places[..., : s.pitches])
        keys = None if said is None else said[..., s.first : s.first + s.pitches]
        found = _keywise_net.scores(weights, z, told, keys, s.keywise_dropout, noise).flatten(-2)
        return functional.pad(found, (s.first, self.inputs.symbols - s.first - found.shape[-1]))

    def stream(self) -> Stream:
        """Return a stream that has read nothing yet."""
        return FrameStream(self)

    def place_logits(
        self, z: Floats, here: _heard.Heard, symbols: Ints, said: Floats | None = None
    ) -> Floats:
        """Return the logits (V,) after the last symbol, from the words of head (Z,) and experts."""
        s = self.settings
        found = self._raw_logits(z, here) + (here.allowed[-1] - 1) * 1e4
        if s.keywise:
            keys = None if said is None else said[:, s.first : s.first + s.pitches]
            heard = Frames.of(symbols, s.layout)
            notes = slice(s.first, s.first + s.kinds * s.pitches)
            found[notes] += _keywise.scores_last(self.weights, z, heard, keys).ravel()
        return np.asarray(found, dtype=np.float32)

    def _raw_logits(self, z: Floats, here: _heard.Heard) -> Floats:
        w, s = self.weights, self.settings
        logits = w["absolute"] @ z + w["absolute_bias"]
        around = w["relative"] @ z
        columns = np.arange(s.pitches) - here.shift[-1]
        inside = (columns >= 0) & (columns < _heard.AROUND)
        for kind in range(s.kinds):
            part = around[kind * _heard.AROUND : (kind + 1) * _heard.AROUND]
            start = s.first + kind * s.pitches
            logits[start : start + s.pitches][inside] += part[columns[inside]]
        return np.asarray(logits, dtype=np.float32)


class FrameStream(Stream):
    """A network over frames that reads symbol after symbol, in NumPy.

    What is known at a place is made anew from the piece so far; the layers step once a frame.
    """

    model: FrameModel

    def __init__(self, model: FrameModel) -> None:
        self.model = model
        self.symbols: list[int] = []
        s = model.settings
        rows = 2 if s.cell == "lstm" else 1
        self.memory = [np.zeros((rows, s.width), dtype=np.float32) for _ in range(s.layers)]
        self.said = np.zeros(s.width, dtype=np.float32)
        self.frame = -1  # the frame that the layers have read for

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return the logits (V,) of what comes next."""
        self.symbols.append(symbol)
        model = self.model
        symbols = np.array(self.symbols, dtype=np.int64)
        here = model.hear(symbols)
        self._catch_up(here)
        w, s = model.weights, model.settings
        voice = (len(self.symbols) - 1) % s.voices
        state = w["head.state"][voice * s.width : (voice + 1) * s.width]
        z = state @ self.said + w["head.places"] @ here.places[-1] + w["head.bias"]
        return model.place_logits(gelu(z), here, symbols)

    def follow(self, symbol: int, channels: Sequence[int] = ()) -> None:
        """Read a symbol; the layers step when somebody asks what comes next."""
        self.symbols.append(symbol)

    def _catch_up(self, here: _heard.Heard) -> None:
        """Have the layers read all frames that they have not read yet."""
        for frame in range(self.frame + 1, int(here.frame[-1]) + 1):
            self.said = self._recur(here.frames[frame])
        self.frame = int(here.frame[-1])

    def _recur(self, row: Floats) -> Floats:
        w, s = self.model.weights, self.model.settings
        x = w["read"] @ row + w["read_bias"]
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
        for i in range(s.layers):
            y = _cell(s.cell, w, f"layer.{i}", x, self.memory[i])
            x = x + y if i else y
        return np.asarray(x, dtype=np.float32)

    def copy(self) -> Self:
        """Return a stream that has read the same and goes its own way from here."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.symbols = list(self.symbols)
        twin.memory = [part.copy() for part in self.memory]
        return twin


def _cell(cell: str, w: Weights, layer: str, x: Floats, memory: Floats) -> Floats:
    """Step a layer; ``memory`` is its state and is brought forward."""
    a = w[f"{layer}.input"] @ x + w[f"{layer}.input_bias"]
    b = w[f"{layer}.recurrent"] @ memory[0] + w[f"{layer}.recurrent_bias"]
    if cell == "lstm":
        i, f, g, o = np.split(a + b, 4)
        memory[1] = _sigmoid(f) * memory[1] + _sigmoid(i) * np.tanh(g)
        memory[0] = _sigmoid(o) * np.tanh(memory[1])
    else:
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        update = _sigmoid(az + bz)
        new = np.tanh(an + _sigmoid(ar + br) * bn)
        memory[0] = (1 - update) * new + update * memory[0]
    return np.array(memory[0])


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(np.tanh(x / 2) / 2 + 0.5, dtype=np.float32)


def gelu(x: Floats) -> Floats:
    """Return x times the share of a normal distribution that lies below it, (N,)."""
    from math import erf

    return np.asarray(x * np.array([0.5 + 0.5 * erf(v / 2**0.5) for v in x.tolist()]), np.float32)
