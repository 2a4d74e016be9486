"""Chords as numbers: 4 times the pitch class of the root, and one of four qualities.

    C 0, Cm 1, C7 2, Cdim 3, Dbmaj7 4 ... Bdim 47

Richer chords are folded to the nearest of the four; a bass is left out.
"""

from __future__ import annotations

from nokturn.music import harmony
from nokturn.music.harmony import Harmony
from nokturn.music.pitch import SEMITONES, Key

QUALITIES = ("", "m", "7", "dim")
STATES = 12 * len(QUALITIES)
TONES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 6))  # of each quality, above the root
_FIFTHS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 5: -1, 10: -2, 3: -3, 8: -4, 1: -5}
_QUALITY_OF = {
    "minor": 1, "major-minor": 1, "dominant": 2, "augmented-seventh": 2, "diminished": 3,
    "half-diminished": 3,
}  # fmt: skip


def named(state: int, key: Key) -> Harmony:
    """Return a state (4 x pitch class of the root + quality) as a chord symbol spelled in a key.

    >>> str(named(4 * 10, Key.parse("Dm"))), str(named(4 * 10 + 1, Key.parse("B")))
    ('Bb', 'A#m')
    """
    root, quality = divmod(state, len(QUALITIES))
    tonic = (0, 2, 4, -1, 1, 3, 5)[key.tonic] + 7 * key.alter
    place = tonic + _FIFTHS[(root - key.tonic_class) % 12]
    step, alter = place * 4 % 7, (place + 1) // 7
    if abs(alter) > 1:  # nobody reads a chord of B double flat
        place -= 12 if alter > 0 else -12
        step, alter = place * 4 % 7, (place + 1) // 7
    return Harmony((step, alter), QUALITIES[quality])


def state_of(chord: Harmony) -> int:
    """Return the state that a chord symbol means: its root and the nearest of four qualities.

    >>> state_of(Harmony((0, 0), "maj7")), state_of(Harmony((2, 0), "m7"))
    (0, 17)
    """
    kind = harmony.kind_of(chord.quality)
    family = kind if kind in _QUALITY_OF else kind.rpartition("-")[0]  # minor-seventh is minor
    quality = _QUALITY_OF.get(family, 0)
    root = (SEMITONES[chord.root[0]] + chord.root[1]) % 12
    return len(QUALITIES) * root + quality
