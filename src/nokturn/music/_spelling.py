"""Spell MIDI pitches by key and context: F#4 or Gb4?

    in C major, 70 going to 69  ->  Bb4 A4;   in A minor, 68 going to 69  ->  G#4 A4

Pitch classes lie on the line of fifths (... Bb F C G D A E B F# ...), twelve steps apart for two
spellings of one key on the piano. A note takes the spelling nearest to the middle of the key, drawn
a little by what was spelled before it; a chromatic step takes the next letter. Enharmonic changes
that a composer writes for the eye cannot be heard, and are not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from nokturn.music.pitch import SEMITONES, Key, Pitch

MIDDLE = 2.5  # of the twelve fifths that a major key uses most, from its signature: Eb-G# in C
MINOR_MIDDLE = 3.5  # Bb-D# in A minor: sixth, seventh and fourth are raised
MEMORY = 0.94  # how much of the context stays at each note
DRAWN = 0.25  # how much the context counts against the key


@lru_cache(maxsize=65536)
def at_fifths(midi: int, place: int) -> Pitch:
    """Return a pitch spelled with the letter at a place on the line of fifths (C = 0).

    >>> str(at_fifths(70, -2)), str(at_fifths(59, -7))
    ('Bb4', 'Cb4')
    """
    step, alter = place * 4 % 7, (place + 1) // 7
    return Pitch(step, alter, (midi - alter - SEMITONES[step]) // 12 - 1)


@lru_cache(maxsize=4096)
def _place(midi_class: int, fifths: int, middle: float) -> int:
    """Return the place of a pitch class: in the scale if it is there, else near the middle."""
    place = midi_class * 7 % 12
    low = fifths - 1
    if (place - low) % 12 < 7:
        return low + (place - low) % 12
    return place + 12 * round((middle - place) / 12)


class Speller:
    """Spells the notes of one part in order of time."""

    def __init__(self) -> None:
        self.context = 0.0
        self.key: Key | None = None

    def spell(self, pitches: Sequence[int], key: Key, following: int | None) -> tuple[Pitch, ...]:
        """Return pitches spelled; ``following`` is the single note after a single note."""
        middle = key.fifths + (MINOR_MIDDLE if key.minor else MIDDLE)
        if key != self.key:
            self.key, self.context = key, middle
        drawn = round(2 * (middle + DRAWN * (self.context - middle))) / 2
        places = [_place(pitch % 12, key.fifths, drawn) for pitch in pitches]
        if len(pitches) == 1 and following is not None and abs(following - pitches[0]) == 1:
            places[0] = _stepwise(pitches[0], places[0], following, key, drawn)
        for place in places:
            self.context = MEMORY * self.context + (1 - MEMORY) * place
        return tuple(at_fifths(p, place) for p, place in zip(pitches, places, strict=True))


def _stepwise(midi: int, place: int, following: int, key: Key, middle: float) -> int:
    """Return the place of a chromatic note that goes a semitone on: with the letter before."""
    low = key.fifths - 1
    if low <= place < low + 7:
        return place
    target = _place(following % 12, key.fifths, middle)
    # a semitone up between letters is five fifths down the line, a semitone down five up
    wanted = target + 5 if following > midi else target - 5
    return wanted if low - 5 <= wanted <= low + 12 else place
