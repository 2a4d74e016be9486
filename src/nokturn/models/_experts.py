"""Counting experts: what came next where the same thing was heard before, in any key.

    experts = Experts(layout, pieces)             the pieces to train on, as symbols
    p = experts.predict(piece)                    (T, E, V): each expert's probabilities

An expert is a chain of contexts from short to long. Contexts are intervals, not pitches, and what
is counted is the distance from a reference (the top note of the frame before, or the voice's own
last pitch), so that nothing need be transposed. Probabilities are estimated from the short context
to the long one,

    p = (counts + d p_shorter) / (n + d),    d = 0.6 x different followers + floor

and what happened earlier in the same piece counts double. While a piece is trained on, its own
counts are left out (`own`): otherwise a network learns to believe the experts blindly.

Everything is arrays: contexts are 64-bit hashes of windows of the piece, made with one rolling
hash; two contexts of the same hash are taken for the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.models._frames import Frames, Layout

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]

EXPERTS = 5
PER_FOLLOWER = 0.6
FLOOR = 0.3
DOUBLE = 2.0  # weight of what happened earlier in the piece
WINDOWS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)  # frames, beside the notes already in this one
LONGEST = 16  # frames for which a note's age is told
LINES = (1, 2, 3, 4, 6, 8)  # frames of one voice
_ODD = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD1342543DE82EF95)


@dataclass(frozen=True)
class _Table:
    """Followers by context: sorted context hashes, and their followers side by side."""

    keys: Hashes  # (K,)
    starts: Ints  # (K + 1,), into followers
    followers: NDArray[np.int16]  # relative symbols
    counts: Floats

    @classmethod
    def of(cls, keys: Hashes, followers: Ints) -> _Table:
        order = np.lexsort((followers, keys))
        keys, followers = keys[order], followers[order]
        new = np.ones(len(keys), dtype=bool)
        new[1:] = (keys[1:] != keys[:-1]) | (followers[1:] != followers[:-1])
        firsts = np.flatnonzero(new)
        counts = np.diff(np.append(firsts, len(keys))).astype(np.float32)
        keys, followers = keys[firsts], followers[firsts]
        heads = np.flatnonzero(np.append(keys[:1] == keys[:1], keys[1:] != keys[:-1]))
        starts = np.append(heads, len(keys))
        return cls(keys[heads], starts, followers.astype(np.int16), counts)

    def rows(self, keys: Hashes, base: Ints, layout: Layout, size: int) -> Floats:
        """Return the counts of what followed each context, (T, size), at the references."""
        found = np.zeros((len(keys), size), dtype=np.float32)
        if not len(self.keys):
            return found
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = np.flatnonzero(self.keys[place] == keys)
        starts = self.starts[place[known]]
        lengths = self.starts[place[known] + 1] - starts
        row = np.repeat(known, lengths)
        ends = np.cumsum(lengths)
        entry = np.arange(len(row)) - np.repeat(ends - lengths - starts, lengths)
        symbol = absolute(self.followers[entry].astype(np.int64), base[row], layout)
        inside = (symbol >= 0) & (symbol < size)
        found[row[inside], symbol[inside]] = self.counts[entry[inside]]
        return found


RELATIVE, KIND = 4096, 1024  # followers below are symbols as they stand, above are distances


def relative(symbols: Ints, base: Ints, layout: Layout) -> Ints:
    """Return followers as distances from a base where they are pitches."""
    kind = (symbols - layout.first) // max(1, layout.pitches)
    distance = RELATIVE + KIND * kind + KIND // 2 + layout.pitch_of(symbols) - base
    return np.where(layout.is_pitch(symbols), distance, symbols)


def absolute(followers: Ints, base: Ints, layout: Layout) -> Ints:
    """Return the symbols that followers mean from a base; -1 where the pitch does not exist."""
    kind, distance = np.divmod(followers - RELATIVE, KIND)
    pitch = distance - KIND // 2 + base
    symbol = layout.first + kind * layout.pitches + pitch
    symbol = np.where((pitch >= 0) & (pitch < layout.pitches), symbol, -1)
    return np.where(followers >= RELATIVE, symbol, followers)


class Experts:
    """The experts of a corpus.

    Parameters
    ----------
    layout
        Which symbols are pitches, and how frames are divided.
    pieces
        The pieces to learn from: symbols with the boundary first and last.
    size
        Number of symbols V.
    """

    def __init__(self, layout: Layout, pieces: Sequence[Ints], size: int) -> None:
        self.layout, self.size = layout, size
        nothing = Frames.of(np.zeros(1, dtype=np.int64), layout)
        keys = [[key[:0] for chain in contexts(nothing) for key in chain]]
        followers = [np.zeros(0, dtype=np.int64)]
        for piece in pieces:
            heard = Frames.of(piece[:-1], layout)
            keys.append([key for chain in contexts(heard) for key in chain])
            followers.append(relative(piece[1:], heard.base, layout))
        joined = np.concatenate(followers)
        self.tables = [
            _Table.of(np.concatenate(column), joined) for column in zip(*keys, strict=True)
        ]

    def predict(self, fed: Ints, own: Ints | None = None) -> Floats:
        """Return each expert's probabilities of what follows each symbol, (T, E, V).

        Parameters
        ----------
        fed
            Symbols with the boundary first, (T,); what is predicted follows each of them.
        own
            What follows, (T,), if the piece was among those learned from: its own counts are left
            out.
        """
        heard = Frames.of(fed, self.layout)
        followed = fed[1:] if own is None else own
        allowed = self.layout.allowed(heard, self.size)
        tables = iter(self.tables)
        found = []
        for chain in contexts(heard):
            p = allowed / allowed.sum(1, keepdims=True)
            for keys in chain:
                counts = next(tables).rows(keys, heard.base, self.layout, self.size)
                inside = _inside(keys, followed, heard, own, self.layout, self.size)
                p = _blend(p, np.maximum(counts + inside, 0), allowed)
            found.append(p)
        return np.stack(found, axis=1)

    def predict_last(self, fed: Ints) -> Floats:
        """Return each expert's probabilities of what follows the last symbol, (E, V)."""
        heard = Frames.of(fed, self.layout)
        last = heard.last()
        allowed = self.layout.allowed(last, self.size)
        tables = iter(self.tables)
        found = []
        for chain in contexts(heard):
            p = allowed / allowed.sum(1, keepdims=True)
            for keys in chain:
                counts = next(tables).rows(keys[-1:], last.base, self.layout, self.size)
                again = np.flatnonzero(keys[:-1] == keys[-1])
                follower = relative(fed[again + 1], heard.base[again], self.layout)
                symbols = absolute(follower, np.broadcast_to(last.base, len(again)), self.layout)
                np.add.at(counts[0], symbols[symbols >= 0], DOUBLE)
                p = _blend(p, counts, allowed)
            found.append(p[0])
        return np.stack(found)


