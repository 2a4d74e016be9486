"""Voices: a fixed number of parts on a grid, one symbol a part and step.

    S A T B on sixteenths    ->    Bb4 G4 Eb4 Eb3 | Bb4 G4 Eb4 Eb3 | ...      (- = rest)

What a step holds is what sounds in it; a pitch that goes on is written again. Without `struck` a
repeated note is one long one. Of several notes in a part the highest is kept. Tracks are the parts,
in their order; drums are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from nokturn.encodings.base import BOUNDARY_NAME, Encoding, written
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.pitch import usual_name
from nokturn.music.score import Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

REST = "-"
MAX_STEPS = 200_000
VELOCITY = 80


class Voices(Encoding):
    """Parts on a grid."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "pitch", "duration"})
    source: ClassVar[str] = (
        "Huang et al., 'Counterpoint by Convolution', 2017, and Peracha, 'Improving Polyphonic "
        "Music Models with Feature-Rich Encoding' (TonicNet), 2019, arXiv:1911.11775"
    )

    voices: int = Field(default=4, ge=1, le=16)
    per_quarter: int = Field(default=4, ge=1, le=24)  # steps a quarter
    struck: bool = True  # whether a note's first step has a sign of its own
    low: int = Field(default=21, ge=0, le=127)  # lowest pitch; others are left out
    high: int = Field(default=108, ge=0, le=127)
    beat: int = Field(default=16, ge=1, le=64)  # steps of a bar, for networks that count

    @property
    def layout(self) -> dict[str, int]:
        """Where pitches lie, and how many symbols a step has; see `Encoding.layout`."""
        return {
            "first": 2,
            "pitches": self._pitches,
            "kinds": 2 if self.struck else 1,
            "voices": self.voices,
            "beat": self.beat,
        }

    @property
    def _pitches(self) -> int:
        return max(0, self.high - self.low + 1)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which follow from the settings."""
        names = [usual_name(pitch) for pitch in range(self.low, self.high + 1)]
        signs = ("", ".") if self.struck else ("",)
        return self.with_vocabulary([BOUNDARY_NAME, REST, *(n + s for s in signs for n in names)])

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        score = written(piece)
        tracks = [track for track in score.tracks if not track.drums][: self.voices]
        steps = self._step(np.array([score.end]))[0]
        if steps > MAX_STEPS:
            raise InputError(f"the piece is longer than {MAX_STEPS:,} steps.", source=piece.source)
        grid = np.zeros((max(1, int(steps)), self.voices), dtype=np.int64) - 1
        struck = np.zeros(grid.shape, dtype=np.int64)
        for voice, track in enumerate(tracks):
            notes = track.notes[(track.notes["pitch"] >= self.low)]
            notes = np.sort(notes[notes["pitch"] <= self.high], order="pitch")  # the highest last
            starts = self._step(notes["onset"])
            stops = np.maximum(self._step(notes["onset"] + notes["duration"]), starts + 1)
            for start, stop, pitch in zip(starts, stops, notes["pitch"], strict=True):
                grid[start:stop, voice] = pitch
                struck[start:stop, voice] = 0
                struck[start : start + 1, voice] = 1
        if (grid < 0).all():
            raise InputError(
                "there is no note in the range of the voices.",
                "Drums have no place here; choose other tracks.",
                source=piece.source,
            )
        ids = np.where(grid < 0, 1, 2 + grid - self.low)
        if self.struck:
            ids += np.where(grid < 0, 0, struck * self._pitches)
        return ids.ravel().astype(np.int32)

    def _step(self, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(
            np.floor(ticks * self.per_quarter / TICKS_PER_QUARTER + 0.5), dtype=np.int64
        )

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are some voices."""
        symbols = np.asarray(ids, dtype=np.int64)
        symbols = symbols[symbols > 0]
        steps = -(-len(symbols) // self.voices)
        grid = np.pad(symbols, (0, steps * self.voices - len(symbols)), constant_values=1)
        tick = TICKS_PER_QUARTER / self.per_quarter
        tracks = [
            Track.of(
                [
                    (round(a * tick), max(1, round((b - a) * tick)), pitch, VELOCITY)
                    for a, b, pitch in self._notes(column)
                ],
                name=f"Voice {voice + 1}",
            )
            for voice, column in enumerate(grid.reshape(steps, self.voices).T)
        ]
        return Piece(Score(tracks, length=round(steps * tick)))

    def _notes(self, column: NDArray[np.int64]) -> list[tuple[int, int, int]]:
        """Return first step, stop and pitch of the notes of a part."""
        if not len(column):
            return []
        pitch = np.where(column > 1, self.low + (column - 2) % self._pitches, -1)
        new = np.ones(len(column), dtype=bool)
        new[1:] = pitch[1:] != pitch[:-1]
        new |= column >= 2 + self._pitches  # struck
        starts = np.flatnonzero(new)
        stops = np.append(starts[1:], len(column))
        rows = zip(starts.tolist(), stops.tolist(), pitch[starts].tolist(), strict=True)
        return [row for row in rows if row[2] >= 0]
