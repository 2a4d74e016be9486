"""Counting experts: what came next where the same thing was heard before, in any key.

    experts = Experts(layout, pieces)             the pieces to train on, as symbols
    p = experts.predict(piece)                    (T, E, V): each expert's probabilities

An expert is a chain of contexts from short to long. Contexts are intervals, not pitches, and what
is counted is the distance from a reference (the top note of the frame before, or the voice's own
last pitch), so that nothing need be transposed. Probabilities are estimated from the short context
to the long one,

    p = (counts + d p_shorter) / (n + d),    d = different followers + 0.5

and what happened earlier in the same piece counts double (`again`). While a piece is trained on,
its own counts are left out (`own`): otherwise a network learns to believe the experts blindly.

Where they are `tonal`, two chains know the key (`_tonal`) in place of one that knows the meter
alone, and a shorter context counts a symbol once for each longer context that it followed. On the
JSB chorales, fixed weights, that makes 4.17 nats a frame 4.05, and .384 a note on sixteenths .359.

Everything is arrays: contexts are 64-bit hashes of windows of the piece, made with one rolling
hash; two contexts of the same hash are taken for the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nokturn.models._counts import (
    Floats,
    Hashes,
    Ints,
    Table,
    absolute,
    inside_counts,
    relative,
    salted,
)
from nokturn.models._frames import Frames, Layout
from nokturn.models._hands import HANDS, hands
from nokturn.models._tonal import tonal_contexts

PER_FOLLOWER = 1.0
FLOOR = 0.5
DOUBLE = 2.0  # weight of what happened earlier in the piece
OWN_HANDS = 4.0  # the same where a hand is heard alone
WINDOWS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)  # frames, beside the notes already in this one
LONGEST = 16  # frames for which a note's age is told
PAIR = 140  # salt of a context with its follower
LINES = (1, 2, 3, 4, 6, 8)  # frames of one voice
_BASE = np.uint64(0xD1342543DE82EF95)


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
    tonal
        Whether they know the key, and count in how many longer contexts a symbol followed.
    again
        Weight of what happened earlier in the piece.
    hands
        Whether the chains of `_hands` are asked too; for rolls.
    """

    def __init__(
        self,
        layout: Layout,
        pieces: Sequence[Ints],
        size: int,
        *,
        tonal: bool = False,
        again: float = DOUBLE,
        hands: bool = False,
    ) -> None:
        self.layout, self.size = layout, size
        self.tonal, self.again, self.hands = tonal, again, hands
        read = [self._read(Frames.of(np.zeros(1, dtype=np.int64), layout), np.zeros(0, np.int64))]
        read += [self._read(Frames.of(piece[:-1], layout), piece[1:]) for piece in pieces]
        self.chains: list[Chain | None] = []
        for parts in zip(*read, strict=True):
            if parts[0] is None:
                self.chains.append(None)
                continue
            told = [part for part in parts if part is not None]
            columns = [np.concatenate(c) for c in zip(*(keys for _, keys in told), strict=True)]
            followers = np.concatenate([follower for follower, _ in told])
            self.chains.append(Chain.of(columns, followers, by_kind=tonal))

    def _read(self, heard: Frames, followed: Ints) -> list[tuple[Ints, list[Hashes]] | None]:
        """Return of each expert what followed, as distances, and its contexts; None of one that
        hears the piece alone.
        """
        count = len(followed)
        return [
            (relative(followed, line.base[:count], self.layout), [k[:count] for k in line.keys])
            if line.counted
            else None
            for line in self._lines(heard)
        ]

    def _lines(self, heard: Frames) -> list[_Line]:
        """Return what each expert hears of a piece."""
        *chains, inside = contexts(heard, tonal=self.tonal)
        found = [_Line(heard.base, chain, self.again) for chain in chains]
        found.append(_Line(heard.base, inside, 1.0, counted=False))
        more = hands(heard) if self.hands else []
        return found + [_Line(base, chain, OWN_HANDS) for base, chain in more]

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
        found = []
        for line, learned in zip(self._lines(heard), self.chains, strict=True):
            p = allowed / allowed.sum(1, keepdims=True)
            for level, keys in enumerate(line.keys):
                taken = own if learned and not learned.by_kind else None
                counts = inside_counts(
                    keys, followed, heard, self.size, weight=line.weight, own=taken, base=line.base
                )
                if learned:
                    counts += learned.tables[level].rows(keys, line.base, self.layout, self.size)
                if learned and learned.by_kind and own is not None:
                    follower = relative(own, line.base, self.layout)
                    alone = learned.alone(line.keys, level, follower)
                    counts -= alone.rows(keys, line.base, self.layout, self.size)
                p = _blend(p, np.maximum(counts, 0), allowed)
            found.append(p)
        return np.stack(found, axis=1)

    def predict_last(self, fed: Ints) -> Floats:
        """Return each expert's probabilities of what follows the last symbol, (E, V)."""
        heard = Frames.of(fed, self.layout)
        allowed = self.layout.allowed(heard.last(), self.size)
        found = []
        for line, learned in zip(self._lines(heard), self.chains, strict=True):
            p = allowed / allowed.sum(1, keepdims=True)
            for level, keys in enumerate(line.keys):
                counts = np.zeros((1, self.size), dtype=np.float32)
                if learned:
                    table = learned.tables[level]
                    counts = table.rows(keys[-1:], line.base[-1:], self.layout, self.size)
                again = np.flatnonzero(keys[:-1] == keys[-1])
                follower = relative(fed[again + 1], line.base[again], self.layout)
                here = np.broadcast_to(line.base[-1], len(again))
                symbols = absolute(follower, here, self.layout)
                np.add.at(counts[0], symbols[symbols >= 0], line.weight)
                p = _blend(p, counts, allowed)
            found.append(p[0])
        return np.stack(found)


