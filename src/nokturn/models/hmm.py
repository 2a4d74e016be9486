"""Hidden Markov model: states that nobody hears follow each other, each lets symbols be heard.

    p(next) = sum over states of p(state | all heard so far) x p(symbol | state)

Learned by Baum and Welch's algorithm: guess what state stood behind each symbol, count, guess
again; no step makes what was read less likely. The states learn functions: of jazz chords, say,
one is "a second degree that its fifth degree will follow". Its weakness: all that it remembers of
a piece is the state that it is in, one of a few dozen, so it knows progressions and no form.

States begin as doubles of the symbols, the frequent ones with several, a little blurred: from there
Baum-Welch finds better places than from states that begin all alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from nokturn.models._baum_welch import Prior, doubles, improved
from nokturn.models._hidden import Chain, Floats, Ints
from nokturn.models._sizes import width_of
from nokturn.models.base import BOUNDARY_ID, Counted, Inputs, Stream
from nokturn.settings import Settings

if TYPE_CHECKING:
    import torch

SIZES = {"tiny": 16, "small": 64, "medium": 128, "large": 256}
LEAST = 1e-7  # of every probability is kept for all alike
TRIAL = 8  # iterations after which the best of several starts is known


class HmmSettings(Settings):
    """Settings of the hidden Markov model."""

    states: int = Field(default=128, ge=1, le=1024)  # the time of learning grows with the square
    iterations: int = Field(default=60, ge=0, le=10_000)  # of Baum-Welch, at most
    smoothing: float = Field(default=0.2, ge=0)  # transitions taken to have been from each to each
    blur: float = Field(default=5.0, ge=0)  # symbols, as the corpus has them, it is taken to emit
    restarts: int = Field(default=1, ge=1, le=100)  # beginnings tried, the best goes on
    reading: int = Field(default=50_000_000, ge=1)  # symbols in all: a large corpus is read less
    tolerance: float = Field(default=1e-5, ge=0)  # stop at a smaller gain, nats a symbol


class Hmm(Counted):
    """A chain of hidden states; the weights are logarithms of probabilities."""

    settings_class = HmmSettings
    settings: HmmSettings
    source: ClassVar[str] = (
        "Baum, Petrie, Soules, Weiss, 'A Maximization Technique', 1970; beginning from doubles of "
        "the symbols as in Dedieu et al., 'Learning higher-order sequential structure with cloned "
        "HMMs', 2019, arXiv:1905.00507, where they stay what they were and here they may blend"
    )

    @classmethod
    def sized(cls, size: str | int, characters: int) -> HmmSettings:
        """Return settings with as many states as the size says."""
        return HmmSettings(states=width_of(size, characters, SIZES))

    @classmethod
    def shapes(cls, inputs: Inputs, settings: HmmSettings) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every weight."""
        states = settings.states
        return {
            "start": (states,),
            "transitions": (states, states),
            "emissions": (states, inputs.symbols),
        }

    @classmethod
    def untrained(cls, inputs: Inputs, settings: HmmSettings, seed: int) -> Hmm:
        """Return a model with random probabilities."""
        random = np.random.default_rng(seed)
        shapes = cls.shapes(inputs, settings)
        drawn = {name: random.dirichlet(np.ones(s[-1]), s[:-1]) for name, s in shapes.items()}
        return cls._of(inputs, settings, Chain(**drawn))

    @classmethod
    def _of(cls, inputs: Inputs, settings: HmmSettings, chain: Chain) -> Hmm:
        """Return the model of a chain, in which nothing is wholly impossible."""
        tables = {name: getattr(chain, name) for name in cls.shapes(inputs, settings)}
        floored = {name: (1 - LEAST) * p + LEAST / p.shape[-1] for name, p in tables.items()}
        logs = {name: np.log(p).astype(np.float32) for name, p in floored.items()}
        return cls(inputs, settings, logs)

    @classmethod
    def learn(
        cls,
        inputs: Inputs,
        settings: HmmSettings,
        pieces: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
        seed: int,
    ) -> Hmm:
        """Return the model that these pieces teach; side inputs are not read."""
        rows = [ids[1:] for ids, _ in pieces]
        prior = Prior.of(rows, inputs.symbols, settings.smoothing, settings.blur)
        random = np.random.default_rng(seed)
        starts = [doubles(prior.share, settings.states, random) for _ in range(settings.restarts)]
        heard = sum(len(row) for row in rows)
        readings = min(settings.iterations, max(1, settings.reading // heard))
        best = starts[0]
        if len(starts) > 1:
            trial = min(TRIAL, readings)
            tried = [improved(rows, chain, prior, trial)[0] for chain in starts]
            best = max(tried, key=lambda chain: prior.score(chain, rows))
        learned, _ = improved(rows, best, prior, readings, settings.tolerance)
        return cls._of(inputs, settings, learned)

    @property
    def chain(self) -> Chain:
        """The probabilities, float64, rows that sum to 1."""
        tables = {name: np.exp(logs.astype(np.float64)) for name, logs in self.weights.items()}
        return Chain(**{name: p / p.sum(-1, keepdims=True) for name, p in tables.items()})

    def paths(self, rows: Sequence[ArrayLike]) -> list[Ints]:
        """Return for each row of symbols the likeliest states; without the first boundary."""
        return self.chain.paths(rows)

    def posteriors(self, rows: Sequence[ArrayLike]) -> list[Floats]:
        """Return for each row of symbols how likely each state is at each of them, (T, S)."""
        return self.chain.posteriors(rows)

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return log-probabilities (B, T, V), and the shares of the states to come, (B, S)."""
        import torch

        start, transitions, emissions = (
            torch.softmax(weights[name].double(), -1)
            for name in ("start", "transitions", "emissions")
        )
        coming = state[0] if state else start.expand(len(ids), -1)
        heard = emissions.T[ids]  # (B, T, S)
        rows = []
        for t in range(ids.shape[1]):
            now = coming * heard[:, t]
            moved = now / now.sum(1, keepdim=True) @ transitions
            coming = torch.where(ids[:, t, None] == BOUNDARY_ID, start, moved)
            rows.append(coming)
        return (torch.stack(rows, 1) @ emissions).log().float(), (coming,)

    def stream(self) -> HmmStream:
        """Return a stream that has read nothing yet."""
        chain = self.chain
        return HmmStream(chain, chain.start)


class HmmStream(Stream):
    """A chain that hears symbol after symbol; all that it remembers is what state may come."""

    def __init__(self, chain: Chain, coming: Floats) -> None:
        self.chain = chain
        self.coming = coming  # share of each state at the next symbol, (S,)

    def step(self, symbol: int, channels: Sequence[int] = ()) -> NDArray[np.float32]:
        """Hear a symbol; return the log-probabilities (V,) of what comes next."""
        chain = self.chain
        if symbol == BOUNDARY_ID:  # another piece begins
            self.coming = chain.start
        else:
            now = self.coming * chain.emissions[:, symbol]
            self.coming = now / now.sum() @ chain.transitions
        return np.log(self.coming @ chain.emissions).astype(np.float32)

    def copy(self) -> HmmStream:
        """Return a stream that has heard the same and goes its own way from here."""
        return HmmStream(self.chain, self.coming)
