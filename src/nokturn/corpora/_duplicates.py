"""Near-duplicates: the same tune twice, in another key or with some notes changed.

    groups(melodies)   ->   [0, 1, 0, 3]: the third piece is a version of the first

Each melody is taken as the set of its runs of six notes (intervals and durations, so the key does
not matter). Two pieces are versions of one tune where the smaller set lies to two fifths in the
other: a note changed costs six runs of the hundred that a tune has.
Versions of versions fall into one group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nokturn.music.melody import Melody

RUN = 6  # notes
SHARED = 0.4  # of the smaller set of runs
FEWEST = 6  # runs; shorter pieces must be the same in all
COMMON = 100  # a run that so many pieces have says nothing


def groups(melodies: Sequence[Melody]) -> NDArray[np.int64]:
    """Return for each piece the number of the first piece that it is a version of; shape (P,)."""
    sets = [np.unique(melody.runs(RUN)) for melody in melodies]
    leader = list(range(len(melodies)))

    def find(k: int) -> int:
        while leader[k] != k:
            leader[k] = leader[leader[k]]
            k = leader[k]
        return k

    def join(a: int, b: int) -> None:
        first, second = sorted((find(a), find(b)))
        leader[second] = first

    for (a, b), shared in _overlaps(sets).items():
        if shared >= max(FEWEST, SHARED * min(len(sets[a]), len(sets[b]))):
            join(a, b)
    for same in identical(melodies):
        for k in same[1:]:
            join(same[0], k)
    return np.array([find(k) for k in range(len(melodies))], dtype=np.int64)


def identical(melodies: Sequence[Melody]) -> list[list[int]]:
    """Return the pieces whose whole melody is the same in some key, two and more together."""
    seen: dict[bytes, list[int]] = {}
    for k, melody in enumerate(melodies):
        if len(melody):
            seen.setdefault(melody.steps.tobytes() + bytes([len(melody) == 1]), []).append(k)
    return [same for same in seen.values() if len(same) > 1]


def _overlaps(sets: Sequence[NDArray[np.uint64]]) -> Counter[tuple[int, int]]:
    """Return how many runs each two pieces share, where they share any that is not common."""
    if not sets:
        return Counter()
    runs = np.concatenate(sets)
    owners = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    order = np.argsort(runs, kind="stable")
    runs, owners = runs[order], owners[order]
    cuts = np.flatnonzero(np.diff(runs)) + 1
    counted: Counter[tuple[int, int]] = Counter()
    for same in np.split(owners, cuts):
        if 1 < len(same) <= COMMON:
            members = same.tolist()
            counted.update((a, b) for k, a in enumerate(members) for b in members[k + 1 :])
    return counted
