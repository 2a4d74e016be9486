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


@lru_cache(maxsize=4096)
def clear_of(chord: Harmony, *, triad: bool = False) -> frozenset[int]:
    """Return the chord tones that may be held above the others, or those of the triad alone.

    A tone a semitone above another one makes a minor ninth with it when it is on top: the root over
    a major seventh, the minor third over a ninth.

    >>> from nokturn.music.harmony import parse
    >>> sorted(clear_of(parse("Cmaj7"))), sorted(clear_of(parse("Am9"), triad=True))
    ([4, 7, 11], [4, 9])
    """
    classes, root = classes_of(chord), pitch_class(chord.root)
    clear = {pitch for pitch in classes if (pitch - 1) % 12 not in classes}
    inner = {(root + size) % 12 for letters, size in tones(chord.quality) if letters in (0, 2, 4)}
    return frozenset((clear & inner if triad else clear) or classes)


def nearest(pitch: int, classes: Set[int], *, low: int = 0, high: int = 127) -> int:
    """Return the nearest pitch of some classes in a range, the lower one of two.

    >>> nearest(61, {0, 4}), nearest(66, {0, 4})
    (60, 64)
    """
    ways = [way for way in range(low, high + 1) if way % 12 in classes]
    return min(ways, key=lambda way: (abs(way - pitch), way), default=pitch)
