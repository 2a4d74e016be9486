"""Accompany: an instrument that plays the chord symbols of a sheet.

    "C" G4 | "F" A2 "G7" B2   ->   a second voice: C3 E3 G3 | F3 A3 C4, G3 B3 D4 F4

Chords stand in root position from the octave below middle C, struck where a symbol stands and at
each bar line. Its weakness: that is all it does; it leads no voices and has no rhythm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from nokturn.generation._chord_tables import QUALITIES, TONES
from nokturn.generation.harmonise import lead_voice, state_of
from nokturn.music import harmony
from nokturn.music.harmony import Harmony
from nokturn.music.pitch import SEMITONES, Pitch
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import Ticks

NAME = "Chords"


def accompanied(sheet: Sheet, program: int = 0) -> Sheet:
    """Return the sheet with one more voice that plays its chord symbols.

    Parameters
    ----------
    program
        General MIDI program of the instrument, 0-127; 0 = piano.
    """
    part = 1 + max(voice.part for voice in sheet.voices)
    voice = Voice(name=NAME, part=part, clef="bass", program=program, number=NAME)
    lead = lead_voice(sheet)
    holding: Harmony | None = None
    bars = []
    for bar in sheet.bars:
        changes = dict(_changes(bar, lead))
        events = list(_played(changes, bar.length, holding))
        bars.append(replace(bar, voices=[*_filled(bar, len(sheet.voices)), events]))
        holding = changes[max(changes)] if changes else holding
    return replace(sheet, voices=[*sheet.voices, voice], bars=bars)


def _filled(bar: Bar, voices: int) -> list[list[Event]]:
    """Return the voices of a bar, one for each voice of the sheet."""
    return [*bar.voices, *([] for _ in range(voices - len(bar.voices)))]


def _changes(bar: Bar, lead: int) -> Iterator[tuple[Ticks, Harmony]]:
    """Yield where in a bar a chord symbol stands, and what it says."""
    at: Ticks = 0
    for event in bar.voices[lead] if lead < len(bar.voices) else ():
        chord = harmony.parse(event.chord) if event.chord else None
        if chord:
            yield at, chord
        at += event.duration


def _played(
    changes: dict[Ticks, Harmony], length: Ticks, holding: Harmony | None
) -> Iterator[Event]:
    for start, end in pairwise(sorted({0, *changes, length})):
        holding = changes.get(start, holding)
        yield Event(end - start, notes_of(holding) if holding else ())


def notes_of(chord: Harmony) -> tuple[Pitch, ...]:
    """Return the notes of a chord, spelled in thirds above its root.

    >>> [str(pitch) for pitch in notes_of(Harmony((2, -1), "7"))]
    ['Eb3', 'G3', 'Bb3', 'Db4']
    """
    step, alter = chord.root
    root = Pitch(step, alter, 3)
    tones = TONES[state_of(chord) % len(QUALITIES)]
    return tuple(_above(root, 2 * k, tone) for k, tone in enumerate(tones))


def _above(root: Pitch, letters: int, semitones: int) -> Pitch:
    octaves, step = divmod(root.step + letters, 7)
    octave = root.octave + octaves
    alter = root.midi + semitones - SEMITONES[step] - 12 * (octave + 1)
    return Pitch(step, alter, octave)
