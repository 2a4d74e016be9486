"""Rhythm alone: when notes begin and how long they last, in their meter; no pitches.

    6/8: a quarter, an eighth, and an eighth after an eighth's rest   ->   6/8 x d12 x d6 s12 x d6

At 12 steps a quarter. A note is ``x`` and its duration, with the step to the next where that is
not the duration; notes that begin together are one, as long as the longest. With `coupled` it says
how far the top note is from the one before: ``same``, ``step`` (1-2 semitones), ``skip`` (3-4) or
``leap``, so that a network can be asked for a rhythm to pitches that are there. A pickup is the end
of a bar that begins with silence. Its weakness: the meter that holds longest is taken for all.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from nokturn.encodings._rhythm import (
    LENGTHS,
    Struck,
    chords_of,
    in_time,
    lengths_of,
    piece_of,
    silence_before,
)
from nokturn.encodings.base import BOUNDARY_NAME, Encoding, Tracker, written
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

METERS = tuple(
    (n, d)
    for d, numerators in ((2, (2, 3)), (4, range(2, 8)), (8, range(3, 13)))
    for n in numerators
)
SIZES = ("same", "step", "skip", "leap")
NOTE = "x"
PITCH = 60  # of what is decoded
MOST_STEPS = 96  # of a bar that is followed: two of 4/4 at 12 steps a quarter


def size_of(interval: int) -> str:
    """Return the size of an interval in semitones, up or down.

    >>> size_of(0), size_of(-2), size_of(4), size_of(7)
    ('same', 'step', 'skip', 'leap')
    """
    return SIZES[bisect_left((0, 2, 4), abs(interval))]


class Rhythm(Encoding):
    """Onsets and durations in a meter."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "duration", "meter"})
    source: ClassVar[str] = "G5 of docs/systems.md (Gromko wished for it); the form is ours"

    coupled: bool = False  # each note says how far it is from the one before
    steps_per_quarter: int = Field(default=12, ge=1, le=24)  # 12 holds sixteenths and triplets

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)

    @property
    def channels(self) -> dict[str, int]:
        """Place in the bar, in steps, and which of its beats; see `Encoding.channels`."""
        return {"at": MOST_STEPS + 2, "beat": 14}

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which follow from the settings."""
        meters = [f"{n}/{d}" for n, d in METERS]
        sizes = SIZES if self.coupled else ()
        return self.with_vocabulary([BOUNDARY_NAME, *meters, NOTE, *sizes, *LENGTHS])

    def _prepare(self) -> None:
        self._ids = {name: i for i, name in enumerate(self._vocabulary)}
        for name in self._vocabulary[1:]:
            if not re.fullmatch(rf"\d+/[248]|{NOTE}|{'|'.join(SIZES)}|[ds]\d+", name):
                raise ValueError(name)

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        score = written(piece)
        meter, begins = _meter_of(score)
        found = chords_of(score, self.steps_per_quarter, piece.source)
        chords = _one_by_one(found, self._ahead(meter, begins))
        names = [f"{meter.numerator}/{meter.denominator}", *silence_before(chords)]
        before: int | None = None
        for chord, (duration, step) in zip(chords, lengths_of(chords), strict=True):
            top = chord.pitches[-1]
            unknown = before is None or not self.coupled
            names += [NOTE if unknown else size_of(top - (before or 0)), *duration, *step]
            before = top
        return np.array([self._ids[name] for name in names], dtype=np.int32)

    def _ahead(self, meter: Meter, begins: int) -> int:
        """Return the steps of silence before a pickup that make its bar a whole one."""
        bar = int(meter.bar_ticks)
        return round(-begins % bar * self.steps_per_quarter / TICKS_PER_QUARTER)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece on one pitch; any ids are one."""
        names = [self._vocabulary[i] for i in np.asarray(ids, dtype=np.int64).tolist()]
        heard: list[tuple[str, tuple[int, ...]]] = []
        meter = COMMON_TIME
        for name in names:
            if name[0] in "ds" and name not in SIZES:
                heard.append((name[0], (int(name[1:]),)))
            elif name == NOTE or name in SIZES:
                heard.append(("chord", (PITCH,)))
            elif "/" in name:
                meter = _read(name)
        piece = piece_of(in_time(heard, self.steps_per_quarter), self.steps_per_quarter)
        piece.score.meters = [(0, meter)]
        return piece

    def tracker(self, **hints: int) -> Tracker:
        """Return a clock that has read nothing yet; see `Encoding.tracker`."""
        return _Clock(self._vocabulary, self.steps_per_quarter)


class _Clock(Tracker):
    """Follows where in the bar the next note begins."""

    def __init__(self, vocabulary: tuple[str, ...], steps: int) -> None:
        self._vocabulary, self._steps = vocabulary, steps
        self._onset, self._held, self._gone = 0, 0, 0
        self._begin(COMMON_TIME)

    def _begin(self, meter: Meter) -> None:
        scale = Fraction(self._steps, TICKS_PER_QUARTER)
        self._ends = [math.ceil(end * scale) for end in accumulate(meter.beats)]
        self._bar = max(1, self._ends[-1])

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; return the place in the bar of the next note, as far as is known."""
        name = self._vocabulary[symbol]
        if "/" in name:
            self._begin(_read(name))
        elif name[0] == "d":
            self._held += int(name[1:])
        elif name[0] == "s" and name not in SIZES:
            self._gone += int(name[1:])
        elif symbol:
            self._onset, self._held, self._gone = self._next, 0, 0
        at = self._next % self._bar
        return 1 + min(at, MOST_STEPS), 1 + min(bisect_right(self._ends, at), 12)

    @property
    def _next(self) -> int:
        return self._onset + (self._gone or self._held)

    def copy(self) -> _Clock:
        """Return a clock that goes its own way from here."""
        twin = _Clock(self._vocabulary, self._steps)
        twin.__dict__.update(self.__dict__)
        return twin


def _one_by_one(chords: list[Struck], ahead: int) -> list[Struck]:
    """Return one chord an onset, as long as its longest note, so many steps later."""
    rows: dict[int, Struck] = {}
    for chord in chords:
        known = rows.get(chord.onset, Struck(chord.onset, 0, ()))
        pitches = tuple(sorted({*known.pitches, *chord.pitches}))
        rows[chord.onset] = Struck(chord.onset, max(known.duration, chord.duration), pitches)
    return [chord._replace(onset=chord.onset + ahead) for chord in rows.values()]


def _meter_of(score: Score) -> tuple[Meter, int]:
    """Return the meter, and the tick where its first whole bar begins; 4/4 where it has no sign."""
    begins, meter = score.main_meter()
    return (meter, begins) if (meter.numerator, meter.denominator) in METERS else (COMMON_TIME, 0)


def _read(name: str) -> Meter:
    numerator, denominator = map(int, name.split("/"))
    return Meter(max(1, numerator), 2 ** round(math.log2(denominator)))
