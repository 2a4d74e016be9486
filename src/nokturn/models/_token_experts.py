"""Counting experts over symbols: what followed the last few, in the corpus and in the piece.

    experts = TokenExperts(pieces, size=95, order=24)
    said = experts.predict(piece)          log_p (T, E, V), trust (T, F)

One chain of contexts goes from none to the last `order` symbols, over the corpus with the piece so
far; each `STOPS` of it is an expert. Another chain hears the piece so far alone. Where the encoding
says which side inputs make good contexts (`Encoding.contexts`: the place in the bar with the last
note ...), each family of these is a chain and an expert more. Probabilities are

    p = (counts + d p_shorter) / (n + d),    d = different followers + 0.5

*Trust* says how long a context was found, how often, and how sure the experts are: a gate needs to
know. While a piece that was counted is trained on, its own counts are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nokturn.models._counts import ODD, Floats, Hashes, Ints, Table, inside_counts, salted
from nokturn.models._frames import Frames, Layout

ORDERS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
STOPS = (2, 4, 6, 12)  # orders at which the long chain is heard, beside its end
OFTEN = np.float32(0.5)  # of a logarithm of counts, to bring it near 1
FLOOR = np.float32(0.5)
LEAST = 1e-6
INSIDE = 2.0  # weight of what happened earlier in the piece
TIRING = 2  # symbols of the shortest context that may be tired of
TRUST = 6  # numbers that say how far the experts can be trusted
MORE_TRUST = 2  # for each family of contexts
TEXT = Layout(first=1, pitches=0)
Sides = NDArray[Any]  # (T, S) whole numbers
NO_SIDES: Sides = np.zeros((0, 0), dtype=np.uint8)
Families = Sequence[Sequence[Sequence[int]]]  # as `Encoding.contexts`


class Said(NamedTuple):
    """What the experts say at each place."""

    log_p: Floats  # (T, E, V)
    trust: Floats  # (T, TRUST)


class TokenExperts:
    """The experts of a corpus.

    Parameters
    ----------
    pieces
        The pieces to learn from: symbols with the boundary first and last.
    size
        Number of symbols V.
    order
        Symbols of the longest context.
    families
        More contexts, each family from short to long: how many of the last symbols, then the
        numbers of columns of ``sides``.
    sides
        The side inputs of each piece that families name, (T, S) each; none without families.
    """

    def __init__(
        self,
        pieces: Sequence[Ints],
        size: int,
        order: int,
        families: Families = (),
        sides: Sequence[Sides] = (),
    ) -> None:
        self.size = size
        self.orders = orders(order)
        self.families = families
        self._pieces = {piece[:-1].tobytes() for piece in pieces}
        none = [np.zeros(0, dtype=np.uint64) for _ in range(self.count)]
        beside = sides if families else [NO_SIDES] * len(pieces)
        columns = [
            none,
            *(
                self.contexts(Frames.of(piece[:-1], TEXT), columns)
                for piece, columns in zip(pieces, beside, strict=True)
            ),
        ]
        followers = np.concatenate([np.zeros(0, dtype=np.int64), *(p[1:] for p in pieces)])
        self.tables = [
            Table.of(np.concatenate(keys), followers) for keys in zip(*columns, strict=True)
        ]

    @property
    def count(self) -> int:
        """How many contexts there are at a place."""
        return len(self.orders) + sum(map(len, self.families))

    def contexts(self, heard: Frames, sides: Sides = NO_SIDES) -> list[Hashes]:
        """Return the contexts of every place, short ones first, then those of each family.

        Where ``sides`` has rows for the last places alone, so have the contexts of families.
        """
        found = [salted(heard.window(k) if k else 0 * heard.window(0), k) for k in self.orders]
        windows: dict[int, Hashes] = {0: 0 * heard.window(0)}
        beside = sides.T.astype(np.uint64)
        for last, *columns in itertools.chain(*self.families):
            if last not in windows:
                windows[last] = heard.window(last)
            keys = windows[last][-len(sides) :]
            for column in columns:
                keys = keys * ODD + beside[column]
            found.append(keys)
        return found

    def predict(self, fed: Ints, own: Ints | None = None, sides: Sides = NO_SIDES) -> Said:
        """Return what is expected after each symbol.

        Parameters
        ----------
        fed
            Symbols with the boundary first, (T,).
        own
            What follows, (T,), where the piece may be one of those counted.
        sides
            The side inputs that families name, (T, S).
        """
        if own is not None and fed.astype(np.int64).tobytes() not in self._pieces:
            own = None
        heard = Frames.of(fed, TEXT)
        followed = fed[1:] if own is None else own
        long = short = np.full((len(fed), self.size), 1 / self.size, dtype=np.float32)
        found: list[Floats] = []
        trust = np.zeros((len(fed), trust_of(self.families)), dtype=np.float32)
        every = zip(self.contexts(heard, sides), self.tables, strict=True)

        def counted(keys: Hashes, table: Table) -> Floats:
            counts = table.rows(keys, heard.base, TEXT, self.size)
            counts += inside_counts(keys, followed, heard, self.size, weight=INSIDE, own=own)
            return np.maximum(counts, 0)

        for k, (keys, table) in zip(self.orders, every, strict=False):
            inside = inside_counts(keys, followed, heard, self.size, weight=1.0)
            counts = counted(keys, table)
            long, short = _blend(long, counts), _blend(short, inside)
            _note(trust[:, :2], counts, k, self.orders[-1])
            _note(trust[:, 2:4], inside, k, self.orders[-1])
            if k in STOPS:
                found.append(long)
        found += [long, short]
        trust[:, 4], trust[:, 5] = long.max(1), short.max(1)
        for number, family in enumerate(self.families):
            rows = (counted(*next(every)) for _ in family)
            found.append(_chained(rows, len(family), _trust_in(trust, number)))
        return Said(np.log(np.stack(found, axis=1) + np.float32(LEAST)), trust)


def orders(longest: int) -> tuple[int, ...]:
    """Return the lengths of the contexts."""
    return (*(k for k in ORDERS if k < longest), longest)


def count_of(longest: int, families: Families = ()) -> int:
    """Return how many experts there are."""
    return sum(k in STOPS for k in orders(longest)) + 2 + len(families)


def trust_of(families: Families = ()) -> int:
    """Return how many numbers say how far the experts can be trusted."""
    return TRUST + MORE_TRUST * len(families)


def _trust_in(trust: Floats, family: int) -> Floats:
    """Return the columns of a family."""
    return trust[:, TRUST + MORE_TRUST * family :][:, :MORE_TRUST]


def _chained(each: Iterable[Floats], length: int, trust: Floats) -> Floats:
    """Return what a family of contexts expects, from the counts of each; fill in its trust."""
    p = None
    for number, counts in enumerate(each):
        p = np.full_like(counts, 1 / counts.shape[1]) if p is None else p
        p = _blend(p, counts)
        _note(trust, counts, number, length - 1)
    assert p is not None  # no family is empty
    return p


def _blend(shorter: Floats, counts: Floats) -> Floats:
    discount = (counts > 0).sum(-1, keepdims=True, dtype=np.float32) + FLOOR
    total = counts.sum(-1, keepdims=True)
    return np.asarray((counts + discount * shorter) / (total + discount), dtype=np.float32)


def _note(trust: Floats, counts: Floats, order: int, longest: int) -> None:
    """Remember the longest context that was found, and how often it was."""
    times = counts.sum(-1)
    found = times > 0
    trust[found, 0] = (order + 1) / (longest + 1)
    trust[found, 1] = OFTEN * np.log1p(times[found])


class TokenExpertsStream:
    """The experts, reading symbol after symbol."""

    def __init__(self, experts: TokenExperts) -> None:
        self.tired_after = 0  # times that something long came; 0 = never
        self._experts = experts
        self._read: list[int] = []
        self._last: list[int] = []
        self._followed: list[dict[int, dict[int, int]]] = [{} for _ in range(experts.count)]

    def step(self, symbol: int, sides: Sequence[int] = ()) -> Said:
        """Read a symbol and its side inputs; return what is expected next, (E, V) and (F,)."""
        for told, context in zip(self._followed, self._last, strict=False):
            seen = told.setdefault(context, {})
            seen[symbol] = seen.get(symbol, 0) + 1
        experts = self._experts
        longest = experts.orders[-1]
        self._read.append(symbol)
        if len(self._read) > 4 * longest:  # no context reaches further
            del self._read[: -2 * longest]
        read = Frames.of(np.array(self._read), TEXT)
        beside = np.array([sides], dtype=np.int64)
        keys = [column[-1:] for column in experts.contexts(read, beside)]
        self._last = [int(key[0]) for key in keys]
        return self._said(keys)

    def _said(self, keys: list[Hashes]) -> Said:
        experts = self._experts
        size, longest = experts.size, experts.orders[-1]
        long = short = np.full((1, size), 1 / size, dtype=np.float32)
        found: list[Floats] = []
        trust = np.zeros((1, trust_of(experts.families)), dtype=np.float32)
        every = iter(range(experts.count))
        for k, i in zip(experts.orders, every, strict=False):
            inside, counts = self._counted(i, keys[i], self.tired_after if k >= TIRING else 0)
            long, short = _blend(long, counts), _blend(short, inside)
            _note(trust[:, :2], counts, k, longest)
            _note(trust[:, 2:4], inside, k, longest)
            if k in STOPS:
                found.append(long)
        found += [long, short]
        trust[:, 4], trust[:, 5] = long.max(1), short.max(1)
        for number, family in enumerate(experts.families):
            tired = [self.tired_after if last >= TIRING else 0 for last, *_ in family]
            rows = (self._counted(i, keys[i], n)[1] for n, i in zip(tired, every, strict=False))
            found.append(_chained(rows, len(family), _trust_in(trust, number)))
        return Said(np.log(np.concatenate(found) + np.float32(LEAST)), trust[0])

    def _counted(self, number: int, key: Hashes, most: int) -> tuple[Floats, Floats]:
        """Return what followed a context, (1, V): in the piece so far, and in all."""
        experts = self._experts
        inside = np.zeros((1, experts.size), dtype=np.float32)
        for follower, times in self._followed[number].get(self._last[number], {}).items():
            inside[0, follower] = 0 if 0 < most <= times else times
        counts = INSIDE * inside
        known, often = experts.tables[number].after(key)
        counts[0, known] += often
        return inside, counts

    def copy(self) -> TokenExpertsStream:
        """Return a stream that has read the same and goes its own way from here."""
        twin = TokenExpertsStream(self._experts)
        twin.tired_after = self.tired_after
        twin._read, twin._last = list(self._read), list(self._last)
        twin._followed = [{k: dict(v) for k, v in told.items()} for told in self._followed]
        return twin
