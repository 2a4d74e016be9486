"""Versions of a tune are found by what they share, as a slow comparison of all pairs finds them."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from nokturn.corpora import _duplicates
from nokturn.music.melody import Melody


def pairs_by_hand(sets) -> list[tuple[int, int]]:
    """Compare every two sets, leaving out runs that more than a hundred pieces have."""
    runs, counts = np.unique(np.concatenate(sets), return_counts=True)
    common = set(runs[counts > _duplicates.COMMON].tolist())
    found = []
    for a, b in combinations(range(len(sets)), 2):
        shared = len(set(sets[a].tolist()) & set(sets[b].tolist()) - common)
        least = min(len(sets[a]), len(sets[b]))
        if shared >= max(_duplicates.FEWEST, _duplicates.SHARED * least):
            found.append((a, b))
    return found


def test_an_index_finds_the_pairs_that_comparing_all_finds():
    random = np.random.default_rng(3)
    pools = [random.integers(0, 2**60, 40, dtype=np.uint64) for _ in range(12)]
    shared = random.integers(0, 2**60, 3, dtype=np.uint64)
    sets = [
        np.unique(np.append(random.choice(pools[k % 12], random.integers(3, 30)), shared))
        for k in range(150)
    ]
    found = sorted(_duplicates._overlapping(sets))
    assert found == pairs_by_hand(sets)
    assert found, "some are versions of another"


def test_pieces_without_a_melody_are_versions_of_nothing():
    nothing = Melody(*np.zeros((3, 0), dtype=np.int64))
    assert _duplicates.groups([nothing, nothing]).tolist() == [0, 1]
    assert _duplicates.groups([]).tolist() == []


def test_equal_melodies_in_another_key_are_identical():
    steps = np.array([60, 62, 64, 65, 67])
    lengths, bars = np.full(5, 480), np.full(5, -1)
    up = Melody(steps + 5, lengths, bars)
    assert _duplicates.identical([Melody(steps, lengths, bars), up]) == [[0, 1]]
