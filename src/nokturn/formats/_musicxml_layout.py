"""How a Sheet is laid out in MusicXML: voices in parts and staves, clefs, numbers of measures.

A part holds the voices with one ``Voice.part``; its staves are the different ``Voice.staff``, and
its MusicXML voices are numbered in the sheet's order.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from nokturn.music.sheet import Sheet
from nokturn.music.time import Ticks, exact

# clef -> sign and line
CLEFS = {
    "treble": ("G", "2"),
    "bass": ("F", "4"),
    "alto": ("C", "3"),
    "tenor": ("C", "4"),
    "soprano": ("C", "1"),
    "mezzosoprano": ("C", "2"),
    "baritone": ("F", "3"),
    "perc": ("percussion", "2"),
}
LOW = 56  # mean MIDI pitch below which a staff gets a bass clef


@dataclass(frozen=True)
class Part:
    """A part: the indices of its voices in the sheet, and the staff (from 1) of each."""

    voices: tuple[int, ...]
    staves: tuple[int, ...]

    @property
    def staff_count(self) -> int:
        """How many staves it has."""
        return max(self.staves)


@dataclass(frozen=True)
class Number:
    """The number of a measure, whether it counts, and where in its full bar it begins."""

    text: str
    implicit: bool
    start: Ticks


def parts(sheet: Sheet) -> list[Part]:
    """Return the parts in the order in which they first appear among the voices."""
    members: dict[int, list[int]] = {}
    for index, voice in enumerate(sheet.voices):
        members.setdefault(voice.part, []).append(index)
    found = []
    for voices in members.values():
        names = sorted({sheet.voices[v].staff for v in voices})
        staves = tuple(names.index(sheet.voices[v].staff) + 1 for v in voices)
        found.append(Part(tuple(voices), staves))
    return found


def clef(sheet: Sheet, voices: list[int]) -> str:
    """Return the clef of a staff: the one its voices name, or the one that fits its notes."""
    for v in voices:
        if sheet.voices[v].clef:
            return sheet.voices[v].clef
        if sheet.voices[v].drums:
            return "perc"
    heard = [
        pitch.midi
        for bar in sheet.bars
        for v in voices
        for event in bar.voices[v]
        for pitch in event.pitches
    ]
    return "bass" if heard and sum(heard) / len(heard) < LOW else "treble"


def numbers(sheet: Sheet) -> list[Number]:
    """Return the number of each measure; a pickup is 0, the second part of a bar X1, X2 ..."""
    found: list[Number] = []
    count = extra = 0
    filled: Ticks = 0
    for index, (bar, meter) in enumerate(zip(sheet.bars, sheet.meters(), strict=True)):
        full, held = meter.bar_ticks, bar.length
        if meter.free or held >= full:
            count, filled = count + 1, 0
            found.append(Number(str(count), False, 0))
        elif index == 0 and len(sheet.bars) > 1:
            found.append(Number("0", True, exact(Fraction(full) - held)))
        elif filled and filled + held <= full:
            extra += 1
            found.append(Number(f"X{extra}", True, filled))
            filled = exact(Fraction(filled + held)) if filled + held < full else 0
        else:
            count, filled = count + 1, held
            found.append(Number(str(count), False, 0))
    return found
