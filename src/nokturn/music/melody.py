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

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nokturn.music.piece import Piece
from nokturn.music.pitch import Pitch
from nokturn.music.score import Score
from nokturn.music.sheet import Event, Sheet
from nokturn.music.time import TICKS_PER_QUARTER

DRUM_STEP = TICKS_PER_QUARTER // 4  # how finely a drummer's time is read
MOST_CHORDS = 4096  # whose top is remembered
_SILENCE = np.iinfo(np.int64).min
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
        steps = np.empty((max(0, len(self) - 1), 2), dtype=np.int64)
        steps[:, 0] = self.pitches[1:] - self.pitches[:-1]
        steps[:, 1] = self.durations[:-1]
        return steps

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
    return _written(music)


def has_melody(piece: Piece) -> bool:
    """Return whether the melody of a piece has a note."""
    music = piece.sheet_or_score
    if isinstance(music, Score):
        return any(len(track.notes) for track in music.tracks)
    return any(event.pitches for line in _lines(music) for event in line)


def _lines(sheet: Sheet) -> list[list[Event]]:
    """Return what the first voice plays in each bar."""
    return [bar.voices[0] if bar.voices else [] for bar in sheet.bars]


def _written(sheet: Sheet) -> Melody:
    lines = _lines(sheet)
    events = [event for line in lines for event in line]
    pitches = np.array([_TOPS[event.pitches] for event in events], dtype=np.int64)
    durations = np.array([event.duration for event in events])
    if durations.dtype == object:  # some are fractions
        durations = np.array([round(event.duration) for event in events])
    bars = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    sounding = pitches != _SILENCE
    if not sounding.all():
        pitches, durations, bars = pitches[sounding], durations[sounding], bars[sounding]
    durations = durations.astype(np.int64)
    if not any(event.ties for event in events):
        return Melody(pitches, durations, bars)
    tied = np.array([top_is_tied(event) for event in events], dtype=bool)[sounding]
    return joined(pitches, durations, bars, tied)


def joined(
    pitches: NDArray[np.int64],
    durations: NDArray[np.int64],
    bars: NDArray[np.int64],
    tied: NDArray[np.bool_],
) -> Melody:
    """Return the melody of notes of which a tied one is one with the next like it; each (N,)."""
    if tied.any():
        begins = np.append(True, ~tied[:-1] | (pitches[1:] != pitches[:-1]))[: len(pitches)]
        durations = np.add.reduceat(durations, np.flatnonzero(begins))
        pitches, bars = pitches[begins], bars[begins]
    return Melody(pitches, durations, bars)


class _Tops(dict[tuple[Pitch, ...], int]):
    """The highest note of chords, in MIDI."""

    def __missing__(self, pitches: tuple[Pitch, ...]) -> int:
        if len(self) >= MOST_CHORDS:
            self.clear()
        self[pitches] = max((pitch.midi for pitch in pitches), default=_SILENCE)
        return self[pitches]


_TOPS = _Tops()


def top_is_tied(event: Event) -> bool:
    """Return whether the highest note of an event goes on in the next."""
    midi = [pitch.midi for pitch in event.pitches]
    top = midi.index(max(midi)) if len(midi) > 1 else 0
    return top < len(event.ties) and event.ties[top]


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
