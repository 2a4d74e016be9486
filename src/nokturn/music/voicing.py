"""Voicing: chord symbols made to sound, as a pianist lays them.

    Dm7 G7 Cmaj7   ->   D2 + F4 A4 C5,  G2 + F4 A... as near as may be to the chord before

The left hand has the bass; the right hand the other tones in close position, without the root where
there are enough, in that inversion that lies nearest to the chord before. `lead_sheet` writes them
down with their symbols. Its weakness: no rhythm but that of the chords.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import COMMON_TIME, Meter, Ticks
from nokturn.music.transposition import Interval, moved_pitch

LOWEST_BASS = 36  # C2
MIDDLE = 64.0  # where the right hand begins, E4
FEW = 4  # notes of the right hand at most


class Played(NamedTuple):
    """A chord and how long it lasts, in ticks; None is a rest."""

    harmony: Harmony | None
    duration: Ticks


def voiced(chords: Sequence[Harmony]) -> list[tuple[tuple[Pitch], tuple[Pitch, ...]]]:
    """Return the bass, alone, and the notes of the right hand, low to high, of chords in a row."""
    centre = MIDDLE
    found = []
    for chord in chords:
        hand = min(_inversions(chord), key=lambda notes: abs(_mean(notes) - centre))
        centre = 0.7 * _mean(hand) + 0.3 * MIDDLE  # near, but never out of the middle
        found.append(((_bass(chord),), hand))
    return found


def _mean(notes: tuple[Pitch, ...]) -> float:
    return sum(pitch.midi for pitch in notes) / len(notes)


def _bass(chord: Harmony) -> Pitch:
    step, alter = chord.bass or chord.root
    low = Pitch(step, alter, 2)
    return low._replace(octave=2 - (low.midi - LOWEST_BASS) // 12)


@lru_cache(maxsize=4096)
def _inversions(chord: Harmony) -> list[tuple[Pitch, ...]]:
    """Return the ways to lay the right hand of a chord between C3 and C6."""
    root = Pitch(*chord.root)
    hand = [moved_pitch(root, Interval(*tone)) for tone in _chosen(tones(chord.quality))]
    laid = []
    for first in range(len(hand)):
        notes = [hand[first]]
        for pitch in hand[first + 1 :] + hand[:first]:
            above = -((pitch.midi - notes[-1].midi - 1) // 12)
            notes.append(pitch._replace(octave=pitch.octave + above))
        for octaves in range(-2, 2):
            moved = tuple(p._replace(octave=p.octave + octaves) for p in notes)
            if moved[0].midi >= 48 and moved[-1].midi <= 84:
                laid.append(moved)
    return laid


def _chosen(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the tones for the right hand: of many the root is left out, then 5 and 9."""
    kept = list(found)
    for tone in ((0, 0), (4, 7), (8, 14), (5, 9)):
        if len(kept) >= FEW and tone in kept:
            kept.remove(tone)
    return kept[:FEW]


def lead_sheet(
    chords: Sequence[Played], *, meter: Meter = COMMON_TIME, key: Key | None = None, title: str = ""
) -> Sheet:
    """Return chords written for piano, symbols above, in bars of the meter.

    A chord that lasts beyond its bar is tied over; its symbol stands once.
    """
    hands = iter(voiced([chord.harmony for chord in chords if chord.harmony]))
    bars = [Bar([[], []], meter, {0: key or Key()})]
    room: Ticks = meter.bar_ticks  # left in the last bar
    for harmony, left in chords:
        left_hand, hand = next(hands) if harmony else ((), ())
        symbol = str(harmony) if harmony else ""
        while left:
            if not room:
                bars.append(Bar([[], []]))
                room = meter.bar_ticks
            length = min(left, room)
            left, room = left - length, room - length
            for events, pitches in zip(bars[-1].voices, (hand, left_hand), strict=True):
                ties = (True,) * len(pitches) if left else ()
                events.append(Event(length, pitches, ties, chord=symbol))
                symbol = ""
    for events in bars[-1].voices:
        events += [Event(room)] if room else []
    bars[-1].line = "final"
    voices = [
        Voice("Piano", part=0, staff=0, clef="treble"),
        Voice("Piano", part=0, staff=1, clef="bass"),
    ]
    return Sheet(bars, voices, title=title)
