"""Hidden chains: states that nobody hears follow each other, and each lets a symbol be heard.

    chain = Chain(start, transitions, emissions)
    chain.likelihoods([[3, 1, 4]])      log-probability of each row, in nats
    chain.paths([[3, 1, 4]])            the likeliest states, one a symbol (Viterbi)
    chain.posteriors([[3, 1, 4]])       how likely each state is at each symbol, all heard

Probabilities are float64. Many rows are read at once, the longest first, so that at each place
those that have not ended are the first ones. Each place is divided by what it was likely to be
(`scales`), so that no piece is too long for floating point.

Source: Rabiner, 'A Tutorial on Hidden Markov Models', 1989, with the scaling of its section V.A.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CELLS = 1 << 21  # places x rows x states that are held at once: 16 MiB a table


@dataclass(frozen=True)
class Chain:
    """Probabilities of a hidden Markov model with S states and V symbols.

    Attributes
    ----------
    start
        Of each state at the first symbol, (S,).
    transitions
        Row by row of what state follows, (S, S).
    emissions
        Row by row of what symbol a state lets be heard, (S, V).
    """

    start: Floats
    transitions: Floats
    emissions: Floats

    def likelihoods(self, rows: Sequence[ArrayLike]) -> Floats:
        """Return the log-probability of each row of symbols in nats, (N,)."""
        found = np.zeros(len(rows))
        for batch in batches(rows, len(self.start)):
            scales = self._forward(batch)[1]
            found[batch.places] = np.log(scales).sum(0)
        return found

    def posteriors(self, rows: Sequence[ArrayLike]) -> list[Floats]:
        """Return for each row how likely each state is at each symbol, (T, S)."""
        found: list[Floats] = [np.zeros((0, len(self.start)))] * len(rows)
        for batch in batches(rows, len(self.start)):
            forward, scales = self._forward(batch)
            shares = forward * self._backward(batch, scales)
            for k, place in enumerate(batch.places):
                found[place] = shares[: batch.lengths[k], k]
        return found

    def paths(self, rows: Sequence[ArrayLike]) -> list[Ints]:
        """Return for each row the states that together are likeliest, (T,): Viterbi."""
        found = [np.zeros(0, dtype=np.int64)] * len(rows)
        start, moves, heard = logs(self.start), logs(self.transitions), logs(self.emissions).T
        for place, row in enumerate(rows):
            symbols = np.asarray(row, dtype=np.int64)
            if len(symbols):
                found[place] = likeliest(start, repeat(moves), heard[symbols])
        return found

    def expected(self, rows: Sequence[ArrayLike]) -> tuple[Counts, float]:
        """Return how often each thing is expected to have happened, and the likelihood in nats."""
        states, symbols = self.emissions.shape
        counts = Counts(np.zeros(states), np.zeros((states, states)), np.zeros((states, symbols)))
        nats = 0.0
        for batch in batches(rows, states):
            forward, scales = self._forward(batch)
            backward = self._backward(batch, scales)
            self._count(batch, forward, backward, scales, counts)
            nats += float(np.log(scales).sum())
        return counts, nats

    def _forward(self, batch: Batch) -> tuple[Floats, Floats]:
        """Return the share of each state given what was heard so far, (T, N, S), and the scales."""
        heard = self.emissions.T
        places, rows = batch.symbols.shape
        shares = np.zeros((places, rows, len(self.start)))
        scales = np.ones((places, rows))
        coming = np.broadcast_to(self.start, shares.shape[1:])
        for t, going in enumerate(batch.going):
            now = coming[:going] * heard[batch.symbols[t, :going]]
            scales[t, :going] = now.sum(1)
            shares[t, :going] = now / scales[t, :going, None]
            coming = shares[t, :going] @ self.transitions
        return shares, scales

    def _backward(self, batch: Batch, scales: Floats) -> Floats:
        """Return how much likelier what follows is from each state than on average, (T, N, S)."""
        heard = self.emissions.T
        back = np.ones((*batch.symbols.shape, len(self.start)))
        for t in range(len(batch.going) - 1, 0, -1):
            going = batch.going[t]
            after = heard[batch.symbols[t, :going]] * back[t, :going] / scales[t, :going, None]
            back[t - 1, :going] = after @ self.transitions.T
        return back

    def _count(
        self, batch: Batch, forward: Floats, backward: Floats, scales: Floats, counts: Counts
    ) -> None:
        shares = forward * backward
        counts.start += shares[0].sum(0)
        sounding = np.arange(len(batch.symbols))[:, None] < batch.lengths
        heard = batch.symbols[sounding]
        order = np.argsort(heard, kind="stable")
        kinds, begins = np.unique(heard[order], return_index=True)
        counts.emissions[:, kinds] += np.add.reduceat(shares[sounding][order], begins).T
        if len(sounding) < 2:
            return
        later = sounding[1:]
        after = self.emissions.T[batch.symbols[1:][later]] * backward[1:][later]
        after /= scales[1:][later][:, None]
        counts.transitions += self.transitions * (forward[:-1][later].T @ after)


@dataclass
class Counts:
    """How often states began, followed each other and let symbols be heard; as in `Chain`."""

    start: Floats
    transitions: Floats
    emissions: Floats


@dataclass(frozen=True)
class Batch:
    """Rows side by side, the longest first.

    Attributes
    ----------
    places
        Where each row stood in what was asked, (N,).
    lengths
        Of each row, (N,), falling.
    symbols
        Time first, (T, N); 0 after the end of a row.
    going
        How many rows have not ended at each time; they are the first ones, (T,).
    """

    places: Ints
    lengths: Ints
    symbols: Ints
    going: list[int]


def batches(rows: Sequence[ArrayLike], states: int) -> Iterator[Batch]:
    """Yield all rows that are not empty, in batches of similar lengths."""
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    lengths = np.array([len(row) for row in arrays], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    while len(order):
        longest = int(lengths[order[0]])
        many = max(1, CELLS // (longest * states))
        places, order = order[:many], order[many:]
        symbols = np.zeros((longest, len(places)), dtype=np.int64)
        for k, place in enumerate(places):
            symbols[: lengths[place], k] = arrays[place]
        here = lengths[places]
        going = [int(np.count_nonzero(here > t)) for t in range(longest)]
        yield Batch(places, here, symbols, going)


def likeliest(start: Floats, moves: Iterable[Floats], heard: Floats) -> Ints:
    """Return the states that together are likeliest, (T,); all logarithms, in nats.

    Parameters
    ----------
    start
        Of each state at the beginning, (S,).
    moves
        From each place to the next, (S, S): row by row what follows a state.
    heard
        How well each state fits what is heard at each place, (T, S).

    Source: Viterbi, 'Error Bounds for Convolutional Codes', 1967.
    """
    best = start + heard[0]
    came = np.zeros(heard.shape, dtype=np.int64)
    for t, move in zip(range(1, len(heard)), moves, strict=False):
        ways = best[:, None] + move
        came[t] = ways.argmax(0)
        best = ways.max(0) + heard[t]
    path = np.zeros(len(heard), dtype=np.int64)
    path[-1] = best.argmax()
    for t in range(len(heard) - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


def logs(p: Floats) -> Floats:
    """Return logarithms; what is impossible is e^-690."""
    found: Floats = np.log(np.maximum(p, 1e-300))
    return found
