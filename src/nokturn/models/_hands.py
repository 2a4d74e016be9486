"""Contexts of one hand: what counting experts are told of a roll beside whole frames.

    for base, chain in hands(Frames.of(symbols, layout)): ...

Where a melody moves over an accompaniment no frame comes again as a whole, but what lies near the
next note does: the notes of the frames before that lay below the last note of this one, within an
octave of the highest of them. That highest note is the reference of three chains, so a pattern is
known in any key and at any height, whatever is played above it; two chains count from the lowest
key instead, as music stays in its scale. Each chain is a reference, (T,), and contexts from short
to long, (T,) each, as in `_experts`. Their weakness: a melody that rises lies below itself.

A set of keys is known by a sum of powers of an odd number, one for each key: a sum over any range
of keys is a difference of two running sums, and dividing by a power moves it. Two sets of the same
sum are taken for the same.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from nokturn.models._counts import Hashes, Ints, salted
from nokturn.models._frames import Frames

HANDS = 5  # chains
NEAR = 12  # semitones below the reference that still are the hand
FRAMES = (1, 2, 3, 4, 6, 8, 12, 16)  # frames before that a chain tells of
NOTHING = 500  # stands for a note that is not there; above all keys
_ODD = 0x9E3779B97F4A7C15
_BASE = np.uint64(0xD1342543DE82EF95)

Chain: TypeAlias = tuple[Ints, list[Hashes]]


def hands(heard: Frames) -> list[Chain]:
    """Return the reference and the contexts of each chain, from short to long, at every place."""
    known = _Hand(heard)
    return [known.near(), known.near(struck=True), known.all(), known.absolute(), known.highest()]


class _Hand:
    """What lies below the last note of the present frame, at every place of a piece."""

    def __init__(self, heard: Frames) -> None:
        keys, count = heard.layout.pitches, len(heard.starts)
        sounds = np.zeros((count, keys), dtype=bool)  # row f: frame f - 1, so known before frame f
        at = np.flatnonzero(heard.pitch >= 0)
        frame = heard.frame[at - 1] + 1
        sounds[frame[frame < count], heard.pitch[at][frame < count]] = True
        struck = sounds.copy()
        struck[1:] &= ~sounds[:-1]
        self._frame = heard.frame
        self._sums = {False: _running(sounds), True: _running(struck)}
        self._highest = np.full((count, keys + 1), -1, dtype=np.int64)
        number = np.where(sounds, np.arange(keys), -1)
        self._highest[:, 1:] = np.maximum.accumulate(number, axis=1)
        self._inverse = _powers(pow(_ODD, -1, 1 << 64), keys)
        within = (heard.note > 0) & (heard.pitch >= 0)
        self._last = np.where(within, heard.pitch, keys)
        self._top = self._highest[heard.frame, self._last]
        free = np.where(within, heard.pitch, heard.base)  # nothing below: the note itself
        self._base = np.where(self._top >= 0, self._top, free)
        away = np.minimum(self._last - self._base, NEAR + 1)  # farther: the other hand's
        distance = np.where(within, away, 2 * NOTHING)
        self._distance = distance.astype(np.uint64) + np.uint64(4 * NOTHING) * (self._top < 0)
        self._place = np.where(within, heard.pitch, NOTHING).astype(np.uint64)
        self._none = np.zeros(len(heard.frame), dtype=np.uint64)

    def _set(
        self, lag: int, lowest: Ints | int, *, struck: bool = False, moved: bool = True
    ) -> Hashes:
        """Return hashes of the notes so many frames ago from a key up to below the last note.

        ``moved`` = as heard from the reference.
        """
        row = self._frame - lag + 1
        sums, there = self._sums[struck], np.maximum(row, 0)
        found = sums[there, self._last] - sums[there, np.minimum(lowest, self._last)]
        if moved:
            found = found * self._inverse[self._base]
        return np.where(row >= 0, found, np.uint64(7))

    def near(self, *, struck: bool = False) -> Chain:
        """Frames within an octave below the reference; or what was struck in them."""
        return self._frames(np.maximum(self._base - NEAR, 0), struck=struck)

    def all(self) -> Chain:
        """All notes below."""
        return self._frames(0)

    def _frames(self, lowest: Ints | int, *, struck: bool = False) -> Chain:
        x = self._distance
        chain = [self._none, salted(x, 440)]
        if struck:
            x = _paired(x, self._set(1, lowest), 445)
            chain.append(x)
        for lag in range(1, FRAMES[-1] + 1):
            x = _paired(x, self._set(lag, lowest, struck=struck), 441)
            if lag in FRAMES:
                chain.append(salted(x, 442 + lag))
        return self._base, chain

    def absolute(self) -> Chain:
        """All notes below by their keys."""
        x = self._place
        chain = [self._none, salted(x, 401)]
        for lag in range(1, 9):
            x = _paired(x, self._set(lag, 0, moved=False), 402)
            if lag in FRAMES:
                chain.append(salted(x, 403 + lag))
        return np.zeros_like(self._base), chain

    def highest(self) -> Chain:
        """The two highest notes below, by their keys."""
        next_below = self._highest[self._frame, np.maximum(self._top, 0)]
        second = np.where(self._top >= 0, next_below, -9) + NOTHING
        x = _paired(self._place, self._top + NOTHING, 463)
        chain = [self._none, salted(self._place, 461), salted(x, 462), _paired(x, second, 464)]
        return np.zeros_like(self._base), chain


def _running(rolls: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Hashes:
    """Return the sums of powers over the keys below each key, (F, keys + 1)."""
    count, keys = rolls.shape
    sums = np.zeros((count, keys + 1), dtype=np.uint64)
    np.cumsum(rolls * _powers(_ODD, keys), axis=1, out=sums[:, 1:], dtype=np.uint64)
    return sums


def _powers(number: int, count: int) -> Hashes:
    powers = np.ones(count, dtype=np.uint64)
    powers[1:] = number
    return np.multiply.accumulate(powers)


def _paired(left: Hashes, right: Hashes | Ints, salt: int) -> Hashes:
    return salted(left * _BASE + right.astype(np.uint64), salt)
