"""Look back: the last notes and chord symbols, and what stood at the same place of bars before.

    look = LookBack(symbols)
    for symbol in ids:
        values = look.step(symbol)         one value for each of `CHANNELS`

A tune is more than a row of characters: the note before is five characters away where a chord
symbol stands between, and the bar that comes again began eight bars ago. What matters is told, each
by itself, so that counts find it (`CONTEXTS`) and a network need not carry it in its state.

*Pointers* say which symbol stood at this place one, two, four and eight bars ago, and in the last
bar with the same number within four and within eight; each with how often it was right of late. All
of it follows from what was read, never from what comes. Its weakness: bars are counted by their
bar lines, so a bar cut in two by a repeat sign shifts the pointers behind it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from nokturn.encodings._abc_clock import BarClock
from nokturn.encodings.base import BOUNDARY, Tracker

NOTES = "ABCDEFGabcdefgz"
OCTAVE = 16  # a note's number grows by this for each octave mark
WORDS = 251  # texts told apart: chords, keys, meters, rhythms
FARTHEST = 15  # symbols since a note that are told apart
LINE = 20  # bars of a line that are told apart
BARS_AGO = (1, 2, 4, 8)
PERIODS = (4, 8)
JUDGED = 4  # symbols by which a pointer is judged
MOST = 255  # symbols told apart
HEADER, FIELD = 1, 10  # values of the bar clock's ``inside``
MUSIC = (2, 3, 4, 5, 6)

CHANNELS = {
    **{f"note_{k}": 64 for k in (1, 2, 3, 4)},  # the last one first
    **{f"chord_{k}": WORDS + 1 for k in (1, 2, 3)},
    "since": FARTHEST + 1,  # the last note, in characters
    "field": 128,  # letter of the line's field, 0 in the tune
    "field_before": 128,
    "line_bars": LINE + 1,  # in this line so far
    "line_before": LINE + 1,  # in the line before
    "meter": WORDS + 1,
    "key": WORDS + 1,
    "rhythm": WORDS + 1,  # where in the bar notes began so far
    "rhythm_before": WORDS + 1,  # of the bar before
    "bar_of_4": 5,
    "bar_of_8": 9,
}

# Families of contexts, each from short to long: how many of the last symbols, and which values.
_NOW = "at", "inside"
CONTEXTS: tuple[tuple[tuple[int, tuple[str, ...]], ...], ...] = (
    (
        (1, _NOW),
        (1, ("note_1", "at")),
        (1, ("note_1", "note_2", "at")),
        (1, ("note_1", "note_2", "note_3", "at")),
        (1, ("note_1", "note_2", "note_3", "note_4", "at")),
    ),
    (
        (1, ("inside",)),
        (1, ("chord_1", "inside")),
        (1, ("chord_1", *_NOW)),
        (1, ("chord_1", "chord_2", "at")),
        (1, ("chord_1", "chord_2", "chord_3", "at")),
        (2, ("chord_1", "chord_2", "chord_3", "at", "bar_of_8")),
    ),
    (
        (1, ("inside",)),
        (0, ("ago_8", "right_8")),
        (1, ("ago_8", "right_8")),
        (1, ("ago_8", "right_8", "ago_4")),
        (2, ("ago_8", "right_8", "ago_4")),
    ),
    (
        (1, ("inside",)),
        (0, ("ago_4", "right_4")),
        (1, ("ago_4", "right_4")),
        (1, ("ago_4", "ago_2")),
        (1, ("ago_4", "ago_2", "ago_1")),
    ),
    (
        (1, ("inside",)),
        (0, ("ago_2", "right_2")),
        (1, ("ago_2", "right_2")),
        (1, ("ago_1", "right_1", "ago_2")),
        (2, ("ago_2", "right_2", "ago_1", "right_1")),
    ),
    (
        (1, ("inside",)),
        (0, ("like_8", "like_right_8")),
        (1, ("like_8", "like_right_8")),
        (1, ("like_8", "like_right_8", "like_4", "like_right_4")),
        (2, ("like_8", "like_right_8", "like_4", "like_right_4")),
    ),
    (
        (0, ("field", "field_before")),
        (1, ("field", "field_before")),
        *((k, ("field",)) for k in (2, 3, 4, 6)),
    ),
    (
        (1, ("inside",)),
        (1, ("line_bars", "at")),
        (1, ("line_bars", "line_before", "at")),
        (2, ("line_bars", "line_before", *_NOW)),
    ),
    (
        (1, _NOW),
        (1, ("meter", *_NOW)),
        (2, ("meter", *_NOW)),
        (2, ("meter", *_NOW, "bar_of_8")),
        (3, ("meter", *_NOW, "bar_of_8")),
    ),
    (
        (1, ("inside",)),
        (1, ("rhythm", "at")),
        (1, ("rhythm", "rhythm_before", "at")),
        (2, ("rhythm", "rhythm_before", "at", "meter")),
    ),
    (
        (1, ("inside",)),
        (1, ("key", "note_1")),
        (1, ("key", "note_1", "note_2")),
        (1, ("key", "chord_1", "note_1", "at")),
        (1, ("key", "chord_1", "note_1", "note_2", "at")),
    ),
    (
        (1, ("inside",)),
        (1, ("key", *_NOW)),
        (1, ("key", "chord_1", "at")),
        (1, ("key", "chord_1", "chord_2", "bar_of_8", "at")),
        (2, ("key", "chord_1", "chord_2", "bar_of_8", "at")),
    ),
)


def channels(symbols: int) -> dict[str, int]:
    """Return the names and sizes of what `LookBack` says, for a vocabulary of so many symbols."""
    told = min(symbols, MOST + 1)
    pointers = {f"ago_{n}": told for n in BARS_AGO} | {f"like_{n}": told for n in PERIODS}
    right = {f"right_{n}": JUDGED + 2 for n in BARS_AGO}
    return CHANNELS | pointers | right | {f"like_right_{n}": JUDGED + 2 for n in PERIODS}


class LookBack(Tracker):
    """Follows a text in ABC, canonical or as people type it, and never fails.

    Parameters
    ----------
    symbols
        The vocabulary: the text of each symbol.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = symbols
        self._clock = BarClock()
        self._at, self._bar, self._inside = 0, 0, HEADER
        self._notes = [0] * 4
        self._chords = [0] * 3
        self._quoted: str | None = None  # the chord symbol being read
        self._since = 0
        self._line = ""  # as it was read so far
        self._field = self._field_before = 0
        self._line_bars = self._line_before = 0
        self._meter = self._key = 0
        self._rhythm = self._rhythm_before = 0
        self._last = "\n"
        # Pointers: the symbols read, where each place of each bar is among them, and how long ago
        # this place was reached.
        self._read: list[int] = []
        self._bars = 0
        self._place: tuple[int, int] | None = None
        self._places: dict[tuple[int, int], int] = {}
        self._alike: dict[tuple[int, int, int, bool], int] = {}
        self._like: list[int | None] = [None] * len(PERIODS)
        self._behind = 0
        self._told = [0] * (len(BARS_AGO) + len(PERIODS))
        self._right = [0] * len(self._told)  # the last JUDGED symbols, a bit each

    def step(self, symbol: int) -> tuple[int, ...]:
        """Read a symbol, character by character; the boundary begins anew."""
        if symbol == BOUNDARY:
            self.__init__(self._symbols)  # type: ignore[misc]
        else:
            self._judge(symbol)
            for character in self._symbols[symbol]:
                self._character(character)
        self._read.append(symbol)
        self._point()
        right = [
            1 + bits.bit_count() if told else 0
            for told, bits in zip(self._told, self._right, strict=True)
        ]
        return (
            *self._notes,
            *self._chords,
            self._since,
            self._field,
            self._field_before,
            self._line_bars,
            self._line_before,
            self._meter,
            self._key,
            self._rhythm,
            self._rhythm_before,
            self._bar % 4 + 1,
            self._bar % 8 + 1,
            *(min(told, MOST) for told in self._told),
            *right,
        )

    # -- what was read ---------------------------------------------------------------------------

    def _character(self, character: str) -> None:
        at, _, _, self._bar, *_, self._inside, _ = self._clock.step(character)
        music = self._inside in MUSIC
        self._since = min(self._since + 1, FARTHEST)
        if character == "\n":
            self._end_line()
        else:
            self._in_line(character)
        if music and character in NOTES:
            self._notes = [NOTES.index(character) + 1, *self._notes[:3]]
            self._since = 1
        elif music and character in ",'":
            self._notes[0] = (self._notes[0] + OCTAVE) % (4 * OCTAVE)
        if at < self._at:
            self._rhythm_before, self._rhythm = self._rhythm, 0
        if music and character in NOTES:
            self._rhythm = _number(f"{self._rhythm} {at}")
        self._at, self._last = at, character

    def _end_line(self) -> None:
        if self._field == ord("M"):
            self._meter = _number(self._line)
        elif self._field == ord("K"):
            self._key = _number(self._line)
        self._field_before, self._field = self._field, 0
        self._line, self._quoted = "", None
        if self._line_bars:
            self._line_before, self._line_bars = self._line_bars, 0

    def _in_line(self, character: str) -> None:
        if len(self._line) == 1 and character == ":" and self._line.isalpha():
            self._field = ord(self._line) % 128
        if len(self._line) < 64:
            self._line += character
        if self._inside in (HEADER, FIELD):
            return
        if character == "|" and self._last != "|":
            self._bars += 1
            self._line_bars = min(self._line_bars + 1, LINE)
        if character != '"':
            self._quoted = None if self._quoted is None else self._quoted + character
        elif self._quoted is None:
            self._quoted = ""
        else:
            self._chords = [_number(self._quoted), *self._chords[:2]]
            self._quoted = None

    # -- pointers --------------------------------------------------------------------------------

    def _judge(self, symbol: int) -> None:
        mask = (1 << JUDGED) - 1
        self._right = [
            (bits << 1 | (told == symbol)) & mask
            for told, bits in zip(self._told, self._right, strict=True)
        ]

    def _point(self) -> None:
        """Find what stood where the piece is now."""
        here, place = len(self._read) - 1, (self._bars, self._at)
        if place == self._place:
            self._behind += 1
        else:
            self._place, self._behind = place, 0
            self._places.setdefault(place, here)
            for i, period in enumerate(PERIODS):
                alike = period, self._bar % period, self._at, self._inside == 3
                self._like[i] = self._alike.get(alike)
                self._alike[alike] = here
        ago = [self._places.get((self._bars - n, self._at)) for n in BARS_AGO]
        self._told = [
            self._read[there + self._behind + 1]
            if there is not None and there + self._behind < here
            else 0
            for there in (*ago, *self._like)
        ]

    def copy(self) -> LookBack:
        """Return a tracker that has read the same and goes its own way from here."""
        twin = LookBack.__new__(LookBack)
        twin.__dict__.update(self.__dict__)
        twin._clock = self._clock.copy()
        for name in ("_notes", "_read", "_places", "_alike", "_like"):
            setattr(twin, name, getattr(self, name).copy())
        return twin


def _number(text: str) -> int:
    """Return a number from 1 to `WORDS` for a text; two texts share one now and then."""
    return zlib.crc32(text.encode()) % WORDS + 1
