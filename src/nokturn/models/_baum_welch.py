"""Baum-Welch: a hidden chain learns from rows of symbols, a little with each reading.

    prior = Prior.of(rows, symbols, smoothing=1, blur=1)
    chain, scores = improved(rows, doubles(prior.share, states=64, random), prior, iterations=40)

Each reading counts what the present chain expects to have happened, adds what the prior takes to
have happened before, and divides. The score (log-likelihood and the prior's part) never falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nokturn.models._hidden import Chain, Counts, Floats, Ints, logs

BLENDED = 0.1  # of what a state lets be heard at first is not the symbol that it doubles


@dataclass(frozen=True)
class Prior:
    """What each state is taken to have done before anything is read (Dirichlet).

    Attributes
    ----------
    share
        Of each symbol in the corpus, (V,).
    smoothing
        How many transitions to each state.
    blur
        How many symbols, as the corpus has them.
    """

    share: Floats
    smoothing: float
    blur: float

    @classmethod
    def of(cls, rows: Sequence[Ints], symbols: int, smoothing: float, blur: float) -> Prior:
        """Return the prior for a corpus; a symbol that is not in it counts as half a one."""
        heard = np.bincount(np.concatenate(rows), minlength=symbols)
        heard = np.maximum(heard, 0.5)
        return cls(heard / heard.sum(), smoothing, blur)

    def chain(self, counts: Counts) -> Chain:
        """Return the chain with the best score for these counts."""
        even = self.smoothing
        return Chain(
            _shares(counts.start + even),
            _shares(counts.transitions + even),
            _shares(counts.emissions + self.blur * self.share),
        )

    def score(self, chain: Chain, rows: Sequence[Ints]) -> float:
        """Return what learning makes large, in nats: the log-likelihood and the prior's part."""
        return float(chain.likelihoods(rows).sum()) + self.part(chain)

    def part(self, chain: Chain) -> float:
        """Return the prior's part of the score."""
        even = self.smoothing
        moves = even * (logs(chain.start).sum() + logs(chain.transitions).sum())
        return float(moves + self.blur * (logs(chain.emissions) * self.share).sum())


def improved(
    rows: Sequence[Ints], chain: Chain, prior: Prior, iterations: int, tolerance: float = 0.0
) -> tuple[Chain, list[float]]:
    """Return the chain after so many readings, and the score before each of them.

    It ends sooner where a reading gains less than the tolerance, in nats a symbol.
    """
    least = tolerance * sum(len(row) for row in rows)
    scores: list[float] = []
    for _ in range(iterations):
        counts, nats = chain.expected(rows)
        scores.append(nats + prior.part(chain))
        if len(scores) > 1 and scores[-1] - scores[-2] < least:
            break
        chain = prior.chain(counts)
    return chain, scores


def doubles(share: Floats, states: int, random: np.random.Generator) -> Chain:
    """Return a chain whose states double the symbols, the frequent ones several times.

    What state follows what is drawn at random, or doubles of a symbol would stay alike for ever.
    """
    doubled = np.sort(_allotted(np.sqrt(share), states, random))
    emissions = BLENDED * np.tile(share, (states, 1))
    emissions[np.arange(states), doubled] += 1 - BLENDED
    transitions = random.dirichlet(np.ones(states), states)
    return Chain(np.full(states, 1 / states), transitions, emissions)


def _allotted(weights: Floats, states: int, random: np.random.Generator) -> Ints:
    """Return a symbol for each state, each symbol as often as its weight asks, within one."""
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, (np.arange(states) + random.random()) / states)


def _shares(counts: Floats) -> Floats:
    """Return rows divided by their sums; a state that was never in use does anything."""
    total = counts.sum(-1, keepdims=True)
    even = np.full_like(counts, 1 / counts.shape[-1])
    shares: Floats = np.divide(counts, total, out=even, where=total > 0)
    return shares
