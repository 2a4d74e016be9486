"""Melody: the one line by which a piece is known again, whatever key it stands in.

    melody(piece).steps   ->   (interval in semitones, duration of the note it leads from) ...

The line is what the first voice plays as it stands, without repeats; of chords the top note; tied
notes are one; rests lengthen nothing and are passed over. Of a Score it is the top note of each
onset in the first track that is no drum, and where all are drums, what the drummer strikes, with
the time to the next stroke in sixteenths. Versions of a tune in different keys have the same steps.
Its weakness: a tune written in notes of twice the length is another one, and so is one performed
freely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nokturn.music.piece import Piece
from nokturn.music.pitch import Pitch
from nokturn.music.score import Score
from nokturn.music.sheet import Sheet
from nokturn.music.time import TICKS_PER_QUARTER

DRUM_STEP = TICKS_PER_QUARTER // 4  # how finely a drummer's time is read
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Melody:
    """A line of notes.

    ``pitches`` are MIDI numbers (N,), ``durations`` ticks (N,), rounded, ``bars`` the index of the
    bar of the sheet that each note begins in; -1 where nothing was written.
    """

    pitches: NDArray[np.int64]
    durations: NDArray[np.int64]
    bars: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pitches)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Interval to the next note and duration of this one, (N - 1, 2)."""
        return np.stack([np.diff(self.pitches), self.durations[:-1]], axis=1)

    def runs(self, notes: int) -> NDArray[np.uint64]:
        """Return a number for each run of so many notes: equal runs in any key have the same.

        The last note of a run counts by its pitch alone, as its end is often varied. Shape
        (max(0, N - notes + 1),).
        """
        if len(self) < notes:
            return np.zeros(0, dtype=np.uint64)
        steps = self.steps.astype(np.uint64)
        codes = (steps[:, 0] * np.uint64(1_000_003) + steps[:, 1]) * _MIX
        codes ^= codes >> np.uint64(29)
        result = np.zeros(len(self) - notes + 1, dtype=np.uint64)
        for column in sliding_window_view(codes, notes - 1).T:
            result = (result ^ column) * _MIX
            result ^= result >> np.uint64(31)
        return result


def melody(piece: Piece) -> Melody:
    """Return the melody of a piece; it may be empty."""
    music = piece.sheet_or_score
    if isinstance(music, Score):
        return _sounding(music)
    table = np.fromiter(chain.from_iterable(_written(music)), dtype=np.int64).reshape(-1, 3)
    return Melody(table[:, 0], table[:, 1], table[:, 2])


def has_melody(piece: Piece) -> bool:
    """Return whether the melody of a piece has a note."""
    music = piece.sheet_or_score
    if isinstance(music, Score):
        return any(len(track.notes) for track in music.tracks)
    return next(_written(music), None) is not None


def _written(sheet: Sheet) -> Iterator[tuple[int, int, int]]:
    tied: list[int] = []  # the note that goes on: pitch, duration, bar
    for number, bar in enumerate(sheet.bars):
        for event in bar.voices[0] if bar.voices else ():
            pitches, ties = event.pitches, event.ties
            if not pitches:
                continue
            top = 0 if len(pitches) == 1 else _highest(pitches)
            pitch, duration = pitches[top].midi, round(event.duration)
            if not (tied or ties):
                yield pitch, duration, number
                continue
            if tied and tied[0] == pitch:
                tied[1] += duration
            else:
                if tied:
                    yield tied[0], tied[1], tied[2]
                tied = [pitch, duration, number]
            if not (top < len(ties) and ties[top]):
                yield tied[0], tied[1], tied[2]
                tied = []
    if tied:
        yield tied[0], tied[1], tied[2]


def _highest(pitches: tuple[Pitch, ...]) -> int:
    """Return the place of a chord's top note."""
    return max(range(len(pitches)), key=lambda k: pitches[k].midi)


def _sounding(score: Score) -> Melody:
    playing = [track for track in score.tracks if len(track.notes)]
    pitched = [track for track in playing if not track.drums]
    if not playing:
        return Melody(*np.zeros((3, 0), dtype=np.int64))
    notes = (pitched or playing)[0].notes
    # Notes stand in order of pitch at each onset: the last is the top.
    notes = notes[np.append(notes["onset"][1:] != notes["onset"][:-1], True)]
    lengths = notes["duration"] if pitched else np.diff(notes["onset"], append=notes["onset"][-1:])
    ticks = np.rint(lengths * (TICKS_PER_QUARTER / score.ticks_per_quarter))
    if not pitched:
        ticks = np.rint(ticks / DRUM_STEP) * DRUM_STEP
    nowhere = np.full(len(notes), -1)
    return Melody(notes["pitch"].astype(np.int64), ticks.astype(np.int64), nowhere)
