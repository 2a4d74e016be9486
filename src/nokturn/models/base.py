"""What every model keeps: symbols and side inputs in, logits out, in two ways that agree.

    model = find("models", "recurrent").untrained(Inputs(90, (64,)), settings, seed=1)
    model.forward(weights, ids, channels)          torch, whole batches: training and likelihoods
    model.stream().step(0, (3,))                   NumPy, symbol by symbol: writing music

A model is its settings and its weights; the weights are plain NumPy arrays with the names and
shapes that `Model.shapes` promises, so that a model file can be checked before anything is made of
it. A module of a model must not import torch before `Model.forward` is called: writing music does
without it, which saves two seconds and 250 MB. To add a model, write one module with one class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from nokturn import registry
from nokturn.errors import ModelError
from nokturn.settings import Settings

if TYPE_CHECKING:
    import torch

Weights = dict[str, NDArray[np.float32]]
BOUNDARY_ID = 0  # the symbol before and after every piece
IGNORED = -100  # the target where there is nothing to predict


@dataclass(frozen=True)
class Inputs:
    """What a model reads and writes.

    Parameters
    ----------
    symbols
        Size V of the vocabulary; symbol 0 is the boundary, fed first and predicted last.
    channels
        Number of values of each side input (bar clock ...); value 0 means unknown.
    """

    symbols: int
    channels: tuple[int, ...] = ()


class Cost(NamedTuple):
    """What the predictions of a chunk of several pieces cost."""

    loss: torch.Tensor  # (), what training makes small, summed over the symbols
    nats: torch.Tensor  # (B,), the cost of each piece's symbols, without smoothing or weights
    correct: torch.Tensor  # (), how many symbols were the first guess
    state: tuple[torch.Tensor, ...]  # after the last symbol


class Stream(ABC):
    """A model that reads one symbol after another, with the state carried along."""

    @abstractmethod
    def step(self, symbol: int, channels: Sequence[int] = ()) -> NDArray[np.float32]:
        """Read a symbol and its side inputs; return the logits (V,) of what comes next."""

    def follow(self, symbol: int, channels: Sequence[int] = ()) -> None:
        """Read a symbol where nobody asks what comes next, which may be faster than `step`."""
        self.step(symbol, channels)

    def tire(self, times: int) -> None:  # noqa: B027
        """Believe no longer in what came so often in the piece: for writing.

        A model that counts what came earlier hears itself when it writes, and would say the same
        for ever. Most models do not count, and nothing changes.
        """

    @abstractmethod
    def copy(self) -> Stream:
        """Return a stream that has read the same and goes its own way from here."""


class Model(registry.Component):
    """Settings and weights of one network.

    Parameters
    ----------
    inputs
        What it reads and writes.
    settings
        Of the class that `settings_class` names.
    weights
        Arrays with the names and shapes of `shapes`.

    Raises
    ------
    ModelError
        The weights are not those that the settings ask for.
    """

    settings_class: ClassVar[type[Settings]]
    whole_pieces: ClassVar[bool] = False  # must be given pieces uncut, the state carries nothing
    bounded: ClassVar[bool] = False  # the nats that `cost` tells are an upper bound
    excerpts: ClassVar[bool] = False  # may learn from excerpts: needs nothing from before them
    baseline: ClassVar[bool] = False  # a bar to clear: it learns no order of symbols

    def __init__(self, inputs: Inputs, settings: Any, weights: Weights) -> None:
        self.inputs = inputs
        self.settings = settings
        expected = self.shapes(inputs, settings)
        found = {name: weights[name].shape for name in weights}
        if found != expected:
            wrong = sorted(n for n in {*found, *expected} if found.get(n) != expected.get(n))[0]
            raise ModelError(
                f"weight {wrong!r} has shape {found.get(wrong)}, the settings ask for "
                f"{expected.get(wrong)}.",
                "The file does not belong to these settings.",
            )
        self.weights = weights

    @classmethod
    @abstractmethod
    def sized(cls, size: str | int, characters: int) -> Settings:
        """Return settings for a size: tiny, small, medium, large, auto or a width.

        ``characters`` is the length of the corpus; a small one wants more dropout.
        """

    @classmethod
    @abstractmethod
    def shapes(cls, inputs: Inputs, settings: Any) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""

    @classmethod
    @abstractmethod
    def untrained(cls, inputs: Inputs, settings: Any, seed: int) -> Model:
        """Return a model with random weights, the same for the same seed."""

    def primed(
        self, pieces: Iterable[NDArray[np.int64]], sides: Iterable[NDArray[np.uint8]] = ()
    ) -> Model:
        """Return the model after a look at the pieces to train on, before the training.

        Each is its symbols with the boundary first and last; ``sides`` are its side inputs, the
        boundary's row first. Most models need none.
        """
        return self

    def with_weights(self, weights: Weights) -> Self:
        """Return the same model with other weights."""
        return type(self)(self.inputs, self.settings, weights)

    @classmethod
    def half(cls, settings: Any) -> frozenset[str]:
        """Return the weights that may be bfloat16 while training; the rest stays float32."""
        return frozenset()

    @classmethod
    def dropped(cls, settings: Any) -> dict[str, float]:
        """Return the weights that training drops at random (weight-drop), with the share."""
        return {}

    @abstractmethod
    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return logits (B, T, V) and the state after the last symbol.

        Parameters
        ----------
        weights
            Tensors with the names and shapes of `shapes`, whatever holds them.
        ids
            (B, T), integers: what is fed.
        channels
            (B, T, C), integers: side inputs fed with it.
        state
            What an earlier call returned, to go on from there; None = nothing read yet.
        noise
            Draws the dropout; None = no dropout.
        """

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
        """Return what predicting ``targets`` costs: the cross-entropy, unless a model knows better.

        Parameters
        ----------
        weights, ids, channels, state, noise
            As for `forward`; noise is given in training only.
        targets
            (B, T), what follows each id; `IGNORED` where there is nothing.
        smoothing
            Share of each target that is spread over all symbols.
        progress
            How much of the training is done, 0-1, for losses that change on the way.
        balance
            What each symbol weighs in the loss, (V,); None = all the same. Nats are never weighed.
        """
        logits, after = self.forward(weights, ids, channels, state, noise)
        return self.cost_of(logits, targets, after, smoothing=smoothing, balance=balance)

    @staticmethod
    def cost_of(
        logits: torch.Tensor,
        targets: torch.Tensor,
        state: tuple[torch.Tensor, ...] = (),
        *,
        smoothing: float = 0.0,
        ends: bool = True,
        balance: torch.Tensor | None = None,
    ) -> Cost:
        """Return the cross-entropy of logits (B, T, V) for targets (B, T).

        Without ``ends`` the length of a piece counts as known: its end is not predicted, and
        nowhere can it come.
        """
        import torch
        from torch.nn import functional

        if not ends:
            known = logits[..., :1].new_full((*logits.shape[:-1], 1), -1e9)
            logits = torch.cat([known, logits[..., 1:]], -1)
            targets = targets.masked_fill(targets == BOUNDARY_ID, IGNORED)
        flat = logits.transpose(0, 1).reshape(-1, logits.shape[-1])  # time first, as computed
        wanted = targets.t().reshape(-1)
        each = functional.cross_entropy(flat, wanted, ignore_index=IGNORED, reduction="none")
        felt = each
        if smoothing:
            felt = functional.cross_entropy(
                flat, wanted, ignore_index=IGNORED, reduction="none", label_smoothing=smoothing
            )
        if balance is not None:
            felt = felt * balance[wanted.clamp(min=0)]
        nats = each.detach().view(targets.shape[1], -1).sum(0)
        return Cost(felt.sum(), nats, (flat.argmax(-1) == wanted).sum(), state)

    def key_probabilities(
        self, weights: Mapping[str, torch.Tensor], ids: torch.Tensor
    ) -> torch.Tensor | None:
        """Return how likely each key is to sound in each whole frame of a piece, (F, cells).

        None where keys are not foretold one by one. ``ids`` are the boundary and the symbols, (T,);
        frame f is foretold from the frames before it. Cells are the keys from the lowest; where
        struck notes are told from held ones, how likely each key is to be struck comes after that.
        """
        return None

    @property
    def threshold(self) -> float:
        """What a key's probability must be above to count as foretold."""
        return 0.5

    def calibrated(self, threshold: float) -> Model:
        """Return the model with the threshold that was found best for it, if it has one."""
        return self

    @abstractmethod
    def stream(self) -> Stream:
        """Return a stream that has read nothing yet."""

    def begin(self, random: np.random.Generator) -> Stream:
        """Return a stream to write a piece with, what is random in the model itself drawn."""
        return self.stream()

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return sum(a.size for a in self.weights.values() if a.dtype == np.float32)


