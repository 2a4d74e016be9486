"""Events by the bar: bar, position, instrument, pitch and duration, a symbol each.

    C4 for a quarter on the second beat, flute, 12 steps to the quarter
        ->   bar meter_4/4 position_12 program_73 velocity_80 pitch_60 duration_12

Time is counted from the bar line, so that a model sees the meter; any number of instruments share
one line of symbols. Program and velocity are written where they change, drums have pitches of their
own. A meter begins where it is written, so that one in the middle of a bar cuts that bar short.
What it loses: tracks of one program become one track; names, keys and the pedal; what lies between
the steps. In the default settings tempos from 30 to 320 come back within some 3 %, velocities
within 3 of 127. Meters that `fit` did not meet, or of more than 12 quarters, are counted as 4/4; a
note lasts 16 symbols at the most, which are 32 bars of 4/4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings import _event_words as words
from nokturn.encodings._event_bars import bar_lines, held, times
from nokturn.encodings._event_words import Family, Ids, Words, nearest_of
from nokturn.encodings.base import Encoding, written
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Score, Tempos, Track, in_order
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

VELOCITY = 80
DRUMS = 128  # the drums' program, after all others
MAX_STEPS = 1_000_000  # hours of music; a wrong time in a file must not fill the memory
MOST_DURATIONS = 16  # symbols of one note's duration; the same for a wrong end
# What comes first at one step: a bar line, or a position in the old bar where the meter cuts it
# short; the meter; then a position in the new bar with what stands there.
AT_BAR, AT_CUT, AT_METER, AT_POSITION, AT_TEMPO, AT_NOTE = range(6)

T = TypeVar("T")
Mask = NDArray[np.bool_]


class Said(NamedTuple):
    """Symbols, and the step that each stands at; both (S,)."""

    at: Ids
    ids: Ids


NOTHING = Said(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


class Sounding(NamedTuple):
    """Notes in steps, a column each, (N,)."""

    onset: Ids
    duration: Ids
    program: Ids  # 128 = drums
    pitch: Ids
    velocity: Ids


class Events(Encoding):
    """Bar, position, program, pitch, velocity, duration, tempo, meter."""

    keeps: ClassVar[frozenset[str]] = frozenset(
        {"onset", "pitch", "duration", "velocity", "meter", "program", "drums", "tempo"}
    )
    source: ClassVar[str] = (
        "REMI: Huang and Yang, 'Pop Music Transformer', 2020, arXiv:2002.00212; with programs and "
        "meters as von Rütte et al., 'FIGARO', 2022, arXiv:2201.10936. Only changes of program and "
        "velocity are written, which is ours."
    )

    steps_per_quarter: int = Field(default=12, ge=1, le=96)  # 12 holds sixteenths and triplets
    longest: int = Field(default=96, ge=1, le=1000)  # steps of one duration; more take several
    velocities: int = Field(default=32, ge=0, le=127)  # how many are told apart; 0 = none is kept
    tempos: int = Field(default=12, ge=0, le=60)  # from a tempo to its double; 0 = none is kept
    programs: bool = True  # without, all instruments but drums are one
    meters: bool = True  # without, bars are of four quarters

    _words: Words | None = PrivateAttr(default=None)

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, among them the meters of these pieces."""
        met = words.meters_met(written(piece) for piece in pieces) if self.meters else []
        return self.with_vocabulary(
            words.vocabulary(
                self.steps_per_quarter,
                meters=met,
                tempo=self.tempos,
                program=self.programs,
                velocity=self.velocities,
                longest=self.longest,
            )
        )

    def _prepare(self) -> None:
        self._words = Words.of(self._vocabulary, self.steps_per_quarter)

    @property
    def _known(self) -> Words:
        assert self._words is not None, "fit comes first"
        return self._words

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        score = written(piece)
        notes = self._notes(score, piece.source)
        tempos = self._tempos(score, int((notes.onset + notes.duration).max()))
        heard = np.union1d(notes.onset, tempos.at)
        end = int(heard[-1]) + 1
        meters = self._meters(score, end)
        lines = bar_lines(meters.at, self._bar_steps(meters.ids), end)
        whole = np.setdiff1d(lines.at, lines.cuts, assume_unique=True)
        position = self._known.first[words.POSITION]
        said = {
            AT_BAR: Said(whole, np.full(len(whole), words.BAR)),
            AT_CUT: Said(lines.cuts, position + lines.place_of_cuts()),
            AT_METER: meters if self.meters else NOTHING,
            AT_POSITION: Said(heard, position + lines.place(heard)),
            AT_TEMPO: tempos,
            AT_NOTE: self._said(notes),
        }
        places = np.concatenate([one.at * len(said) + rank for rank, one in said.items()])
        ids = np.concatenate([one.ids for one in said.values()])
        in_time: NDArray[np.int32] = ids[np.argsort(places, kind="stable")].astype(np.int32)
        return in_time

    def _notes(self, score: Score, source: str) -> Sounding:
        """Return the notes of all tracks in steps, by onset, program, pitch, duration."""
        tracks = [track for track in score.tracks if len(track.notes)]
        if not tracks:
            raise InputError("there are no notes.", "Choose a file with music.", source=source)
        notes = np.concatenate([track.notes for track in tracks])
        programs = [DRUMS if t.drums else t.program * self.programs for t in tracks]
        program = np.repeat(programs, [len(track.notes) for track in tracks])
        onset = self._steps(notes["onset"])
        most = self.longest * MOST_DURATIONS
        duration = np.clip(self._steps(notes["onset"] + notes["duration"]) - onset, 1, most)
        pitch = notes["pitch"].astype(np.int64)
        place = ((onset * (DRUMS + 1) + program) * 128 + pitch) * (most + 1) + duration
        order = np.argsort(place, kind="stable")
        columns = (onset, duration, program, pitch, notes["velocity"].astype(np.int64))
        return Sounding(*(column[order] for column in columns))

    def _steps(self, ticks: NDArray[np.int64]) -> Ids:
        """Return the steps that are nearest to ticks."""
        exact = ticks * (self.steps_per_quarter / TICKS_PER_QUARTER) + 0.5
        steps: Ids = np.clip(exact, 0, MAX_STEPS).astype(np.int64)
        return steps

    def _said(self, notes: Sounding) -> Said:
        """Return the symbols of notes: program, velocity, pitch, duration."""
        first, drums = self._known.first, notes.program == DRUMS
        rows = np.zeros((len(drums), 5), dtype=np.int64)
        times = np.zeros((len(drums), 5), dtype=np.int64)  # how often each is written
        if self.programs:
            rows[:, 0] = first[words.PROGRAM] + notes.program
            times[~drums, 0] = np.diff(notes.program[~drums], prepend=-1) != 0
        if self.velocities:
            rows[:, 1] = self._known.loud[notes.velocity]
            times[:, 1] = np.diff(rows[:, 1], prepend=-1) != 0
        rows[:, 2] = np.where(drums, first[words.DRUM], first[words.PITCH]) + notes.pitch
        times[:, 2] = 1
        times[:, 3], rest = np.divmod(notes.duration, self.longest)
        rows[:, 3] = first[words.DURATION] + self.longest - 1
        rows[:, 4], times[:, 4] = first[words.DURATION] + rest - 1, rest > 0
        return Said(np.repeat(notes.onset, times.sum(1)), np.repeat(rows.ravel(), times.ravel()))

    def _tempos(self, score: Score, end: int) -> Said:
        """Return the changes of tempo before the end."""
        values = self._known.values_of(words.TEMPO)
        if not len(values) or not score.tempos:
            return NOTHING
        tempos = Tempos.of(score.tempos)
        ids = self._known.first[words.TEMPO] + nearest_of(np.log(values), np.log(tempos.qpm))
        return _changes(self._steps(tempos.ticks), ids, end)

    def _meters(self, score: Score, end: int) -> Said:
        """Return the meters from step 0 on; 4/4 where none is told, or one without a symbol."""
        symbols = self._known.meter_ids
        usual = symbols.get(COMMON_TIME, 0)
        rows = [(0, usual)]
        for tick, meter in score.meters if self.meters else ():
            rows.append((tick, symbols.get(Meter(meter.numerator, meter.denominator), usual)))
        ticks, ids = np.array(rows).T
        return _changes(self._steps(ticks), ids, end)

    def _bar_steps(self, meters: Ids) -> Ids:
        return self._known.value[meters] if self.meters else np.array([self._known.common])

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece; any ids are one.

        A note without a duration lasts a quarter, one without a program is a piano's.
        """
        known = self._known
        symbols = np.asarray(ids, dtype=np.int64)
        family = known.family[symbols]
        clock = ((family >= words.BAR) & (family <= words.METER)).nonzero()[0]
        value = known.value[symbols]
        steps = times(family[clock], value[clock], known.common)
        tempo, meter = (family == words.TEMPO).nonzero()[0], (family == words.METER).nonzero()[0]
        meters = [known.meters[i] for i in symbols[meter].tolist()]
        at_tempo, at_meter = (
            np.append(0, steps)[clock.searchsorted(each, side="right")] for each in (tempo, meter)
        )
        return Piece(
            Score(
                self._tracks(family, value, clock, steps),
                _in_time(self._ticks(at_tempo), value[tempo].astype(float).tolist()),
                _in_time(self._ticks(at_meter), meters),
            )
        )

    def _ticks(self, steps: Ids) -> Ids:
        """Return the ticks that are nearest to steps."""
        exact = steps * (TICKS_PER_QUARTER / self.steps_per_quarter)
        ticks: Ids = np.rint(exact).astype(np.int64)
        return ticks

    def _tracks(self, family: Family, value: Ids, clock: Ids, steps: Ids) -> list[Track]:
        """Return a track for each program, the drums last; ``steps`` are those at ``clock``."""
        sounds = (family == words.PITCH) | (family == words.DRUM)
        at = sounds.nonzero()[0]  # indices take a third of the time that a mask takes
        note = sounds.cumsum()  # of each symbol; 0 before the first

        def of_each(kind: int, before: int) -> Ids:
            """Return what the last symbol of a family before each note says."""
            said = (family == kind).nonzero()[0]
            return held(note[said], value[said], before, len(at))

        onset = held(note[clock], steps, 0, len(at))
        program = of_each(words.PROGRAM, 0)
        program[family[at] == words.DRUM] = DRUMS
        notes = np.empty(len(at), dtype=NOTE)
        notes["onset"] = begin = self._ticks(onset)
        notes["duration"] = self._ticks(onset + self._durations(family, value, note)) - begin
        notes["pitch"] = value[at]
        notes["velocity"] = of_each(words.VELOCITY, VELOCITY)
        found = np.bincount(program).nonzero()[0].tolist() or [0]
        if len(found) == 1:
            return [Track(in_order(notes), program=found[0] % DRUMS, drums=found == [DRUMS])]
        return [
            Track(in_order(notes[program == p]), program=p % DRUMS, drums=p == DRUMS) for p in found
        ]

    def _durations(self, family: Family, value: Ids, note: Ids) -> Ids:
        """Return how long each note lasts: what is said between it and the next."""
        lasts = (family == words.DURATION).nonzero()[0]
        count = int(note[-1]) + 1 if len(note) else 1
        sums = np.bincount(note[lasts], weights=value[lasts], minlength=count)[1:].astype(np.int64)
        return np.where(sums > 0, sums, self.steps_per_quarter)


def _changes(steps: Ids, ids: Ids, end: int) -> Said:
    """Return what is said before the end and changes something; of several at one step the last."""
    kept = (steps < end) & (np.diff(steps, append=end) > 0)
    steps, ids = steps[kept], ids[kept]
    new = np.diff(ids, prepend=-1) != 0
    return Said(steps[new], ids[new])


def _in_time(ticks: Ids, values: list[T]) -> list[tuple[int, T]]:
    """Return changes by tick; of several at one tick the last."""
    rows = zip(ticks.tolist(), values, strict=True)
    return list(dict(sorted(rows, key=lambda row: row[0])).items())