@dataclass(frozen=True)
class _Line:
    """What an expert hears of a piece.

    Attributes
    ----------
    base
        What distances are measured from, (T,).
    keys
        Contexts from short to long, (T,) each.
    weight
        Of what happened earlier in the piece.
    counted
        Whether it counts the corpus, too.
    """

    base: Ints
    keys: list[Hashes]
    weight: float
    counted: bool = True


@dataclass(frozen=True)
class Chain:
    """What followed the contexts of one expert, from short to long.

    Attributes
    ----------
    tables
        One for each length.
    by_kind
        Whether a symbol counts once for every longer context that it followed, as in Kneser and
        Ney's estimate: what always follows the same is foretold by the longer context already.
    pairs, times
        Of each table but the last: the longer contexts with their followers, as sorted hashes, and
        how often they were met, where that is more than once.
    """

    tables: list[Table]
    by_kind: bool
    pairs: list[Hashes]
    times: list[Ints]

    @classmethod
    def of(cls, chain: Sequence[Hashes], followers: Ints, *, by_kind: bool) -> Chain:
        """Count what followed the contexts (N,), one array for each length."""
        if not by_kind:
            return cls([Table.of(keys, followers) for keys in chain], by_kind, [], [])
        found = cls([], by_kind, [], [])
        for keys, longer in itertools.pairwise(chain):
            pairs, first, times = np.unique(
                _paired(longer, followers, PAIR), return_index=True, return_counts=True
            )
            found.tables.append(Table.of(keys[first], followers[first]))
            found.pairs.append(pairs[times > 1])
            found.times.append(times[times > 1])
        found.tables.append(Table.of(chain[-1], followers))
        return found

    def alone(self, chain: Sequence[Hashes], level: int, followers: Ints) -> Table:
        """Return what a piece that was counted, and no other, has added to a table."""
        keys = chain[level]
        if level == len(self.tables) - 1:
            return Table.of(keys, followers)
        pairs, first, times = np.unique(
            _paired(chain[level + 1], followers, PAIR), return_index=True, return_counts=True
        )
        met = np.ones(len(pairs), dtype=np.int64)
        place = np.searchsorted(self.pairs[level], pairs)
        known = np.flatnonzero(place < len(self.pairs[level]))
        known = known[self.pairs[level][place[known]] == pairs[known]]
        met[known] = self.times[level][place[known]]
        only = first[times == met]
        return Table.of(keys[only], followers[only])


def _blend(shorter: Floats, counts: Floats, allowed: Floats) -> Floats:
    """Return the probabilities of a context, falling back on those of the shorter one."""
    counts = counts * allowed
    discount = PER_FOLLOWER * (counts > 0).sum(1, keepdims=True) + np.float32(FLOOR)
    total = counts.sum(1, keepdims=True)
    return np.asarray((counts + discount * shorter) / (total + discount), dtype=np.float32)


def count(*, tonal: bool, hands: bool) -> int:
    """Return how many experts there are."""
    return (7 if tonal else 6) + HANDS * hands


def contexts(heard: Frames, *, tonal: bool = False) -> list[list[Hashes]]:
    """Return the contexts of each expert at every place, each chain from short to long."""
    none = np.zeros(len(heard.frame), dtype=np.uint64)
    now = salted(heard.window(0), 1)
    beat = heard.frame % heard.layout.beat
    changes = heard.changes
    moved = heard.base - changes.base + 512  # in a grid each voice has its own reference
    stood = _paired(now, changes.age * 1024 + moved, 120)
    timed = _paired(stood, beat, 117)
    metrical = [
        _paired(none, beat, 80),
        _paired(now, beat, 81),
        *(_paired(heard.window(k), beat, 82 + k) for k in (1, 2, 4, 8, 16)),
    ]
    return [
        [none, *(salted(heard.window(k), 2 + k) for k in WINDOWS)],
        [salted(none, 3), *_voice(heard)],
        [now, *_top(heard, now)],
        *(tonal_contexts(heard) if tonal else [metrical]),
        [
            _paired(now, moved, 119),
            stood,
            timed,
            *(_paired(timed, changes.window(k), 120 + k) for k in (1, 2, 3, 4, 6, 8, 12)),
        ],
        [none, now, *(salted(heard.window(k), 130 + k) for k in (1, 2, 4, 8, 16, 32))],
    ]


def _voice(heard: Frames) -> list[Hashes]:
    """Return contexts of the next note's own voice: notes with lengths, or frames of a line."""
    if heard.layout.separator:
        return [salted(heard.line(heard.note, k), 40 + k) for k in LINES]
    phase = heard.frame % 4
    return [_paired(heard.events(heard.note, k), phase, 40 + k) for k in (1, 2, 3, 4, 5, 6, 8)]


def _top(heard: Frames, now: Hashes) -> list[Hashes]:
    """Return contexts of one line with the notes known in this frame: of rolls the top line."""
    if heard.layout.separator:
        return [_paired(now, heard.line(0 * heard.note, k), 60 + k) for k in LINES]
    return [_paired(now, heard.events(heard.note, k), 60 + k) for k in (1, 2, 3, 4, 6)]


def _paired(left: Hashes, right: Hashes | Ints, salt: int) -> Hashes:
    return salted(left * _BASE + right.astype(np.uint64), salt)
