"""Piano roll: frames of what sounds, each written as its notes from high to low.

    C major held, then C minor   ->   G4. E4. C4. |  G4 E4 C4 |  G4 Eb4. C4 |        (. = struck)

Time is cut into frames, so many a quarter or a second; a note sounds in every frame that it covers,
at least in one. The symbols of a frame are its notes, falling, and the sign of its end: so a roll
is a row of symbols like any other music. Without `struck` a repeated note is one long one. What is
exact is what the grid holds: onsets and durations are rounded to frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from nokturn.encodings.base import BOUNDARY_NAME, Encoding, written
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.pitch import usual_name
from nokturn.music.score import NOTE, Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

END = "|"
MAX_FRAMES = 200_000
VELOCITY = 80


class PianoRoll(Encoding):
    """Frames of sounding notes."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "pitch", "duration"})
    source: ClassVar[str] = (
        "Boulanger-Lewandowski et al., 'Modeling Temporal Dependencies in High-Dimensional "
        "Sequences', 2012, arXiv:1206.6392"
    )

    per_quarter: int = Field(default=4, ge=0, le=96)  # frames a quarter; 0 = by the second
    per_second: float = Field(default=0.0, ge=0, le=200)  # frames a second, where not by the beat
    struck: bool = True  # whether a note's first frame has a sign of its own
    low: int = Field(default=21, ge=0, le=127)  # lowest pitch; others are left out
    high: int = Field(default=108, ge=0, le=127)
    beat: int = Field(default=16, ge=1, le=64)  # frames of a bar, for networks that count

    @model_validator(mode="after")
    def _one_clock(self) -> PianoRoll:
        if bool(self.per_quarter) == bool(self.per_second):
            raise ValueError("frames are counted per_quarter or per_second; set the other to 0")
        if self.low > self.high:
            raise ValueError("low lies above high")
        return self

    @property
    def layout(self) -> dict[str, int]:
        """Where pitches and frame ends lie among the symbols; see `Encoding.layout`."""
        pitches = self.high - self.low + 1
        return {
            "first": 2,
            "pitches": pitches,
            "kinds": 2 if self.struck else 1,
            "separator": 1,
            "beat": self.beat,
        }

    @property
    def by_second(self) -> bool:
        """Whether time goes by the second."""
        return bool(self.per_second)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which follow from the settings."""
        signs = (".", "") if self.struck else ("",)
        names = [usual_name(pitch) for pitch in range(self.low, self.high + 1)]
        notes = [name + sign for sign in signs[::-1] for name in names]
        return self.with_vocabulary([BOUNDARY_NAME, END, *notes])

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        frames, pitches, struck = self._cells(written(piece))
        ends = self._length(piece.score, frames)
        if not len(frames):
            raise InputError(
                "there is no note in the range of the roll.",
                "Drums have no place in a roll; choose other tracks.",
                source=piece.source,
            )
        ids = 2 + pitches - self.low
        if self.struck:
            ids = ids + struck * (self.high - self.low + 1)
        frames = np.concatenate([frames, np.arange(ends)])
        ids = np.concatenate([ids, np.ones(ends, dtype=np.int64)])
        order = np.lexsort((-np.concatenate([pitches, np.full(ends, -1)]), frames))
        return ids[order].astype(np.int32)

    def _cells(self, score: Score) -> tuple[NDArray[np.int64], ...]:
        """Return frame, pitch and struck (0, 1) of every cell that sounds, each once."""
        notes = np.concatenate(
            [np.zeros(0, dtype=NOTE), *(t.notes for t in score.tracks if not t.drums)]
        )
        notes = notes[(notes["pitch"] >= self.low) & (notes["pitch"] <= self.high)]
        starts = self._frames(score, notes["onset"])
        stops = self._frames(score, notes["onset"] + notes["duration"])
        lengths = np.maximum(stops - starts, 1)
        total = int(lengths.sum())
        if total and int((starts + lengths).max()) > MAX_FRAMES:
            raise InputError(
                f"the piece is longer than {MAX_FRAMES:,} frames.", "Use fewer frames a quarter."
            )
        first = np.cumsum(lengths) - lengths
        frames = np.arange(total) - np.repeat(first - starts, lengths)
        pitches = np.repeat(notes["pitch"].astype(np.int64), lengths)
        struck = np.zeros(total, dtype=np.int64)
        struck[first] = 1
        cells, where = np.unique(frames * 128 + pitches, return_inverse=True)
        marks = np.zeros(len(cells), dtype=np.int64)
        np.maximum.at(marks, where, struck)
        return cells // 128, cells % 128, marks

    def _frames(self, score: Score, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the frames that are nearest to ticks."""
        if self.per_quarter:
            return np.floor(ticks * self.per_quarter / TICKS_PER_QUARTER + 0.5).astype(np.int64)
        return np.floor(score.seconds_at(ticks) * self.per_second + 0.5).astype(np.int64)

    def _length(self, score: Score, frames: NDArray[np.int64]) -> int:
        """Return how many frames there are: to the last note's end, or to the score's."""
        sounding = int(frames.max()) + 1 if len(frames) else 0
        end = self._frames(score, np.array([score.end]))[0]
        return min(max(sounding, int(end)), MAX_FRAMES)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are a roll."""
        symbols = np.asarray(ids, dtype=np.int64)
        symbols = symbols[symbols > 0]
        frame = np.concatenate([[0], np.cumsum(symbols == 1)])[:-1]
        note = symbols > 1
        kinds = self.high - self.low + 1
        pitch = self.low + (symbols[note] - 2) % kinds
        struck = (symbols[note] - 2) // kinds if self.struck else np.zeros(note.sum(), int)
        ticks = self._ticks_per_frame()
        rows = [
            (round(start * ticks), max(1, round(count * ticks)), key, VELOCITY)
            for start, count, key in _joined(frame[note], pitch, struck)
        ]
        frames = int(frame[-1]) + 1 if len(frame) else 0
        return Piece(Score([Track.of(rows)], length=round(frames * ticks)))

    def _ticks_per_frame(self) -> float:
        if self.per_quarter:
            return TICKS_PER_QUARTER / self.per_quarter
        return TICKS_PER_QUARTER * 2 / self.per_second  # at 120 quarters a minute


def _joined(
    frames: NDArray[np.int64], pitches: NDArray[np.int64], struck: NDArray[np.int64]
) -> list[tuple[int, int, int]]:
    """Return first frame, number of frames and pitch of the notes that cells make up."""
    if not len(frames):
        return []
    order = np.lexsort((frames, pitches))
    frames, pitches, struck = frames[order], pitches[order], struck[order]
    again = np.append(False, (pitches[1:] == pitches[:-1]) & (frames[1:] == frames[:-1]))
    frames, pitches, struck = frames[~again], pitches[~again], struck[~again]
    new = np.ones(len(frames), dtype=bool)
    new[1:] = (pitches[1:] != pitches[:-1]) | (frames[1:] != frames[:-1] + 1) | (struck[1:] == 1)
    first = np.flatnonzero(new)
    lengths = np.diff(np.append(first, len(frames)))
    return list(zip(frames[first].tolist(), lengths.tolist(), pitches[first].tolist(), strict=True))
