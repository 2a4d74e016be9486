"""Intervals: every note as its distance from the first-listed note of the chord before.

    D  ->  F A C  ->  E G      is      [3, 7, -2]  ->  [-1, 2]

The first chord is measured from middle C. Distances are real semitones, so octaves are kept; where
a piece made of any distances would leave the range of MIDI, it is folded back by octaves. A chord
of several notes is written as its distances, all but the last with a mark that the next sounds with
it. With `rhythm` each chord has its duration (and the step to the next, where that differs) behind
it; without, every chord lasts the same. A tune is the same in every key but for its first symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings._rhythm import (
    LENGTHS,
    chords_of,
    in_time,
    lengths_of,
    piece_of,
    silence_before,
)
from nokturn.encodings.base import BOUNDARY_NAME, Encoding, written
from nokturn.music.piece import Piece

START = 60  # the first chord is measured from here
JOINED = "&"
RANGE = range(-127, 128)


class Intervals(Encoding):
    """Distances between chords."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "pitch", "duration"})
    source: ClassVar[str] = "G2 of docs/systems.md (Gromko); the rhythm is ours"

    rhythm: bool = True  # durations beside the distances
    steps_per_quarter: int = Field(default=12, ge=1, le=48)  # 12 holds sixteenths and triplets
    usual: int = Field(default=6, ge=1, le=96)  # steps that a chord lasts, without rhythm

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which follow from the settings."""
        single = [f"{n:+d}" for n in RANGE]
        lengths = LENGTHS if self.rhythm else ()
        return self.with_vocabulary(
            [BOUNDARY_NAME, *single, *(name + JOINED for name in single), *lengths]
        )

    def _prepare(self) -> None:
        self._ids = {name: i for i, name in enumerate(self._vocabulary)}
        for name in self._vocabulary[1:]:
            int(name[1:] if name[0] in "ds" else name.removesuffix(JOINED))  # else: no such symbol

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        chords = chords_of(written(piece), self.steps_per_quarter, piece.source)
        lengths = lengths_of(chords) if self.rhythm else [([], [])] * len(chords)
        names = silence_before(chords) if self.rhythm else []
        for moves, (duration, step) in zip(
            changes([chord.pitches for chord in chords]), lengths, strict=True
        ):
            names += [f"{move:+d}{JOINED}" for move in moves[:-1]] + [f"{moves[-1]:+d}"]
            names += duration + step
        return np.array([self._ids[name] for name in names], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are one."""
        heard: list[tuple[str, tuple[int, ...]]] = []
        moves: list[int] = []
        base = START
        for symbol in np.asarray(ids, dtype=np.int64).tolist():
            name = self._vocabulary[symbol]
            if name[0] in "ds":
                heard.append((name[0], (int(name[1:]),)))
            elif name != BOUNDARY_NAME:
                moves.append(int(name.removesuffix(JOINED)))
                if not name.endswith(JOINED):
                    pitches = tuple(_folded(base + move) for move in moves)
                    heard.append(("chord", pitches))
                    base, moves = pitches[0], []
        if moves:
            heard.append(("chord", tuple(_folded(base + move) for move in moves)))
        return piece_of(in_time(heard, self.usual), self.steps_per_quarter)


def changes(chords: Sequence[Sequence[int]], start: int = START) -> list[list[int]]:
    """Return each chord as distances from the first-listed note of the chord before.

    >>> changes([[62], [65, 69, 60], [64, 67]], start=60)
    [[2], [3, 7, -2], [-1, 2]]
    """
    bases = [start, *(chord[0] for chord in chords)]
    return [[p - base for p in chord] for base, chord in zip(bases, chords, strict=False)]


def _folded(pitch: int) -> int:
    """Return a pitch moved by octaves into 0-127."""
    if 0 <= pitch < 128:
        return pitch
    return pitch % 12 if pitch < 0 else 116 + (pitch - 116) % 12