def _blend(shorter: Floats, counts: Floats, allowed: Floats) -> Floats:
    """Return the probabilities of a context, falling back on those of the shorter one."""
    counts = counts * allowed
    discount = PER_FOLLOWER * (counts > 0).sum(1, keepdims=True) + np.float32(FLOOR)
    total = counts.sum(1, keepdims=True)
    return np.asarray((counts + discount * shorter) / (total + discount), dtype=np.float32)


def _inside(
    keys: Hashes, followed: Ints, heard: Frames, own: Ints | None, layout: Layout, size: int
) -> Floats:
    """Return twice what followed the context earlier in this piece, less the piece's own counts.

    Equal contexts may be met at different references, so distances are counted and put back at
    the reference of each place.
    """
    result = np.zeros((len(keys), size), dtype=np.float32)
    _, group, members = np.unique(keys, return_inverse=True, return_counts=True)
    if own is not None:  # a context met once: all its counts are this place's own
        alone = np.flatnonzero(members[group] == 1)
        result[alone, own[alone]] = -1
    places = np.flatnonzero(members[group] > 1)
    places = places[np.argsort(group[places], kind="stable")]
    if not len(places):
        return result
    _, group = np.unique(group[places], return_inverse=True)
    follower = np.zeros(len(places), dtype=np.int64)
    known = places < len(followed)
    follower[known] = relative(followed[places[known]], heard.base[places[known]], layout)
    # events: who followed whom, sorted by (context, follower), then by time
    rank = np.arange(len(places))
    pairs, pair = np.unique(group[known] * 65_536 + follower[known], return_inverse=True)
    events = np.sort(pair * len(places) + rank[known])
    of_group = pairs // 65_536
    opening = np.searchsorted(of_group, group)
    lengths = np.searchsorted(of_group, group, side="right") - opening
    row = np.repeat(rank, lengths)
    which = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths - opening, lengths)
    first = np.searchsorted(events, which * len(places))
    value = DOUBLE * (np.searchsorted(events, which * len(places) + row) - first)
    if own is not None:
        value -= np.searchsorted(events, (which + 1) * len(places)) - first
    symbol = absolute(pairs[which] % 65_536, heard.base[places[row]], layout)
    inside = (symbol >= 0) & (symbol < size)
    result[places[row[inside]], symbol[inside]] = value[inside]
    return result


def contexts(heard: Frames) -> list[list[Hashes]]:
    """Return the contexts of each expert at every place, each chain from short to long."""
    none = np.zeros(len(heard.frame), dtype=np.uint64)
    now = _salted(heard.window(0), 1)
    beat = heard.frame % heard.layout.beat
    age = _age(heard)
    return [
        [none, *(_salted(heard.window(k), 2 + k) for k in WINDOWS)],
        [_salted(none, 3), *(_salted(heard.line(heard.note, k), 40 + k) for k in LINES)],
        [now, *(_paired(now, heard.line(0 * heard.note, k), 60 + k) for k in LINES)],
        [
            _paired(none, beat, 80),
            _paired(now, beat, 81),
            *(_paired(heard.window(k), beat, 82 + k) for k in (1, 2, 4, 8, 16)),
        ],
        [
            _paired(none, age, 90),
            _paired(now, age, 91),
            _paired(now, age * 64 + beat, 110),
            *(_paired(heard.window(k), age * 64 + beat, 110 + k) for k in (1, 2, 4, 8)),
        ],
    ]


def _age(heard: Frames) -> Ints:
    """Return how long what may go on has sounded, as one number."""
    ages: Ints = np.minimum(heard.ages, LONGEST)
    if not heard.layout.separator:
        return np.asarray(ages[heard.frame, np.minimum(heard.note, ages.shape[1] - 1)])
    return np.asarray(ages[heard.frame, 0] * (LONGEST + 1) + ages[heard.frame, 1])


def _salted(values: Hashes | Ints, salt: int) -> Hashes:
    """Return hashes that differ from those of another kind of context."""
    x = values.astype(np.uint64) + np.uint64(salt * int(_ODD) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _paired(left: Hashes, right: Hashes | Ints, salt: int) -> Hashes:
    return _salted(left * _BASE + right.astype(np.uint64), salt)
