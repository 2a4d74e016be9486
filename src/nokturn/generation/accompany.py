"""Accompany: an instrument that plays the chord symbols of a sheet.

    "C" G4 | "F" A2 "G7" B2   ->   a second voice: C3 E3 G3 | F3 A3 C4, G3 B3 D4 F4

Chords stand in root position from the octave below middle C, struck where a symbol stands and at
each bar line. Its weakness: that is all it does; it leads no voices and has no rhythm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from nokturn.generation._chord_slots import lead_voice, timed
from nokturn.generation._chord_states import QUALITIES, TONES, state_of
from nokturn.music import harmony
from nokturn.music._note_values import divided
from nokturn.music.harmony import Harmony
from nokturn.music.pitch import SEMITONES, Pitch
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import Meter, Ticks

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
    for bar, meter in zip(sheet.bars, sheet.meters(), strict=True):
        changes = dict(_changes(bar, lead))
        events = list(_played(changes, bar.length, meter, holding))
        bars.append(replace(bar, voices=[*_filled(bar, len(sheet.voices)), events]))
        holding = changes[max(changes)] if changes else holding
    return replace(sheet, voices=[*sheet.voices, voice], bars=bars)


def _filled(bar: Bar, voices: int) -> list[list[Event]]:
    """Return the voices of a bar, one for each voice of the sheet."""
    return [*bar.voices, *([] for _ in range(voices - len(bar.voices)))]


def _changes(bar: Bar, lead: int) -> Iterator[tuple[Ticks, Harmony]]:
    """Yield where in a bar a chord symbol stands, and what it says."""
    for at, event in timed(bar.voices[lead]) if lead < len(bar.voices) else ():
        if event.chord and (chord := harmony.parse(event.chord)):
            yield at, chord


def _played(
    changes: dict[Ticks, Harmony], length: Ticks, meter: Meter, holding: Harmony | None
) -> Iterator[Event]:
    """Yield what is played in a bar, in values that can be written, several of them tied."""
    for start, end in pairwise(sorted({0, *changes, length})):
        holding = changes.get(start, holding)
        pitches = notes_of(holding) if holding else ()
        values = (end - start,) if meter.free else divided(start, end, meter, not pitches)
        for k, value in enumerate(values, 1):
            yield Event(value, pitches, (k < len(values),) * len(pitches))


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
