"""Drums in MusicXML: where each stands on the staff, its note head, and its own instrument.

    General MIDI 42, closed hi-hat   ->   <unpitched> G5, head "x", <instrument id="P1-I43"/>

Each drum of a part is a ``score-instrument`` whose ``midi-unpitched`` (from 1) says which it is, so
that drums which share a line come back as they were. Positions follow Weinberg, "Guidelines for
Drumset Notation", 1994, as notation programs have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

from nokturn.music.pitch import Pitch
from nokturn.music.sheet import Sheet

CROSS, CIRCLED, DIAMOND, TRIANGLE = "x", "circle-x", "diamond", "triangle"
_PLACES: Mapping[int, tuple[str, str]] = {  # position as in the treble clef, head
    35: ("E4", ""), 36: ("F4", ""), 37: ("C5", CROSS), 38: ("C5", ""), 39: ("C5", DIAMOND),
    40: ("C5", ""), 41: ("G4", ""), 42: ("G5", CROSS), 43: ("A4", ""), 44: ("D4", CROSS),
    45: ("B4", ""), 46: ("G5", CIRCLED), 47: ("D5", ""), 48: ("E5", ""), 49: ("A5", CROSS),
    50: ("E5", ""), 51: ("F5", CROSS), 52: ("B5", CROSS), 53: ("F5", DIAMOND),
    54: ("B4", TRIANGLE), 55: ("B5", CROSS), 56: ("E5", TRIANGLE), 57: ("A5", CROSS),
    59: ("F5", CROSS), 69: ("B5", DIAMOND), 70: ("B5", DIAMOND), 75: ("D5", CROSS),
    76: ("D5", CROSS), 77: ("B4", CROSS), 82: ("B5", DIAMOND),
}  # fmt: skip
ELSEWHERE = ("C5", TRIANGLE)  # drums that have no place of their own


def place(midi: int) -> tuple[str, int, str]:
    """Return the step and octave at which a drum is drawn, and its note head ("" = usual).

    >>> place(42)
    ('G', 5, 'x')
    """
    position, head = _PLACES.get(midi, ELSEWHERE)
    return position[0], int(position[1:]), head


def identity(part: str, midi: int) -> str:
    """Return the name of a drum's instrument; General MIDI pitches from 1 as in the format."""
    return f"{part}-I{midi + 1}"


def struck(sheet: Sheet, voices: Iterable[int]) -> list[int]:
    """Return the General MIDI pitches that voices of drums strike, rising."""
    found = {
        pitch.midi
        for bar in sheet.bars
        for voice in voices
        if voice < len(bar.voices)
        for event in bar.voices[voice]
        for pitch in (*event.pitches, *(p for grace in event.graces for p in grace.pitches))
    }
    return sorted(found)


def pitches(entry: Element | None) -> dict[str, Pitch]:
    """Return what the instruments of a part strike, by their names."""
    found: dict[str, Pitch] = {}
    for element in () if entry is None else entry.iterfind("midi-instrument"):
        text = (element.findtext("midi-unpitched") or "").strip()
        if text.isdigit() and 1 <= int(text) <= 128:
            found[element.get("id", "")] = _pitch(int(text) - 1)
    return found


def _pitch(midi: int) -> Pitch:
    octave, pitch_class = divmod(midi, 12)
    step, alter = ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (3, 0), (3, 1), (4, 0), (4, 1), (5, 0),
                   (5, 1), (6, 0))[pitch_class]  # fmt: skip
    return Pitch(step, alter, octave - 1)