class Counted(Model):
    """A model that learns by counting, in one reading of the corpus and without gradients."""

    @classmethod
    @abstractmethod
    def learn(
        cls,
        inputs: Inputs,
        settings: Any,
        pieces: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
        seed: int,
    ) -> Counted:
        """Return the model that these pieces teach.

        Parameters
        ----------
        pieces
            Of each the symbols with the boundary first and last, (T + 1,), and the side inputs fed
            with all but the last, (T, C).
        seed
            For what is drawn at random.
        """


class Adversarial(Model):
    """A model that learns to write what a critic takes for music; it foretells nothing.

    It has no likelihood: what it writes is judged by statistics (`workflows.likeness`). Music and
    what is written meet as windows of cells, (B, T, K) zeros and ones.
    """

    @classmethod
    @abstractmethod
    def critic(cls, inputs: Inputs, settings: Any, seed: int) -> Weights:
        """Return the first weights of the critic, which only training needs."""

    @abstractmethod
    def cells(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return a piece, with or without its boundaries, as frames of cells, (T, K)."""

    @abstractmethod
    def noise(self, count: int, random: np.random.Generator) -> NDArray[np.float32]:
        """Return what so many windows are written from, (B, any, any)."""

    @abstractmethod
    def imagine(self, weights: Mapping[str, torch.Tensor], noise: torch.Tensor) -> torch.Tensor:
        """Return the windows (B, T, K) that noise becomes, with a gradient."""

    @abstractmethod
    def judge(self, critic: Mapping[str, torch.Tensor], cells: torch.Tensor) -> torch.Tensor:
        """Return how much windows (B, T, K) seem music, (B,), above zero for music."""
