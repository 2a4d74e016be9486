"""MIDI-like events: note-on, note-off and time-shift, a symbol each.

    C4 for a quarter note, at 12 steps to the quarter   ->   on_60 shift_12 off_60

The simplest encoding that keeps polyphony. Time goes by the beat, or by the second for performances
(100 steps a second is what its authors took). Its weakness: nothing in it marks a beat, and a model
must remember each note-on until it writes the note-off. A key that is struck while it sounds ends
the note before, as on a piano; what is never released sounds to the end. All instruments but drums
are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr, model_validator

from nokturn.encodings.base import BOUNDARY_NAME, Encoding, written
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Notes, Score, Track, in_order
from nokturn.music.time import TICKS_PER_QUARTER

VELOCITY = 80
OFF, ON, SHIFT = 1, 129, 257  # id of off_0, of on_0 and of shift_1
MAX_STEPS = 1_000_000  # hours of music; a wrong time in a file must not fill the memory


class MidiLike(Encoding):
    """Note-on, note-off, time-shift."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "pitch", "duration"})
    source: ClassVar[str] = "Oore et al., 'This Time with Feeling', 2018, arXiv:1808.03715"

    steps_per_quarter: int = Field(default=12, ge=0, le=96)  # 12 holds sixteenths and triplets
    steps_per_second: int = Field(default=0, ge=0, le=1000)  # where not by the beat
    longest: int = Field(default=48, ge=1, le=1000)  # steps of one shift; more take several
    velocities: int = Field(default=0, ge=0, le=127)  # how many are told apart; 0 = none is kept

    _loud: tuple[int, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _one_clock(self) -> MidiLike:
        if bool(self.steps_per_quarter) == bool(self.steps_per_second):
            raise ValueError("steps go per_quarter or per_second; set the other to 0")
        return self

    @property
    def by_second(self) -> bool:
        """Whether time goes by the second."""
        return bool(self.steps_per_second)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which follow from the settings."""
        offs = [f"off_{pitch}" for pitch in range(128)]
        ons = [f"on_{pitch}" for pitch in range(128)]
        shifts = [f"shift_{n}" for n in range(1, self.longest + 1)]
        values = np.linspace(0, 127, self.velocities + 1)[1:].round().astype(int).tolist()
        loud = [f"velocity_{value}" for value in dict.fromkeys(values)]
        return self.with_vocabulary([BOUNDARY_NAME, *offs, *ons, *shifts, *loud])

    def _prepare(self) -> None:
        names = self._vocabulary[SHIFT + self.longest :]
        self._loud = tuple(int(name.partition("_")[2]) for name in names)

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        starts, ends, notes = self._struck(written(piece), piece.source)
        n = len(notes)
        pitch = notes["pitch"].astype(np.int64)
        times = np.concatenate([starts, ends])
        struck = np.arange(2 * n) < n
        order = np.lexsort((np.tile(pitch, 2), struck, times))  # what ends, ends before what begins
        times, struck, key = times[order], struck[order], np.tile(pitch, 2)[order]
        waits = np.diff(times, prepend=0)
        rows = np.zeros((2 * n, 4), dtype=np.int64)  # whole shifts, a shift, a velocity, the note
        rows[:, 0] = SHIFT + self.longest - 1
        rest = waits % self.longest
        rows[:, 1] = SHIFT - 1 + rest
        rows[:, 3] = np.where(struck, ON, OFF) + key
        counts = np.ones((2 * n, 4), dtype=np.int64)
        counts[:, 0], counts[:, 1], counts[:, 2] = waits // self.longest, rest > 0, 0
        if self._loud:
            bins = np.abs(notes["velocity"][:, None] - np.array(self._loud)).argmin(1)
            bins = bins[order[struck]]
            rows[struck, 2] = SHIFT + self.longest + bins
            counts[struck, 2] = np.diff(bins, prepend=-1) != 0
        ids: NDArray[np.int32] = np.repeat(rows.ravel(), counts.ravel()).astype(np.int32)
        return ids

    def _struck(
        self, score: Score, source: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Notes]:
        """Return first and last step of every note, each ended where its key is struck again."""
        parts = [track.notes for track in score.tracks if not track.drums]
        notes = np.concatenate([np.zeros(0, dtype=NOTE), *parts])
        if not len(notes):
            raise InputError(
                "there are no pitched notes.",
                "Drums have no place in this encoding; use events for them.",
                source=source,
            )
        starts = self._steps(score, notes["onset"])
        ends = np.maximum(self._steps(score, notes["onset"] + notes["duration"]), starts + 1)
        order = np.lexsort((-ends, starts, notes["pitch"]))  # the longest of a doubled note first
        starts, ends, notes = starts[order], ends[order], notes[order]
        same = notes["pitch"][1:] == notes["pitch"][:-1]
        first = np.append(True, ~(same & (starts[1:] == starts[:-1])))
        starts, ends, notes = starts[first], ends[first], notes[first]
        same = notes["pitch"][1:] == notes["pitch"][:-1]
        ends[:-1] = np.where(same, np.minimum(ends[:-1], starts[1:]), ends[:-1])
        return starts, ends, notes

    def _steps(self, score: Score, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the steps that are nearest to ticks."""
        if self.steps_per_quarter:
            exact = ticks * (self.steps_per_quarter / score.ticks_per_quarter)
        else:
            exact = score.seconds_at(ticks) * self.steps_per_second
        steps: NDArray[np.int64] = np.minimum(exact + 0.5, MAX_STEPS).astype(np.int64)
        return steps

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are one."""
        symbols = np.asarray(ids, dtype=np.int64)
        shift = (symbols >= SHIFT) & (symbols < SHIFT + self.longest)
        time = np.cumsum(np.where(shift, symbols - SHIFT + 1, 0))
        event = (symbols >= OFF) & (symbols < SHIFT)
        velocity = self._velocities(symbols)[event]
        symbols, when = symbols[event], time[event]
        pitch, struck = (symbols - OFF) % 128, symbols >= ON
        order = np.argsort(pitch, kind="stable")
        pitch, struck, when, velocity = pitch[order], struck[order], when[order], velocity[order]
        ends = np.full(len(when), time[-1] if len(time) else 0)
        same = pitch[1:] == pitch[:-1]
        ends[:-1] = np.where(same, when[1:], ends[:-1])
        last = np.append(~same, True) if len(when) else np.zeros(0, dtype=bool)
        ends = np.where(last, np.maximum(ends, when + 1), ends)  # the piece ends with a note-on
        kept = struck & (ends > when)
        ticks = self._ticks_per_step()
        notes = np.zeros(int(kept.sum()), dtype=NOTE)
        notes["onset"] = np.rint(when[kept] * ticks)
        notes["duration"] = np.maximum(np.rint(ends[kept] * ticks) - notes["onset"], 1)
        notes["pitch"], notes["velocity"] = pitch[kept], velocity[kept]
        return Piece(Score([Track(in_order(notes))]))

    def _velocities(self, symbols: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the velocity that holds at each symbol."""
        loud = symbols >= SHIFT + self.longest
        values = np.array([*self._loud, VELOCITY])[symbols[loud] - SHIFT - self.longest]
        values = np.append(values, VELOCITY)
        at: NDArray[np.int64] = values[np.cumsum(loud) - 1]  # before the first, -1: the usual one
        return at

    def _ticks_per_step(self) -> float:
        if self.steps_per_quarter:
            return TICKS_PER_QUARTER / self.steps_per_quarter
        return TICKS_PER_QUARTER * 2 / self.steps_per_second  # at 120 quarters a minute
