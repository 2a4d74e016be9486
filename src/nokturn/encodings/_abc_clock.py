"""The bar clock: where in its bar, section and repeat a text in ABC stands, letter by letter.

    clock = BarClock(bars=32)
    for character in "M:6/8\\nL:1/8\\nK:G\\nGAB":
        values = clock.step(character)
    values   ->   three eighths are over, three to go, on a beat, bar 1, no repeat, 32 bars to go

A character network counts badly and hears the bar line only when it is too late. The clock counts
for it: it reads any ABC, canonical or as people type it, never looks ahead and never fails; what
it cannot know is 0. A note counts as far as it is read: after ``c`` one unit, after ``c3`` three,
after ``c3/`` one and a half.

A bar that stands in two halves around a repeat sign is counted through: after five eighths and
``:|`` in 6/8 one eighth is left, which is what an upbeat needs. Its weakness: in music for several
voices only the first voice counts bars.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

from nokturn.encodings._abc_measures import (
    BARS,
    PARTS,
    POSITIONS,
    SIXTEENTH,
    WHOLE,
    broken,
    fraction,
    meter_values,
    place,
    to_go,
    tuplet,
    unbroken,
    unit_length,
)

CHANNELS = {
    "at": POSITIONS,  # what the bar holds so far
    "left": POSITIONS,  # what is left to a full bar
    "beat": 5,  # 1 bar line, 2 on a beat, 3 half or third of a beat, 4 elsewhere
    "bar": 17,  # number of the bar in its section, 1-16 and round again
    "repeat": 5,  # 1 no repeat is open, 2 after |:, 3 in a first ending, 4 in a later one
    "pickup": 16,  # length in 16ths of the short bar that the section began with
    "inside": 11,  # 1 header, 2 line start, 3 behind a note, 4 elsewhere, 5-10: see `_INSIDE`
    "bars": BARS,  # hint: bars still to be played, repeats played out
}

_NOTES = frozenset("ABCDEFGabcdefgzx")
Mode: TypeAlias = Callable[["BarClock", str], None]


class BarClock:
    """Reads ABC character by character and tells the time.

    Parameters
    ----------
    bars
        How many bars the piece will have, played with its repeats; 0 = not known.
    """

    def __init__(self, bars: int = 0) -> None:
        self.goal = bars
        self.mode: Mode = BarClock._header
        self.field = self.text = ""  # the field being read
        self.meter, self.unit_length = "4/4", ""
        self.full, self.unit = WHOLE, WHOLE // 8
        self.voice = self.first_voice = ""
        # The bar: what it holds before the last note; that note's unit and the length behind it
        self.before = self.base = 0
        self.length = ""
        self.open = False  # a length may follow
        self.music = False  # any note or rest since the last bar line
        self.undo = (0, 0, "", False)
        self.in_first = False  # in the first note of a chord, whose length counts
        self.tuplet, self.tuplet_left, self.tuplet_text = (1, 1), 0, ""
        self.broken = 0  # number of > (less the number of <) that wait for the next note
        # The section
        self.line = ""  # the bar line being read
        self.held = 0  # what the bar before it held
        self.bar = self.ending_bar = 1
        self.repeat = 1
        self.first_bar, self.pickup, self.upbeat = True, 0, 0
        self.played = self.run = 0  # in parts of a bar: in all, and since the repeat began
        self.ending_run = -1  # ``run`` where the first ending began
        self.ending_pickup = 0
        self.repeated = False  # a repeat has ended before
        self.values = (0, 0, 0, 0, 0, 0, 0, to_go(bars * PARTS) if bars else 0)

    def step(self, character: str) -> tuple[int, ...]:
        """Read a character; return the values of `CHANNELS` after it."""
        self.mode(self, character)
        inside = _INSIDE.get(self.mode, 4)
        if inside == 4 and self.open:
            inside = 3  # a length may follow
        return (*self.values[:6], inside, self.values[7])

    def copy(self) -> BarClock:
        """Return a clock that has read the same and goes its own way."""
        return copy.copy(self)

    @property
    def total(self) -> int:
        """How many bars were played so far, repeats played out; the last open one counts."""
        open_bar = self._parts(self._elapsed()) if self.music else 0
        return (self.played + open_bar + PARTS // 2) // PARTS

    # Headers and other fields

    def _header(self, character: str) -> None:
        """At the start of a header line."""
        self.field, self.text = character, ""
        if character != "\n":
            self.mode = BarClock._header_colon

    def _header_colon(self, character: str) -> None:
        self.mode = BarClock._field if character == ":" else BarClock._header_other
        if character == "\n":
            self.mode = BarClock._header

    def _header_other(self, character: str) -> None:
        if character == "\n":
            self.mode = BarClock._header

    def _field(self, character: str) -> None:
        """In a field line of the header."""
        if character != "\n":
            self.text += character
            return
        self._read_field()
        self.mode = BarClock._header
        if self.field == "K":
            self.voice = ""
            self.mode = BarClock._line_start
            self._show()

    def _field_in_tune(self, character: str) -> None:
        """In a field line between lines of music, or in an inline field."""
        if character == "\n" or (character == "]" and self.line == "["):
            self._read_field()
            self.mode = BarClock._line_start if character == "\n" else BarClock._body
            self.line = ""
            self._show()
        else:
            self.text += character

    def _read_field(self) -> None:
        """Take in meter, unit note length and voice; the rest does not tell the time."""
        text = self.text.partition("%")[0].strip()
        if self.field == "V" and text:
            self._turn_to(text.split()[0])
        elif self.field in ("M", "L"):
            if self.field == "M":
                self.meter = text
            else:
                self.unit_length = text
            self.full = meter_values(self.meter)[0]
            short = 0 < self.full < WHOLE * 3 // 4
            self.unit = unit_length(self.unit_length) or (WHOLE // 16 if short else WHOLE // 8)

    def _turn_to(self, voice: str) -> None:
        """Another voice goes on: its bar begins anew."""
        self.first_voice = self.first_voice or voice
        if voice != self.voice:
            self._empty()
        self.voice = voice

    # Lines of music

    def _line_start(self, character: str) -> None:
        self.mode = BarClock._body
        self.field = character
        self.undo = (self.before, self.base, self.length, self.music)
        self._body(character)
        if self.mode is BarClock._body and character != "\n":
            self.mode = BarClock._line_colon

    def _line_colon(self, character: str) -> None:
        """At the second character of a line: behind a letter, a colon makes it a field."""
        self.mode = BarClock._body
        if character == ":" and (self.field.isalpha() or self.field == "+"):
            self.mode = BarClock._line_field
        else:
            self._body(character)

    def _line_field(self, character: str) -> None:
        """Behind ``A:`` at the start of a line: a field, or the last note of a repeat."""
        self.mode, self.text = BarClock._body, ""
        if character in "|:" and self.field in _NOTES:
            self._body(":")
            self._body(character)
            return
        self._take_back()
        self.mode = BarClock._field_in_tune
        self._field_in_tune(character)

    def _take_back(self) -> None:
        """Forget the last letter: it was no note but the name of a field."""
        self.before, self.base, self.length, self.music = self.undo
        self.open, self.line = False, ""
        self._show()

    def _body(self, character: str) -> None:
        action = _ACTIONS.get(character)
        if action is not None:
            action(self, character)
        elif character != "," and character != "'":  # octave marks stand before the length
            self.open = False

    def _newline(self, character: str) -> None:
        self.open = False
        self.mode = BarClock._line_start

    def _skip(self, character: str) -> None:
        """Begin what holds no notes in time: text, decoration, grace notes, comment."""
        self.open = False
        self.mode = _SKIPPED[character]

    def _skip_to(self, character: str, stop: str) -> None:
        if character == stop:
            self.mode = BarClock._body
        elif character == "\n":
            self.mode = BarClock._line_start

    def _bracket(self, character: str) -> None:
        self.open = False
        self.mode = BarClock._in_bracket

    def _in_bracket(self, character: str) -> None:
        """Behind [: an ending, a bar line, an inline field or a chord."""
        self.mode = BarClock._chord
        if character in '0123456789"':
            self.mode = BarClock._body
            self._ending(character)
        elif character in "|]\n":
            self.mode = BarClock._body
            self._body(character)
        elif character.isalpha():
            self.field, self.text = character, ""
            self.undo = (self.before, self.base, self.length, self.music)
            self.mode = BarClock._bracket_colon
            if character in _NOTES:
                self._chord(character)

    def _bracket_colon(self, character: str) -> None:
        self.mode = BarClock._chord
        if character == ":":
            self._take_back()
            self.mode, self.line = BarClock._field_in_tune, "["
        else:
            self._chord(character)

    def _chord(self, character: str) -> None:
        """In a chord: its first note's length counts, times what stands behind the chord."""
        if character in _NOTES:
            if not self.in_first and not self.open:
                self._note(character)
                self.in_first = True
            else:
                self.in_first = False
        elif character == "]":
            self.base = self._elapsed() - self.before
            self.length, self.in_first = "", False
            self.mode = BarClock._body
        elif character == "\n":
            self.in_first = False
            self._newline(character)
        elif self.in_first and character in "0123456789/":
            self._longer(character)

    # Notes

    def _elapsed(self) -> int:
        number, divisor = fraction(self.length)
        return self.before + self.base * number // divisor

    def _note(self, character: str) -> None:
        self.before = self._elapsed()
        base = self.unit
        if self.tuplet_left:
            self.tuplet_left -= 1
            base = base * self.tuplet[0] // self.tuplet[1]
        if self.broken:
            base = broken(base, -self.broken)
            self.broken = 0
        self._begin(base)

    def _bar_rest(self, character: str) -> None:
        self.before = self._elapsed()
        self._begin(self.full)

    def _begin(self, base: int) -> None:
        self.base, self.length, self.line = base, "", ""
        self.open = self.music = True
        self._show()

    def _longer(self, character: str) -> None:
        """A digit or slash: the length of a note, or the number of an ending."""
        if self.open and len(self.length) < 8:
            self.length += character
            self._show()
        elif self.line and character != "/":
            self._ending(character)

    def _break(self, character: str) -> None:
        """Broken rhythm: > lengthens the note before and shortens the next one, < the reverse."""
        self.open = False
        sign = 1 if character == ">" else -1
        before = self._elapsed() - self.before
        even = before if not self.broken else unbroken(before, self.broken)
        self.broken += sign
        self.base, self.length = broken(even, self.broken), ""
        self._show()

    def _parenthesis(self, character: str) -> None:
        self.open = False
        self.tuplet_text = ""
        self.mode = BarClock._tuplet

    def _tuplet(self, character: str) -> None:
        """Behind (: with a digit a tuplet p:q:r, otherwise a slur."""
        if character in "0123456789" or (character == ":" and self.tuplet_text):
            self.tuplet_text += character
            self.tuplet, self.tuplet_left = tuplet(self.tuplet_text, self.meter)
        else:
            self.mode = BarClock._body
            self._body(character)

    # Bar lines and sections

    def _bar_line(self, character: str) -> None:
        """Read one character of a bar line: | or a colon."""
        self.open = False
        first = not self.line
        if first:
            self._close_bar(character)
        before, self.line = self.line, self.line + character
        if character == ":":
            if before.endswith(("|", ":")):  # |: and ::
                self._open_repeat()
            elif first:
                self._close_repeat()
        elif before.endswith("|"):
            self._double()
        self._show()

    def _bar_end(self, character: str) -> None:
        """Read ] behind a bar line: |]."""
        self.open = False
        if self.line.endswith("|"):
            self.line += character
            self._double()
            self._show()

    def _close_bar(self, character: str) -> None:
        self.held = self._elapsed()
        if not self.music:
            return
        here = self.held - self.upbeat  # less what stood before a repeat sign
        if self.first_bar:
            short = 0 < here < self.full
            self.pickup = min(15, here // SIXTEENTH) if short else 0
        if self.voice in ("", self.first_voice):
            parts = self._parts(here)
            self.played += parts
            self.run += parts
            if not (self.first_bar and self.pickup):
                self.bar += 1
        self.first_bar = False
        self._empty()

    def _parts(self, held: int) -> int:
        return (2 * PARTS * held + self.full) // (2 * self.full) if self.full else PARTS

    def _empty(self) -> None:
        """Begin a bar with nothing in it."""
        self.before = self.base = self.upbeat = 0
        self.length = ""
        self.open = self.music = False
        self.tuplet_left = self.broken = 0

    def _carry(self) -> None:
        """After a repeat sign or double bar in mid-bar, go on with what the bar held."""
        if 0 < self.held < self.full and not self.music:
            self.before = self.upbeat = self.held

    def _section(self) -> None:
        self.bar, self.first_bar, self.pickup = 1, True, 0

    def _close_repeat(self) -> None:
        """At :|, the stretch since the repeat began is played again, without a first ending."""
        if self.repeat != 4:
            self.played += self.run if self.ending_run < 0 else self.ending_run
        self.run, self.ending_run, self.repeat = 0, -1, 1
        self.repeated = True
        self._section()
        self._carry()

    def _open_repeat(self) -> None:
        self.run, self.ending_run, self.repeat = 0, -1, 2
        self.first_part = False
        if not (self.pickup and self.bar == 1):  # an upbeat before |: is the section's
            self._section()

    def _double(self) -> None:
        """At ||, |] and the like a section ends; a later ending ends with it."""
        if ":" in self.line:
            return
        if self.repeat == 4:
            self.run, self.ending_run, self.repeat = 0, -1, 1
        elif self.repeat == 1 and self.repeated:  # a :| that nothing opens goes back to here
            self.run = 0
        self._section()
        self._carry()

    def _ending(self, character: str) -> None:
        """At the number of an ending."""
        self.line += "1"  # more digits, as in 1,3, are the same ending's
        if self.line.endswith("11"):
            return
        if character == "1":
            self.ending_bar, self.ending_run, self.repeat = self.bar, self.run, 3
            self.ending_pickup = self.pickup
        elif character.isdigit():
            self._empty()
            self.bar, self.repeat, self.first_bar = self.ending_bar, 4, False
            self.pickup = self.ending_pickup
        self._show()

    def _overlay(self, character: str) -> None:
        """At &, another voice fills the same bar from its beginning."""
        music = self.music
        self._empty()
        self.music = music

    def _show(self) -> None:
        at, left, beat = place(self._elapsed(), self.meter)
        bars = to_go(self.goal * PARTS - self.played) if self.goal else 0
        number = (self.bar - 1) % 16 + 1
        self.values = (at, left, beat, number, self.repeat, self.pickup, 0, bars)


def _in_text(clock: BarClock, character: str) -> None:
    clock._skip_to(character, '"')


def _in_mark(clock: BarClock, character: str) -> None:
    clock._skip_to(character, "!")


def _in_grace(clock: BarClock, character: str) -> None:
    clock._skip_to(character, "}")


def _in_comment(clock: BarClock, character: str) -> None:
    clock._skip_to(character, "\n")


_SKIPPED: dict[str, Mode] = {'"': _in_text, "!": _in_mark, "{": _in_grace, "%": _in_comment}
_ACTIONS: dict[str, Mode] = {
    **dict.fromkeys("ABCDEFGabcdefgzx", BarClock._note),
    **dict.fromkeys("ZX", BarClock._bar_rest),
    **dict.fromkeys("0123456789/", BarClock._longer),
    **dict.fromkeys("<>", BarClock._break),
    **dict.fromkeys("|:", BarClock._bar_line),
    **dict.fromkeys('"!{%', BarClock._skip),
    "]": BarClock._bar_end,
    "[": BarClock._bracket,
    "(": BarClock._parenthesis,
    "&": BarClock._overlay,
    "\n": BarClock._newline,
}
_INSIDE: dict[Mode, int] = {
    BarClock._header: 1,
    BarClock._header_colon: 1,
    BarClock._header_other: 1,
    BarClock._field: 1,
    BarClock._line_start: 2,
    BarClock._in_bracket: 5,
    BarClock._bracket_colon: 5,
    BarClock._chord: 6,
    _in_grace: 7,
    _in_text: 8,
    _in_mark: 9,
    BarClock._field_in_tune: 10,
    BarClock._line_field: 10,
}
