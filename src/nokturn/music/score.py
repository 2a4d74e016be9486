"""Score: what sounds.

Tracks of notes in integer ticks, with the changes of tempo, meter and key. The notes of a track are
one NumPy structured array, so that a million of them are cheap and everything is vectorised.

    >>> track = Track.of([(0, 480, 60, 80), (480, 480, 64, 80)], name="Flute", program=73)
    >>> score = Score([track], tempos=[(0, 120.0)])
    >>> score.end, score.seconds(score.end)
    (960, 1.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.music.pitch import Key
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

# onset and duration in ticks (onset >= 0, duration >= 1), MIDI pitch 0-127, velocity 1-127
NOTE = np.dtype([("onset", "<i8"), ("duration", "<i8"), ("pitch", "<i2"), ("velocity", "<i2")])
Notes = NDArray[np.void]  # a structured array of NOTE, in order of onset, then pitch

DEFAULT_QPM = 120.0


def notes_of(rows: Iterable[Sequence[int]]) -> Notes:
    """Return rows of (onset, duration, pitch, velocity) as notes in order."""
    return in_order(np.array([tuple(row) for row in rows], dtype=NOTE))


def in_order(notes: Notes) -> Notes:
    """Return notes sorted by onset, then pitch, then duration."""
    place = notes["onset"] * 128 + notes["pitch"]
    if _rises(place, notes["duration"]):  # most files hold them so
        return notes
    order = np.argsort(place, kind="stable")
    notes, place = notes.take(order), place[order]  # notes[order] takes six times as long
    if _rises(place, notes["duration"]):  # three keys take three times as long
        return notes
    return notes.take(np.lexsort((notes["duration"], notes["pitch"], notes["onset"])))


def _rises(place: NDArray[np.int64], duration: NDArray[np.int64]) -> bool:
    """Whether places rise, and durations where the place is the same."""
    step = place[1:] - place[:-1]
    least = step.min(initial=1)
    if least:
        return bool(least > 0)
    same = np.flatnonzero(step == 0)
    return bool((duration[same] <= duration[same + 1]).all())


@dataclass
class Track:
    """One instrument's notes.

    ``program`` is the General MIDI program 0-127; ``drums`` puts the track on channel 10, where
    pitches name drums. ``pedal`` holds the sustain pedal as (tick, down) pairs.
    """

    notes: Notes
    name: str = ""
    program: int = 0
    drums: bool = False
    pedal: list[tuple[int, bool]] = field(default_factory=list)

    @staticmethod
    def of(
        rows: Iterable[Sequence[int]], name: str = "", program: int = 0, drums: bool = False
    ) -> Track:
        """Make a track from rows of (onset, duration, pitch, velocity)."""
        return Track(notes_of(rows), name, program, drums)

    @property
    def end(self) -> int:
        """Tick at which the last note ends; 0 without notes."""
        return int((self.notes["onset"] + self.notes["duration"]).max()) if len(self.notes) else 0


class Tempos(Sequence[tuple[int, float]]):
    """Tempos as a sequence of (tick, quarter notes a minute), held as two arrays.

    A performance changes its tempo at every beat, and most of those who read it ask for none.

    >>> Tempos(np.array([0, 480]), np.array([120.0, 90.0]))
    [(0, 120.0), (480, 90.0)]
    """

    def __init__(self, ticks: NDArray[np.int64], qpm: NDArray[np.float64]) -> None:
        self.ticks = ticks
        self.qpm = qpm

    @staticmethod
    def of(pairs: Sequence[tuple[int, float]]) -> Tempos:
        """Return the same tempos as arrays."""
        if isinstance(pairs, Tempos):
            return pairs
        ticks = np.array([tick for tick, _ in pairs], dtype=np.int64)
        return Tempos(ticks, np.array([qpm for _, qpm in pairs], dtype=np.float64))

    def __len__(self) -> int:
        return len(self.ticks)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.ticks.tolist(), self.qpm.tolist(), strict=True)

    def __getitem__(self, at: Any) -> Any:
        return (
            list(self)[at] if isinstance(at, slice) else (int(self.ticks[at]), float(self.qpm[at]))
        )

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    def __repr__(self) -> str:
        return repr(list(self))


@dataclass
class Score:
    """What sounds: tracks, and what holds for all of them.

    ``tempos`` are (tick, quarter notes a minute), ``meters`` (tick, Meter), ``keys`` (tick, Key),
    each in order of tick; before the first tempo 120 holds. ``length`` is the tick at which the
    music ends (a bar line where one is known), 0 = where its last note ends.
    """

    tracks: list[Track] = field(default_factory=list)
    tempos: Sequence[tuple[int, float]] = field(default_factory=list)
    meters: list[tuple[int, Meter]] = field(default_factory=list)
    keys: list[tuple[int, Key]] = field(default_factory=list)
    title: str = ""
    ticks_per_quarter: int = TICKS_PER_QUARTER
    length: int = 0

    @property
    def end(self) -> int:
        """Tick at which the music ends."""
        return max([self.length, *(track.end for track in self.tracks)])

    @property
    def note_count(self) -> int:
        """Notes in all tracks."""
        return sum(len(track.notes) for track in self.tracks)

    def main_meter(self) -> tuple[int, Meter]:
        """Return the meter that holds longest, and the tick where its first bar begins.

        Pickups have meters of their own and come before. 4/4 where there is none.

        >>> Score(meters=[(0, Meter(1, 8)), (240, Meter(6, 8))], length=3120).main_meter()[0]
        240
        """
        if not self.meters:
            return 0, COMMON_TIME
        ends = [tick for tick, _ in self.meters[1:]] + [max(self.end, self.meters[-1][0] + 1)]
        held: dict[Meter, int] = {}
        for (tick, meter), end in zip(self.meters, ends, strict=True):
            held[meter] = held.get(meter, 0) + end - tick
        longest = max(held, key=lambda meter: held[meter])
        return next((tick, meter) for tick, meter in self.meters if meter == longest)

    def seconds_at(self, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the time in seconds of each tick, through all tempo changes; same shape."""
        tempos = Tempos.of(self.tempos)
        starts, qpm = tempos.ticks.astype(np.float64), tempos.qpm
        if not len(starts) or starts[0] > 0:
            starts, qpm = np.append(0.0, starts), np.append(DEFAULT_QPM, qpm)
        per_tick = 60.0 / (qpm * self.ticks_per_quarter)
        offsets = np.concatenate([[0.0], np.cumsum(np.diff(starts) * per_tick[:-1])])
        where = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
        seconds: NDArray[np.float64] = (
            offsets[where] + (np.asarray(ticks) - starts[where]) * per_tick[where]
        )
        return seconds

    def seconds(self, tick: int) -> float:
        """Return the time in seconds of one tick."""
        return float(self.seconds_at(np.array([tick]))[0])

    def resampled(self, ticks_per_quarter: int) -> Score:
        """Return the same music on another grid; onsets and ends are rounded, no note vanishes."""
        if ticks_per_quarter == self.ticks_per_quarter:
            return self
        old, new = self.ticks_per_quarter, ticks_per_quarter

        def moved(tick: int) -> int:
            return (2 * tick * new + old) // (2 * old)

        tracks = []
        for track in self.tracks:
            notes = track.notes.copy()
            start = (2 * track.notes["onset"] * new + old) // (2 * old)
            stop = (2 * (track.notes["onset"] + track.notes["duration"]) * new + old) // (2 * old)
            notes["onset"], notes["duration"] = start, np.maximum(stop - start, 1)
            pedal = [(moved(tick), down) for tick, down in track.pedal]
            tracks.append(Track(in_order(notes), track.name, track.program, track.drums, pedal))
        return Score(
            tracks,
            [(moved(tick), qpm) for tick, qpm in self.tempos],
            [(moved(tick), meter) for tick, meter in self.meters],
            [(moved(tick), key) for tick, key in self.keys],
            self.title,
            new,
            moved(self.length),
        )
