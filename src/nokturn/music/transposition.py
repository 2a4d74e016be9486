"""Transpose what is written: key, notes and chord symbols together, spelled as a musician would.

    C D E F G (C major)   up a minor third   ->   Eb F G Ab Bb (Eb major)

Of the keys that sound the same the one with the fewest accidentals is taken (Db rather than C#),
and every note moves by the same number of letters, so each keeps its distance to the signature.
Where the key changes in the middle, each stretch is spelled by its own key. Up and down again is
the identity, except that of F# and Gb (six sharps or flats: a tie) F# comes back, and that triple
accidentals are respelled.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nokturn.music.pitch import ACCIDENTALS, LETTERS, SEMITONES, Key, Pitch
from nokturn.music.score import Score
from nokturn.music.sheet import Bar, Event, Grace, Sheet
from nokturn.music.time import Ticks

_ROOT = re.compile(r"(?:(?<=^)|(?<=[(/ ,-]))([A-G])([#b♯♭]?)(?!\w*[ .]?[Cc]\.)")
_SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}


class Interval(NamedTuple):
    """So many letters and semitones up (or down, when negative)."""

    letters: int
    semitones: int


def transpose(sheet: Sheet, semitones: int) -> Sheet:
    """Return the sheet moved up or down, respelled.

    Parameters
    ----------
    semitones
        How far; where that would leave MIDI's 0-127 the whole is put an octave nearer.
    """
    semitones = _within_midi(sheet, semitones)
    key = sheet.key
    bars = []
    for bar in sheet.bars:
        bars.append(_moved_bar(bar, key, semitones))
        if bar.keys:
            key = bar.keys[max(bar.keys)]
    if bars and 0 not in bars[0].keys and semitones:
        bars[0].keys = {0: moved_key(sheet.key, semitones), **bars[0].keys}
    return Sheet(
        bars, sheet.voices, sheet.title, sheet.subtitles, sheet.composer, sheet.fields,
        sheet.part_order, sheet.words, sheet.unit,
    )  # fmt: skip


def transpose_score(score: Score, semitones: int) -> Score:
    """Return a score moved up or down, drums left as they are.

    Where that would leave MIDI's 0-127 the whole is put an octave nearer.
    """
    pitches = np.concatenate(
        [np.zeros(0, dtype=np.int16), *(t.notes["pitch"] for t in score.tracks if not t.drums)]
    )
    if len(pitches):
        semitones += 12 * -(-max(0, -int(pitches.min()) - semitones) // 12)
        semitones -= 12 * -(-max(0, int(pitches.max()) + semitones - 127) // 12)
    tracks = []
    for track in score.tracks:
        notes = track.notes.copy()
        if not track.drums:
            notes["pitch"] += semitones
        tracks.append(replace(track, notes=notes))
    keys = [(tick, moved_key(key, semitones)) for tick, key in score.keys]
    return replace(score, tracks=tracks, keys=keys)


@lru_cache(maxsize=4096)
def interval(key: Key, semitones: int) -> Interval:
    """Return the interval that moves a key to the spelling with the fewest accidentals.

    >>> interval(Key.parse("C"), 3), interval(Key.parse("A"), 3)
    (Interval(letters=2, semitones=3), Interval(letters=2, semitones=3))
    >>> interval(Key.parse("E"), 3)
    Interval(letters=2, semitones=3)
    """
    # On the circle of fifths, steps that differ by 12 sound the same; seven semitones are a step.
    steps = min(
        (7 * semitones % 12 + 12 * k for k in (-2, -1, 0, 1)),
        key=lambda g: (abs(key.fifths + g), -g),
    )
    octaves = (7 * steps - semitones) // 12
    return Interval(4 * steps - 7 * octaves, semitones)


def moved_pitch(pitch: Pitch, by: Interval) -> Pitch:
    """Return a pitch moved by an interval.

    >>> str(moved_pitch(Pitch.parse("F#4"), Interval(2, 3)))
    'A4'
    """
    octave, step = divmod(pitch.diatonic + by.letters, 7)
    alter = pitch.midi + by.semitones - 12 * (octave + 1) - SEMITONES[step]
    if abs(alter) <= 2:
        return Pitch(step, alter, octave)
    return _nearest_spelling(pitch.midi + by.semitones, 1 if alter > 0 else -1)


@lru_cache(maxsize=4096)
def moved_key(key: Key, semitones: int) -> Key:
    """Return a key moved, with its explicit accidentals; no key stays no key.

    >>> str(moved_key(Key.parse("Ador"), -2)), str(moved_key(Key.parse("D"), 11))
    ('Gdor', 'Db')
    """
    if key.mode == "none" and not key.explicit:
        return key
    mode, tonic = key.mode, Pitch(key.tonic, key.alter)
    if mode in ("Hp", "HP"):  # pipes play in A mixolydian and nowhere else
        mode, tonic = "mixolydian", Pitch.parse("A4")
    by = interval(key, semitones)
    new = moved_pitch(tonic, by)
    explicit = _moved_accidentals(key, by, Key(new.step, new.alter, mode))
    return Key(new.step, new.alter, mode, explicit, key.exact)


@lru_cache(maxsize=16384)
def moved_chord(symbol: str, by: Interval) -> str:
    """Return a chord symbol moved: root and bass, the rest as it stands.

    >>> moved_chord("Gm7", Interval(1, 2)), moved_chord("D/F#", Interval(-1, -1))
    ('Am7', 'C#/E#')
    """
    return _ROOT.sub(lambda match: _moved_root(match, by), symbol)


def _moved_root(match: re.Match[str], by: Interval) -> str:
    root = moved_pitch(Pitch(LETTERS.index(match[1]), _SIGNS[match[2]]), by)
    if abs(root.alter) > 1:  # nobody reads a chord on G double sharp
        root = _nearest_spelling(root.midi, 1 if root.alter > 0 else -1)
    return LETTERS[root.step] + ACCIDENTALS[root.alter]


def _nearest_spelling(midi: int, prefer: int) -> Pitch:
    """Return a spelling with at most one accidental, sharp or flat as preferred."""
    octave, pitch_class = divmod(midi, 12)
    for alter in (0, prefer):
        natural = (pitch_class - alter) % 12
        if natural in SEMITONES:
            wrapped = (pitch_class - alter - natural) // 12
            return Pitch(SEMITONES.index(natural), alter, octave - 1 + wrapped)
    raise AssertionError("every pitch class is a natural or one beside it")


def _moved_accidentals(key: Key, by: Interval, new: Key) -> tuple[tuple[int, int], ...]:
    """Return a key's explicit accidentals moved; in an ``exp`` key, all that are."""
    if not key.exact:
        old = Key(key.tonic, key.alter, key.mode)
        moved = [
            ((step + by.letters) % 7, alter - old.alters[step]) for step, alter in key.explicit
        ]
        return tuple((step, alter + new.alters[step]) for step, alter in moved)
    pitches = [moved_pitch(Pitch(step, alter), by) for step, alter in enumerate(key.alters)]
    named = {(step + by.letters) % 7 for step, _ in key.explicit}
    return tuple((p.step, p.alter) for p in pitches if p.alter or p.step in named)


