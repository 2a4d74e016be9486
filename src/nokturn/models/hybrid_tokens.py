"""Hybrid over symbols: counting experts beside any network.

    softmax(w0 * network's logits + sum over experts of w_e * log p_e)

What `hybrid` is for frames, for every other encoding: text, chord symbols, events. Counts of what
followed the last symbols, in the corpus and in the piece so far, know what a network needs hours to
learn. The weights w are set at every place by a small gate, which is told how far the experts can
be trusted, how sure the network is, and how sure each of them is.

The corpus lies in the model file as symbols, and the counts are made from it when the model is
used: a hybrid is not to be passed on where its corpus may not be. Its weakness: pieces are read
whole in training, and a long context is found only where every symbol of it agrees.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt

from nokturn import registry
from nokturn.errors import ModelError
from nokturn.models._token_experts import (
    Families,
    Said,
    TokenExperts,
    TokenExpertsStream,
    count_of,
    trust_of,
)
from nokturn.models.base import BOUNDARY_ID, IGNORED, Cost, Inputs, Model, Stream, Weights
from nokturn.settings import Settings, build

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
MOST_KEPT = 2 << 30  # bytes of what experts said
MOST_AT_ONCE = 256 << 20  # bytes of all opinions on one piece; a step takes several times that
NETWORK = "network."
UNITS = 48  # of the gate
START = 1.0  # what the experts together weigh before anything is learned, beside the network's 1


Context = Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)]
Family = Annotated[tuple[Context, ...], Field(min_length=1)]


class HybridTokensSettings(Settings):
    """Settings of the hybrid over symbols."""

    network: str = Field(default="recurrent", max_length=64)  # the model that learns
    settings: dict[str, Any] = Field(default_factory=dict)  # of the network
    order: int = Field(default=24, ge=1, le=64)  # symbols of the longest context
    # More contexts: families from short to long, how many of the last symbols and then the numbers
    # of side inputs; the encoding fills them in.
    contexts: tuple[Family, ...] = ()
    gate_dropout: float = Field(default=0.1, ge=0, lt=1)  # of the experts' weights
    corpus: int = Field(default=0, ge=0)  # symbols that the experts have read; set by training


class HybridTokens(Model):
    """A network over symbols with experts."""

    settings_class = HybridTokensSettings
    settings: HybridTokensSettings
    whole_pieces: ClassVar[bool] = True

    def __init__(self, inputs: Inputs, settings: Any, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(inputs, settings, weights)
        self.network = _kind(settings)(inputs, _inner(settings), _of_network(weights))
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._experts: TokenExperts | None = None
        self._kept: dict[bytes, tuple[NDArray[np.float16], Floats]] = {}
        self._bytes = 0

    @classmethod
    def sized(cls, size: str | int, characters: int) -> HybridTokensSettings:
        """Return settings for a size of the network; see `Model.sized`."""
        inner = registry.find("models", "recurrent").sized(size, characters)
        return HybridTokensSettings(settings=inner.model_dump(mode="json"))

    @classmethod
    def shapes(cls, inputs: Inputs, settings: HybridTokensSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight, and of the corpus."""
        inner = _kind(settings).shapes(inputs, _inner(settings))
        experts = count_of(settings.order, settings.contexts)
        told = trust_of(settings.contexts) + 2 * (experts + 1)
        sides = len(_sides_of(settings.contexts))
        if sides and _sides_of(settings.contexts)[-1] >= len(inputs.channels):
            raise ModelError(
                f"the contexts name side input {_sides_of(settings.contexts)[-1]}, and the "
                f"encoding has {len(inputs.channels)}, counted from 0.",
                "Leave model.contexts out: the encoding says what is good.",
            )
        return {NETWORK + name: shape for name, shape in inner.items()} | {
            "gate": (UNITS, told),
            "gate_bias": (UNITS,),
            "weigh": (experts + 1, UNITS),
            "weigh_bias": (experts + 1,),
            "corpus": (settings.corpus,),
            **({"sides": (settings.corpus, sides)} if sides else {}),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: HybridTokensSettings, seed: int) -> HybridTokens:
        """Return a network with random weights and experts that have read nothing."""
        settings = settings.model_copy(update={"corpus": 0})
        inner = _kind(settings).untrained(inputs, _inner(settings), seed)
        shapes = cls.shapes(inputs, settings)
        bound = shapes["gate"][1] ** -0.5
        random = np.random.default_rng([seed, 1])
        experts = count_of(settings.order, settings.contexts)
        bias = np.full(shapes["weigh_bias"], START / experts, dtype=np.float32)
        bias[0] = 1
        beside = {"sides": np.zeros(shapes["sides"], dtype=np.uint8)} if "sides" in shapes else {}
        return cls(
            inputs,
            settings,
            {NETWORK + name: array for name, array in inner.weights.items()}
            | {
                "gate": random.uniform(-bound, bound, shapes["gate"]).astype(np.float32),
                "gate_bias": np.zeros(UNITS, dtype=np.float32),
                "weigh": np.zeros(shapes["weigh"], dtype=np.float32),
                "weigh_bias": bias,
                "corpus": np.zeros(0, dtype=np.int64),
            }
            | beside,
        )

    @classmethod
    def half(cls, settings: HybridTokensSettings) -> frozenset[str]:
        """Return the network's weights that may be bfloat16; see `Model.half`."""
        return frozenset(NETWORK + name for name in _kind(settings).half(_inner(settings)))

    @classmethod
    def dropped(cls, settings: HybridTokensSettings) -> dict[str, float]:
        """Return the network's weights that are dropped; see `Model.dropped`."""
        dropped = _kind(settings).dropped(_inner(settings))
        return {NETWORK + name: share for name, share in dropped.items()}

    def primed(self, pieces: Iterable[Ints], sides: Iterable[NDArray[np.uint8]] = ()) -> Model:
        """Return the model with experts that have read these pieces; see `Model.primed`."""
        read = [np.asarray(piece[:-1], dtype=np.int64) for piece in pieces]
        longest = max(map(len, read), default=0)
        opinions = count_of(self.settings.order, self.settings.contexts) + 1
        if 4 * longest * opinions * self.inputs.symbols > MOST_AT_ONCE:
            raise ModelError(
                f"a piece of {longest:,} symbols out of {self.inputs.symbols:,} is too much for "
                f"{opinions} opinions at every place.",
                "Take fewer kinds of symbols (encoding.most), shorter pieces, or model.name = "
                '"recurrent".',
            )
        corpus = np.concatenate([np.zeros(0, dtype=np.int64), *read])
        kind = np.uint8 if self.inputs.symbols <= 256 else np.int64
        settings = self.settings.model_copy(update={"corpus": len(corpus)})
        weights = self.weights | {"corpus": corpus.astype(kind)}
        if columns := _sides_of(self.settings.contexts):
            beside = [rows[:, columns].astype(np.uint8) for rows in sides]
            weights["sides"] = np.concatenate([weights["sides"][:0], *beside])
        return type(self)(self.inputs, settings, weights)

    def with_weights(self, weights: Weights) -> Self:
        """Return the same model with other weights; its experts are the same, if the corpus is."""
        twin = super().with_weights(weights)
        if weights["corpus"] is self.weights["corpus"]:
            twin._experts, twin._kept, twin._bytes = self._experts, self._kept, self._bytes
        return twin

    @property
    def experts(self) -> TokenExperts:
        """The experts, made when first asked for."""
        with self._making:
            if self._experts is None:
                corpus = np.append(self.weights["corpus"].astype(np.int64), BOUNDARY_ID)
                cuts = np.flatnonzero(corpus == BOUNDARY_ID)
                pieces = [corpus[a : b + 1] for a, b in itertools.pairwise(cuts)]
                columns = _sides_of(self.settings.contexts)
                place = {column: k for k, column in enumerate(columns)}
                families = [
                    [[last, *map(place.__getitem__, sides)] for last, *sides in family]
                    for family in self.settings.contexts
                ]
                beside = np.split(self.weights["sides"], cuts[1:-1]) if columns else ()
                self._experts = TokenExperts(
                    pieces, self.inputs.symbols, self.settings.order, families, beside
                )
            return self._experts

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) of whole pieces; see `Model.forward`. There is no state."""
        return self._logits(weights, ids, channels, noise, None), ()

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
        logits = self._logits(weights, ids, channels, noise, targets)
        return self.cost_of(logits, targets, (), smoothing=smoothing, balance=balance)

    def _logits(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        noise: torch.Generator | None,
        targets: torch.Tensor | None,
    ) -> torch.Tensor:
        import torch

        inner, _ = self.network.forward(_of_network(weights), ids, channels, None, noise)
        families = self.settings.contexts
        beside = channels[:, :, _sides_of(families)].cpu().numpy()
        rows = _rows(ids, targets, noise is not None)
        said = [self._said(*row, sides) for row, sides in zip(rows, beside, strict=True)]
        experts = count_of(self.settings.order, families)
        log_p = np.zeros((*ids.shape, experts, self.inputs.symbols), dtype=np.float32)
        trust = np.zeros((*ids.shape, trust_of(families)), dtype=np.float32)
        for i, (p, sure) in enumerate(said):
            log_p[i, : len(p)], trust[i, : len(p)] = p, sure
        told = torch.from_numpy(log_p).to(ids.device)
        everybody = torch.cat([inner.log_softmax(-1)[:, :, None], told], 2)
        weigh = self._gate(weights, everybody.detach(), torch.from_numpy(trust).to(ids.device))
        share = self.settings.gate_dropout
        if noise is not None and share:
            keep = torch.rand(weigh[..., 1:].shape, generator=noise, device=ids.device) >= share
            weigh = torch.cat([weigh[..., :1], weigh[..., 1:] * keep / (1 - share)], -1)
        return torch.einsum("bte,btev->btv", weigh, everybody)

    @staticmethod
    def _gate(
        weights: Mapping[str, torch.Tensor], log_p: torch.Tensor, trust: torch.Tensor
    ) -> torch.Tensor:
        """Return how much each opinion (B, T, E + 1, V) weighs."""
        import torch
        from torch.nn import functional

        told = torch.cat([trust, log_p.amax(-1), _entropy(log_p)], -1)
        units = functional.linear(told, weights["gate"], weights["gate_bias"]).tanh()
        return functional.linear(units, weights["weigh"], weights["weigh_bias"])

    def _said(self, fed: Ints, own: Ints | None, sides: Ints) -> Said:
        """Return what the experts say of a piece, which is kept for the next epoch."""
        sides = sides[: len(fed)]
        key = bytes([own is None]) + fed.tobytes() + sides.tobytes()
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            said = self.experts.predict(fed, own, sides)
            kept = said.log_p.astype(np.float16), said.trust
            with self._lock:
                if self._bytes < MOST_KEPT:
                    self._kept[key] = kept
                    self._bytes += kept[0].nbytes
        return Said(kept[0].astype(np.float32), kept[1])

    def stream(self) -> Stream:
        """Return a stream that has read nothing yet."""
        return HybridStream(self, self.network.stream(), TokenExpertsStream(self.experts))


class HybridStream(Stream):
    """A network and experts, reading together."""

    def __init__(self, model: HybridTokens, network: Stream, experts: TokenExpertsStream) -> None:
        self._model, self._network, self._experts = model, network, experts

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return the logits (V,) of what comes next."""
        logits = self._network.step(symbol, channels)
        top = logits.max()
        own = logits - (top + np.log(np.exp(logits - top).sum()))
        sides = [channels[k] for k in _sides_of(self._model.settings.contexts)]
        said, trust = self._experts.step(symbol, sides)
        log_p = said.astype(np.float16).astype(np.float32)  # as it is kept in training
        everybody = np.concatenate([own[None], log_p])
        entropy = -(np.exp(everybody) * everybody).sum(-1)
        w = self._model.weights
        told = np.concatenate([trust, everybody.max(-1), entropy])
        weigh = w["weigh"] @ np.tanh(w["gate"] @ told + w["gate_bias"]) + w["weigh_bias"]
        return np.asarray(weigh @ everybody, dtype=np.float32)

    def tire(self, times: int) -> None:
        """Believe no longer in what came so often in the piece; see `Stream.tire`."""
        self._network.tire(times)
        self._experts.tired_after = times

    def copy(self) -> HybridStream:
        """Return a stream that has read the same and goes its own way from here."""
        return HybridStream(self._model, self._network.copy(), self._experts.copy())


