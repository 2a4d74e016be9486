"""Scales: the notes that go with a chord in a key.

    >>> from nokturn.music.harmony import parse
    >>> sorted(scale_of(parse("E7"), Key.parse("Am")))
    [0, 2, 4, 5, 8, 9, 11]

The key's seven letters, those of the chord as the chord has them: over E7 in A minor a G is G#.
"""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache

from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.pitch import SEMITONES, Key


@lru_cache(maxsize=4096)
def scale_of(chord: Harmony, key: Key) -> frozenset[int]:
    """Return the pitch classes that a melody may use over a chord."""
    own = {
        (chord.root[0] + letters) % 7: (pitch_class(chord.root) + size) % 12
        for letters, size in reversed(tones(chord.quality))
    }
    rest = {
        (SEMITONES[step] + alter) % 12 for step, alter in enumerate(key.alters) if step not in own
    }
    return frozenset(rest) | classes_of(chord)


@lru_cache(maxsize=4096)
def classes_of(chord: Harmony) -> frozenset[int]:
    """Return the pitch classes of a chord's tones, its bass included."""
    root = pitch_class(chord.root)
    found = {(root + size) % 12 for _, size in tones(chord.quality)}
    return frozenset(found | ({pitch_class(chord.bass)} if chord.bass else set()))


def nearest(pitch: int, classes: Set[int], *, low: int = 0, high: int = 127) -> int:
    """Return the nearest pitch of some classes in a range, the lower one of two.

    >>> nearest(61, {0, 4}), nearest(66, {0, 4})
    (60, 64)
    """
    ways = [way for way in range(low, high + 1) if way % 12 in classes]
    return min(ways, key=lambda way: (abs(way - pitch), way), default=pitch)
