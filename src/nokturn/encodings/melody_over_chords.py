"""A melody over chords: notes as steps above the tonic, and the chords that sound beneath them.

    4/4 major I V7 n7 d12 n9 d12 IV n5' d24 ...     a chord is said when the one before it begins

At 12 steps a quarter. A note is its pitch class above the tonic, in the octave that is nearest to
the note before (``'`` one higher, ``,`` one lower), then its duration; ``r`` is a rest. Roots of
chords are above the tonic, too, so that keys make no difference; their kinds are major, minor,
dominant and diminished. So a network knows the chord that sounds and the next one, and whoever
writes with it says them. The melody is the leading track's top line; the key is the one that the
notes fit best. Weaknesses: one meter and one key for the whole; gaps below a sixteenth are closed.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import accumulate
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PrivateAttr

from nokturn.encodings.base import BOUNDARY_NAME, Encoding, Tracker, written
from nokturn.errors import InputError
from nokturn.music.chord_finding import chords_of
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.key_finding import find_key
from nokturn.music.parts import split
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Notes, Score, Track
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

STEPS = 12  # a quarter
METERS = (
    (2, 4), (3, 4), (4, 4), (5, 4), (6, 4), (7, 4), (3, 2),
    (3, 8), (4, 8), (5, 8), (6, 8), (7, 8), (9, 8), (12, 8),
)  # fmt: skip
DEGREES = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")
KINDS = ("", "m", "7", "o")  # major, minor, dominant, diminished
NO_CHORD = "end"  # said in the place of the chord after the last one
REST = "r"
LONGEST = 96  # steps of a note or rest; longer ones are followed by rests
GAP = 3  # steps below which a gap is none
MIDDLE = 71  # what the first note is near to, the tonic taken for C
LOW, HIGH = 36, 107  # pitches beyond come back by octaves
FAR = 10  # semitones from the mean that are told apart
MOST_STEPS = 96  # of a bar that is followed: two of 4/4
BARS = 8  # of a phrase, that are told apart
_NAME = re.compile(
    rf"\d+/[248]|major|minor|{NO_CHORD}|{REST}|n\d+[',]?|d\d+|(?:{'|'.join(DEGREES)})[m7o]?"
)


def kind_of(quality: str) -> str:
    """Return which of `KINDS` a chord's quality is.

    >>> kind_of("maj9"), kind_of("m7"), kind_of("13"), kind_of("m7b5")
    ('', 'm', '7', 'o')
    """
    sizes = {semitones for _, semitones in tones(quality)}
    if 3 in sizes and 4 not in sizes:
        return "m" if 7 in sizes or 6 not in sizes else "o"
    return "7" if 10 in sizes else ""


def chord_sign(chord: Harmony, tonic: int) -> str:
    """Return the symbol of a chord; ``tonic`` is a pitch class.

    >>> from nokturn.music.harmony import parse
    >>> chord_sign(parse("Am9"), 0), chord_sign(parse("G13"), 0)
    ('VIm', 'V7')
    """
    return DEGREES[(pitch_class(chord.root) - tonic) % 12] + kind_of(chord.quality)


def moved(before: int, sign: str) -> int:
    """Return the pitch of a note's symbol after another pitch, both with the tonic taken for C."""
    marked = sign[-1] in "',"
    near = before + (int(sign[1 : -1 if marked else None]) - before + 6) % 12 - 6
    octaves = {"'": 1, ",": -1}.get(sign[-1], 0)
    return _folded(near + 12 * octaves)