def _entropy(log_p: torch.Tensor) -> torch.Tensor:
    return -(log_p.exp() * log_p).sum(-1)


def _sides_of(contexts: Families) -> list[int]:
    """Return the numbers of the side inputs that contexts name, each once."""
    return sorted({side for family in contexts for _, *sides in family for side in sides})


def _rows(
    ids: torch.Tensor, targets: torch.Tensor | None, training: bool
) -> list[tuple[Ints, Ints | None]]:
    """Return the pieces without their padding, and in training what follows each symbol."""
    table = ids.cpu().numpy()
    if targets is None:
        return [(row, None) for row in table]
    after = targets.cpu().numpy()
    lengths = np.maximum(1, (after != IGNORED).sum(1)).tolist()
    return [
        (row[:n], own[:n] if training else None)
        for row, own, n in zip(table, after, lengths, strict=True)
    ]


def _kind(settings: HybridTokensSettings) -> type[Model]:
    kind: type[Model] = registry.find("models", settings.network)
    if kind.whole_pieces:
        raise ModelError(
            f"a hybrid over symbols is not made of {settings.network}.",
            "Take recurrent, transformer, wavenet or convolutional.",
        )
    return kind


def _inner(settings: HybridTokensSettings) -> Any:
    return build(_kind(settings).settings_class, settings.settings, "the hybrid's network")


def _of_network(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {n.removeprefix(NETWORK): a for n, a in weights.items() if n.startswith(NETWORK)}