def _moved_bar(bar: Bar, key: Key, semitones: int) -> Bar:
    changes = sorted(bar.keys.items())
    by = interval(bar.keys.get(0, key), semitones)
    voices = []
    for voice in bar.voices:
        if len(changes) > 1 or (changes and changes[0][0]):
            voices.append(_moved_voice(voice, key, changes, semitones))
        else:
            voices.append([_moved_event(event, by) for event in voice])
    keys = {at: moved_key(new, semitones) for at, new in changes}
    return Bar(
        voices, bar.meter, keys, bar.tempos, bar.repeat_start, bar.repeat_end, bar.ending,
        bar.ending_stop, bar.line, bar.label, bar.break_after,
    )  # fmt: skip


def _moved_voice(
    voice: list[Event], key: Key, changes: list[tuple[Ticks, Key]], semitones: int
) -> list[Event]:
    """Return the events of a bar in which the key changes, each moved by the key it stands in."""
    moved: list[Event] = []
    at: Ticks = 0
    for event in voice:
        here = next((new for offset, new in reversed(changes) if offset <= at), key)
        moved.append(_moved_event(event, interval(here, semitones)))
        at += event.duration
    return moved


def _moved_event(event: Event, by: Interval) -> Event:
    return Event(
        event.duration,
        tuple([moved_pitch(pitch, by) for pitch in event.pitches]),
        event.ties,
        event.tuplet,
        tuple([_moved_grace(grace, by) for grace in event.graces]),
        event.decorations,
        event.slurs,
        moved_chord(event.chord, by) if event.chord else "",
        event.texts,
        event.lyrics,
        event.hidden,
        event.whole_bar,
    )


def _moved_grace(grace: Grace, by: Interval) -> Grace:
    return grace._replace(pitches=tuple(moved_pitch(pitch, by) for pitch in grace.pitches))


def _within_midi(sheet: Sheet, semitones: int) -> int:
    """Return the shift, by octaves nearer where a note would leave 0-127 and can be kept inside."""
    heights = [
        pitch.midi
        for bar in sheet.bars
        for voice in bar.voices
        for event in voice
        for pitch in event.pitches
    ]
    if not heights:
        return semitones
    low, high = min(heights), max(heights)
    while high + semitones > 127 and low + semitones - 12 >= 0:
        semitones -= 12
    while low + semitones < 0 and high + semitones + 12 <= 127:
        semitones += 12
    return semitones
