"""Rhythm: onsets, durations and accents without pitches.

    >>> r = Rhythm.of([(0, 480, 100), (720, 240, 70)], length=960)
    >>> r.over(1920).onsets.tolist()
    [0, 720, 960, 1680]

Times are ticks, 480 to the quarter note. A rhythm has a length and may be played round and round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError
from nokturn.music.score import NOTE, Notes, in_order

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rhythm:
    """When notes begin, how long they last and how loud they are.

    Attributes
    ----------
    onsets
        Ticks, rising, 0 <= onset < length, shape (N,).
    durations
        Ticks >= 1, shape (N,).
    velocities
        1-127, shape (N,).
    length
        Ticks of the whole, rests at the end included.
    """

    onsets: Ints
    durations: Ints
    velocities: Ints
    length: int

    @staticmethod
    def of(rows: Iterable[Sequence[int]], length: int) -> Rhythm:
        """Make a rhythm from rows of (onset, duration, velocity), in any order."""
        table = np.array(sorted(tuple(row) for row in rows), dtype=np.int64).reshape(-1, 3)
        return Rhythm(table[:, 0], table[:, 1], table[:, 2], length)

    def __len__(self) -> int:
        """Return the number of onsets."""
        return len(self.onsets)

    def over(self, length: int) -> Rhythm:
        """Return the rhythm played round and round for so many ticks, cut off at the end."""
        times = -(-length // self.length)
        starts = np.repeat(np.arange(times) * self.length, len(self))
        onsets = starts + np.tile(self.onsets, times)
        kept = onsets < length
        onsets, durations = onsets[kept], np.tile(self.durations, times)[kept]
        durations = np.minimum(durations, length - onsets)
        return Rhythm(onsets, durations, np.tile(self.velocities, times)[kept], length)

    def then(self, other: Rhythm) -> Rhythm:
        """Return this rhythm, and another one after it."""
        return Rhythm(
            np.concatenate([self.onsets, self.length + other.onsets]),
            np.concatenate([self.durations, other.durations]),
            np.concatenate([self.velocities, other.velocities]),
            self.length + other.length,
        )

    def one_by_one(self) -> Rhythm:
        """Return the rhythm with notes that end where the next begins, at the latest."""
        gaps = np.diff(self.onsets, append=self.length)
        return replace(self, durations=np.minimum(self.durations, gaps))

    @staticmethod
    def of_notes(notes: Notes, length: int) -> Rhythm:
        """Return the rhythm of notes; those that begin together are one, as long as the longest."""
        onsets, which = np.unique(notes["onset"], return_inverse=True)
        durations, velocities = np.ones_like(onsets), np.ones_like(onsets)
        np.maximum.at(durations, which, notes["duration"])
        np.maximum.at(velocities, which, notes["velocity"])
        kept = onsets < length
        return Rhythm(onsets[kept], durations[kept], velocities[kept], length)

    def played(self, chords: Sequence[Sequence[int]]) -> Notes:
        """Return notes: each onset takes the next chord, a sequence of MIDI pitches.

        The chords go round and round; an empty chord is a rest. `InputError` where there is none.
        """
        if not any(len(chord) for chord in chords):
            raise InputError("there are no pitches to give to the rhythm.", "Name some notes.")
        chosen = [chords[i % len(chords)] for i in range(len(self))]
        counts = [len(chord) for chord in chosen]
        rows = np.repeat(np.arange(len(self)), counts)
        notes = np.zeros(len(rows), dtype=NOTE)
        notes["onset"], notes["duration"] = self.onsets[rows], self.durations[rows]
        notes["velocity"] = self.velocities[rows]
        notes["pitch"] = np.array([p for chord in chosen for p in chord], dtype=np.int64)
        return in_order(notes)
