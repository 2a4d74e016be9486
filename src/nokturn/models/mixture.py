"""Mixture: several models with the same symbols, as one.

    log p = sum over parts of weight x log p of the part        (and made to sum to one)

Each weight is one number, fitted on held-out pieces (`workflows.mix`); the classic gain is that of
a network and an n-gram. The parts lie whole in the model's file. Its weakness: the weights are the
same everywhere, where a gate would know when to trust whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn import registry
from nokturn.errors import ModelError, UsageError
from nokturn.models.base import Inputs, Model, Stream
from nokturn.settings import Settings, build

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]


class Part(Settings):
    """One model of a mixture."""

    model: str = Field(max_length=64)
    settings: dict[str, Any] = Field(default_factory=dict)


class MixtureSettings(Settings):
    """Settings of the mixture: what its parts are."""

    parts: list[Part] = Field(default_factory=list, max_length=16)


class Mixture(Model):
    """Several models, weighted."""

    settings_class = MixtureSettings
    settings: MixtureSettings
    whole_pieces: ClassVar[bool] = True

    def __init__(self, inputs: Inputs, settings: Any, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(inputs, settings, weights)
        self.parts = [
            _kind(part)(inputs, _settings(part), _of_part(weights, i))
            for i, part in enumerate(settings.parts)
        ]

    @classmethod
    def of(cls, parts: Sequence[Model], weights: Sequence[float]) -> Mixture:
        """Return the mixture of models with these weights."""
        inputs = parts[0].inputs
        if any(part.inputs != inputs for part in parts):
            raise ModelError("the models do not read the same symbols and side inputs.")
        told = [
            Part(
                model=type(part).__module__.rpartition(".")[2],
                settings=part.settings.model_dump(mode="json"),
            )
            for part in parts
        ]
        arrays = {f"{i}.{n}": a for i, part in enumerate(parts) for n, a in part.weights.items()}
        mix = np.array(weights, dtype=np.float32)
        return cls(inputs, MixtureSettings(parts=told), {**arrays, "mix": mix})

    @classmethod
    def sized(cls, size: str | int, characters: int) -> MixtureSettings:
        """Return a mixture of nothing: its parts are its size."""
        return MixtureSettings()

    @classmethod
    def shapes(cls, inputs: Inputs, settings: MixtureSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight of every part, and of the weights."""
        shapes: dict[str, tuple[int, ...]] = {"mix": (len(settings.parts),)}
        for i, part in enumerate(settings.parts):
            of_part = _kind(part).shapes(inputs, _settings(part))
            shapes |= {f"{i}.{name}": shape for name, shape in of_part.items()}
        return shapes

    @classmethod
    def untrained(cls, inputs: Inputs, settings: MixtureSettings, seed: int) -> Mixture:
        """Return a mixture of nothing, or refuse: a mixture is made of trained models."""
        if settings.parts:
            raise UsageError(
                "A mixture is made of models that are trained already.",
                "nokturn mix NAME MODEL MODEL --on held-out files",
            )
        return cls(inputs, settings, {"mix": np.zeros(0, dtype=np.float32)})

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) of whole pieces; there is no state."""
        import torch

        found = torch.zeros((*ids.shape, self.inputs.symbols), device=ids.device)
        for i, part in enumerate(self.parts):
            logits, _ = part.forward(_of_part(weights, i), ids, channels)
            found = found + weights["mix"][i] * logits.log_softmax(-1)
        return found, ()

    def stream(self) -> MixtureStream:
        """Return a stream that has read nothing yet."""
        return MixtureStream(
            [part.stream() for part in self.parts], self.weights["mix"], self.inputs.symbols
        )


class MixtureStream(Stream):
    """The parts, reading together."""

    def __init__(self, streams: list[Stream], mix: Floats, symbols: int) -> None:
        self.streams, self.mix, self.symbols = streams, mix, symbols

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return the logits (V,) of what comes next."""
        found = np.zeros(self.symbols)
        for stream, weight in zip(self.streams, self.mix.tolist(), strict=True):
            logits = stream.step(symbol, channels).astype(np.float64)
            top = logits.max()
            found += weight * (logits - top - np.log(np.exp(logits - top).sum()))
        return found.astype(np.float32)

    def tire(self, times: int) -> None:
        """Believe no longer in what came so often in the piece; see `Stream.tire`."""
        for stream in self.streams:
            stream.tire(times)

    def copy(self) -> MixtureStream:
        """Return a stream that has read the same and goes its own way from here."""
        return MixtureStream([s.copy() for s in self.streams], self.mix, self.symbols)


def _kind(part: Part) -> type[Model]:
    if part.model == "mixture":
        raise ModelError("a mixture of mixtures is not made.", "Mix their parts.")
    kind: type[Model] = registry.find("models", part.model)
    return kind


def _settings(part: Part) -> Any:
    return build(_kind(part).settings_class, part.settings, "part of a mixture")


def _of_part(weights: Mapping[str, Any], number: int) -> dict[str, Any]:
    prefix = f"{number}."
    return {n.removeprefix(prefix): a for n, a in weights.items() if n.startswith(prefix)}
