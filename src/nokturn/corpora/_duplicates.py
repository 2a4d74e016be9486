"""Near-duplicates: the same tune twice, in another key or with some notes changed.

    groups(melodies)   ->   [0, 1, 0, 3]: the third piece is a version of the first

Each melody is taken as the set of its runs of six notes (intervals and durations, so the key does
not matter). Two pieces are versions of one tune where the smaller set lies to two fifths in the
other: a note changed costs six runs of the hundred that a tune has.
Versions of versions fall into one group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nokturn.music.melody import Melody

RUN = 6  # notes
SHARED = 0.4  # of the smaller set of runs
FEWEST = 6  # runs; shorter pieces must be the same in all
COMMON = 100  # a run that so many pieces have says nothing


def groups(melodies: Iterable[Melody]) -> NDArray[np.int64]:
    """Return for each piece the number of the first piece that it is a version of; shape (P,)."""
    return versions(melodies)[0]


def versions(melodies: Iterable[Melody]) -> tuple[NDArray[np.int64], list[list[int]]]:
    """Return `groups`, and the pieces that are identical; the melodies are passed through once."""
    sets, digests = [], []
    for each in melodies:
        sets.append(np.unique(each.runs(RUN)))
        digests.append(digest(each))
    same = _alike(digests)
    leader = list(range(len(sets)))

    def find(k: int) -> int:
        while leader[k] != k:
            leader[k] = leader[leader[k]]
            k = leader[k]
        return k

    for a, b in (*_overlapping(sets), *((group[0], k) for group in same for k in group[1:])):
        first, second = sorted((find(a), find(b)))
        leader[second] = first
    return np.array([find(k) for k in range(len(sets))], dtype=np.int64), same


def identical(melodies: Iterable[Melody]) -> list[list[int]]:
    """Return the pieces whose whole melody is the same in some key, two and more together."""
    return _alike([digest(each) for each in melodies])


def digest(each: Melody) -> bytes:
    """Return what equal melodies share, whatever key they stand in; empty for none."""
    if not len(each):
        return b""
    return hashlib.sha256(each.steps.tobytes() + bytes([len(each) == 1])).digest()


def _alike(digests: Sequence[bytes]) -> list[list[int]]:
    seen: dict[bytes, list[int]] = {}
    for k, digest in enumerate(digests):
        if digest:
            seen.setdefault(digest, []).append(k)
    return [same for same in seen.values() if len(same) > 1]


def _overlapping(sets: Sequence[NDArray[np.uint64]]) -> Iterator[tuple[int, int]]:
    """Yield each two pieces that share enough runs, common runs aside.

    Pair by pair they would fill gigabytes: in ten thousand pieces any two share something. So one
    piece at a time is looked up in an index of who has each run.
    """
    telling, counts = _telling(sets)
    if not len(telling):
        return
    mine = [_places(telling, each) for each in sets]
    owners = np.repeat(np.arange(len(sets), dtype=np.int32), [len(each) for each in mine])
    by_run = owners[np.argsort(np.concatenate(mine), kind="stable")]
    starts = np.cumsum(counts) - counts
    sizes = np.array([len(each) for each in sets], dtype=np.int64)
    for a, runs in enumerate(mine):
        others = by_run[_within(starts[runs], counts[runs])]
        shared = np.bincount(others, minlength=len(sets))
        enough = np.maximum(FEWEST, SHARED * np.minimum(sizes[a], sizes))
        for b in np.flatnonzero(shared[a + 1 :] >= enough[a + 1 :]).tolist():
            yield a, a + 1 + b


def _telling(sets: Sequence[NDArray[np.uint64]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the runs that several pieces have, though not all the world, and how many have it."""
    runs = np.concatenate([np.zeros(0, dtype=np.uint64), *sets])
    runs.sort()
    starts = np.flatnonzero(np.append(True, runs[1:] != runs[:-1])[: len(runs)])
    counts = np.diff(starts, append=len(runs))
    chosen = (counts > 1) & (counts <= COMMON)
    telling: NDArray[np.uint64] = runs[starts[chosen]]
    return telling, counts[chosen]


def _places(telling: NDArray[np.uint64], runs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return where those of the runs stand that are among the telling ones."""
    places = np.minimum(np.searchsorted(telling, runs), len(telling) - 1)
    found: NDArray[np.int64] = places[telling[places] == runs]
    return found


def _within(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of several stretches, one after the other.

    >>> _within(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    before = np.cumsum(lengths) - lengths
    places: NDArray[np.int64] = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return places
