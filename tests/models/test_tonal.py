"""The key that experts hear."""

import numpy as np
import pytest

from nokturn.models._frames import Frames, Layout
from nokturn.models._tonal import UNKNOWN, degrees, keys, tonal_contexts

LINE = Layout(first=2, pitches=40, voices=2, beat=4)  # two voices; pitch 0 is a C
ROLL = Layout(first=2, pitches=40, separator=1, beat=4)
MAJOR = [0, 2, 4, 5, 7, 9, 11, 12]
MINOR = [9, 11, 12, 14, 16, 14, 12, 9]


def read(upper, layout=LINE):
    """Return an upper voice over its own fifths, as symbols."""
    other = 1 if layout.separator else layout.first + 3
    pairs = [(layout.first + pitch + 7, other) for pitch in upper]
    return Frames.of(np.array([0, *np.ravel(pairs)]), layout)


@pytest.mark.parametrize(
    ("tune", "tonic"),
    [
        ([p - 7 for p in MAJOR], 0),
        ([p - 5 for p in MAJOR], 2),
        ([p - 7 for p in MINOR], 0),
    ],
    ids=["C major", "D major", "A minor counts as C"],
)
def test_the_key_of_a_tune(tune, tonic):
    assert keys(read(tune, ROLL))[0][-1] == tonic


def test_the_key_follows_a_modulation():
    tune = [p - 7 for p in MAJOR] * 8 + [p - 3 for p in MAJOR] * 20
    tonics = keys(read(tune, ROLL))[0]
    assert (tonics[64], tonics[-1]) == (0, 4)


def test_a_degree_is_unknown_before_the_first_note():
    found = read([-7, -5, -3], ROLL)
    assert degrees(found.pitch, found).tolist()[:2] == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("layout", [LINE, ROLL], ids=["grid", "roll"])
def test_contexts_are_the_same_in_every_key(layout):
    """Only from the second frame on: nothing is there to measure the first from."""
    ids = read([p + 2 for p in MAJOR + MINOR], layout).symbols
    higher = np.where(layout.is_pitch(ids), ids + 3, ids)
    here, there = (tonal_contexts(Frames.of(row, layout)) for row in (ids, higher))
    for chain, moved in zip(here, there, strict=True):
        for level, same in zip(chain, moved, strict=True):
            np.testing.assert_array_equal(level[2:], same[2:])