def _folded(pitch: int) -> int:
    """Return a pitch brought back into what is followed, by octaves."""
    if pitch > HIGH:
        return pitch - 12 * -(-(pitch - HIGH) // 12)
    return pitch + 12 * -(-max(0, LOW - pitch) // 12)


def _note_sign(before: int, pitch: int) -> str:
    """Return the symbol of a pitch after another one: the inverse of `moved` within an octave."""
    near = before + (pitch - before + 6) % 12 - 6
    octaves = max(-1, min(1, (pitch - near) // 12))
    return f"n{pitch % 12}" + ("", "'", ",")[octaves]


def _lift(pitch: int) -> int:
    """Return the octaves, in semitones, that bring the first pitch near to the middle."""
    return moved(MIDDLE, f"n{pitch % 12}") - pitch


class Sung(NamedTuple):
    """A note or a rest; in steps."""

    onset: int
    duration: int
    pitch: int | None


class MelodyOverChords(Encoding):
    """A melody with chords."""

    keeps: ClassVar[frozenset[str]] = frozenset({"onset", "meter"})
    source: ClassVar[str] = (
        "Chords as conditions: Johnson et al., 'Learning to Create Jazz Melodies Using a Product "
        "of Experts', 2017; the form is ours"
    )

    chords: bool = True  # without, the melody stands alone

    _ids: dict[str, int] = PrivateAttr(default_factory=dict)

    @property
    def channels(self) -> dict[str, int]:
        """Where in bar and phrase the next note is, the chords now and next, the last note."""
        chords = len(DEGREES) * len(KINDS) + 1
        return {
            "at": MOST_STEPS + 2, "beat": 14, "bar": BARS + 1, "now": chords, "next": chords,
            "over": 13, "height": 2 * FAR + 2,
        }  # fmt: skip

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the encoding with its symbols, which are always the same."""
        return self.with_vocabulary([
            BOUNDARY_NAME, *(f"{n}/{d}" for n, d in METERS), "major", "minor",
            *(degree + kind for degree in DEGREES for kind in KINDS), NO_CHORD,
            *(f"n{degree}{octave}" for degree in range(12) for octave in ("", "'", ",")),
            REST, *(f"d{steps}" for steps in range(1, LONGEST + 1)),
        ])  # fmt: skip

    def _prepare(self) -> None:
        self._ids = {name: i for i, name in enumerate(self._vocabulary)}
        for name in self._vocabulary[1:]:
            if not _NAME.fullmatch(name):
                raise ValueError(name)

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """Return a piece as ids; see `Encoding.encode`."""
        score = written(piece)
        notes = _leading(score, piece.source)
        key = find_key(score)
        meter, begins = _meter_of(score)
        ahead = _steps(-begins % int(meter.bar_ticks))  # a pickup ends a whole bar
        sung = list(_sung(notes, ahead))
        names = [f"{meter.numerator}/{meter.denominator}", "minor" if key.minor else "major"]
        chords = list(_changes(piece, key, ahead)) if self.chords else []
        names += [sign for _, sign in chords[:1]]
        following = [sign for _, sign in chords[1:]] + [NO_CHORD]
        waiting = deque(zip((at for at, _ in chords), following, strict=False))
        lift = next(_lift(note.pitch - key.tonic_class) for note in sung if note.pitch is not None)
        before = MIDDLE
        for onset, duration, pitch in sung:
            while waiting and waiting[0][0] <= onset:
                names.append(waiting.popleft()[1])
            if pitch is None:
                names.append(REST)
            else:
                names.append(_note_sign(before, _folded(pitch - key.tonic_class + lift)))
                before = moved(before, names[-1])
            names.append(f"d{duration}")
        return np.array([self._ids[name] for name in names], dtype=np.int32)

    def decode(self, ids: ArrayLike) -> Piece:
        """Return ids as a piece in C or C minor, the melody alone; any ids are one."""
        names = [self._vocabulary[i] for i in np.asarray(ids, dtype=np.int64).tolist()]
        meter, key = COMMON_TIME, Key()
        before, at = MIDDLE, 0
        sounding: int | None = None
        rows: list[tuple[int, int, int, int]] = []
        tick = TICKS_PER_QUARTER // STEPS
        for name in names:
            if "/" in name:
                meter = _read(name)
            elif name == "minor":
                key = Key.parse("Cm")
            elif name == REST:
                sounding = None
            elif name[0] == "n":
                sounding = before = moved(before, name)
            elif _is_length(name):
                length = max(1, int(name[1:]))
                if sounding is not None:
                    rows.append((at * tick, length * tick, sounding, 80))
                at, sounding = at + length, None
        return Piece(Score([Track.of(rows)], meters=[(0, meter)], keys=[(0, key)]))

    def tracker(self, **hints: int) -> Tracker:
        """Return a tracker that has read nothing yet; see `Encoding.tracker`."""
        return _Ear(self._vocabulary)


class _Ear(Tracker):
    """Follows the place in the bar, the chords and the line."""

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        self._vocabulary = vocabulary
        self._at, self._now, self._next = 0, 0, 0
        self._pitch, self._sum, self._notes = MIDDLE, 0, 0
        self._begin(COMMON_TIME)

    def _begin(self, meter: Meter) -> None:
        scale = Fraction(STEPS, TICKS_PER_QUARTER)
        self._ends = [math.ceil(end * scale) for end in accumulate(meter.beats)]
        self._bar = max(1, self._ends[-1])

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol; return what is known of the next one."""
        name = self._vocabulary[symbol]
        if "/" in name:
            self._begin(_read(name))
        elif _is_length(name):
            self._at += int(name[1:])
        elif name[0] == "n":
            self._pitch = moved(self._pitch, name)
            self._sum, self._notes = self._sum + self._pitch, self._notes + 1
        elif name[0] in "bIV#" or name == NO_CHORD:
            self._now, self._next = self._next, _chord_number(name)
        at = self._at % self._bar
        bar = 1 + self._at // self._bar % BARS
        beat = 1 + min(bisect_right(self._ends, at), 12)
        return 1 + min(at, MOST_STEPS), beat, bar, self._now, self._next, self._over, self._height

    @property
    def _over(self) -> int:
        """How far the last note is above the root of the chord."""
        if not self._now or not self._notes:
            return 0
        return 1 + (self._pitch - (self._now - 1) // len(KINDS)) % 12

    @property
    def _height(self) -> int:
        """How far the last note is from the mean of all."""
        if not self._notes:
            return 0
        apart = round(self._pitch - self._sum / self._notes)
        return 1 + FAR + max(-FAR, min(FAR, apart))

    def copy(self) -> _Ear:
        """Return a tracker that goes its own way from here."""
        twin = _Ear(self._vocabulary)
        twin.__dict__.update(self.__dict__)
        return twin


def _chord_number(name: str) -> int:
    """Return the number of a chord from 1, 0 for none."""
    if name == NO_CHORD:
        return 0
    kind = name[-1] if name[-1] in KINDS else ""
    return 1 + DEGREES.index(name.removesuffix(kind)) * len(KINDS) + KINDS.index(kind)


def _is_length(name: str) -> bool:
    return name[0] == "d" and name[1:].isdigit()


def _leading(score: Score, source: str) -> Notes:
    """Return the notes of the melody, one at a time."""
    lead = split(split(score)[0])[0]  # once more: the leading track may have chords
    if not lead.note_count:
        raise InputError(
            "there are no pitched notes.",
            "Drums have no place in this encoding; choose other tracks.",
            source=source,
        )
    return next(track.notes for track in lead.tracks if len(track.notes))


def _steps(ticks: int) -> int:
    return (2 * ticks * STEPS + TICKS_PER_QUARTER) // (2 * TICKS_PER_QUARTER)


def _sung(notes: Notes, ahead: int) -> Iterator[Sung]:
    """Yield notes and rests without gaps, so many steps later."""
    rows = {ahead + _steps(on): (ahead + _steps(on + length), pitch)
            for on, length, pitch, _ in notes.tolist()}  # fmt: skip
    at = 0
    for onset, after in zip(rows, [*list(rows)[1:], None], strict=True):
        yield from _silence(at, onset)
        end, pitch = rows[onset]
        if after is not None:
            end = after if after - end < GAP else end
        at = min(max(end, onset + 1), onset + LONGEST)
        yield Sung(onset, at - onset, pitch)


def _silence(start: int, end: int) -> Iterator[Sung]:
    while start < end:
        yield Sung(start, min(end - start, LONGEST), None)
        start += LONGEST


def _changes(piece: Piece, key: Key, ahead: int) -> Iterator[tuple[int, str]]:
    """Yield the steps at which another chord begins, the first at 0, and its symbol."""
    at, last = 0, ""
    for harmony, duration in chords_of(piece):
        sign = chord_sign(harmony, key.tonic_class) if harmony else ""
        if sign and sign != last:
            yield (ahead + _steps(at) if last else 0), sign
            last = sign
        at += round(duration)


def _meter_of(score: Score) -> tuple[Meter, int]:
    """Return the meter, and the tick where its first whole bar begins; 4/4 where it has no sign."""
    begins, meter = score.main_meter()
    if (meter.numerator, meter.denominator) == (2, 2):
        return COMMON_TIME, begins
    known = (meter.numerator, meter.denominator) in METERS
    return (Meter(meter.numerator, meter.denominator), begins) if known else (COMMON_TIME, 0)


def _read(name: str) -> Meter:
    numerator, denominator = map(int, name.split("/"))
    return Meter(max(1, numerator), denominator)
