"""What a network over frames is told of the key."""

import numpy as np
import pytest

from nokturn.models import _degrees
from nokturn.models._degrees import DEGREES, INTERVALS, OCTAVE, STEPS
from nokturn.models._frames import Frames, Layout

GRID = Layout(first=2, pitches=60, voices=3, beat=4)  # pitch 0 is a C
ROLL = Layout(first=2, pitches=60, separator=1, beat=4)
PHRASE = [(48, 40, 24), (47, 43, 19), (48, 40, 24), (45, 41, 29)]  # I V I IV
NONE = DEGREES - 1


def grid(chords, by=0):
    return Frames.of(np.array([0, *(np.ravel(chords) + 2 + by), 1]), GRID)


def roll(chords, by=0):
    rows = [[*(np.array(chord) + 2 + by), 1] for chord in chords]
    return Frames.of(np.array([0, *np.ravel(rows)]), ROLL)


def of_grid(found):
    voices = np.full((len(found.symbols), 3), -1)
    frames, places = _degrees.of_grid(found, voices, voices[: len(found.starts)])
    return [np.hstack(part) for part in (frames, places)]


def of_roll(found):
    before = np.zeros((len(found.starts), 60), dtype=np.float32)
    for f, chord in enumerate(found.lines[:-1]):
        before[f + 1, chord] = 1
    so_far = np.zeros((len(found.symbols), 60), dtype=np.float32)
    notes = np.full((len(found.symbols), 3), -1)
    frames, places = _degrees.of_roll(found, before, so_far, 0 * before, notes)
    return [np.hstack(part) for part in (frames, places)]


def numbers(columns, count, size):
    """Return ones among zeros as numbers again, (N, count)."""
    return columns[:, : count * size].reshape(-1, count, size).argmax(-1)


def test_a_phrase_by_degrees_steps_and_intervals_from_the_bass():
    found = of_grid(grid(PHRASE))[0]
    assert numbers(found, 3, DEGREES).tolist() == [
        [NONE, NONE, NONE],
        [0, 4, 0],
        [11, 7, 7],
        [0, 4, 0],
        [9, 5, 5],
    ]
    steps = numbers(found[:, 3 * DEGREES :], 3, STEPS)
    assert steps[:2].tolist() == [[STEPS - 1] * 3] * 2
    assert (steps[2:] - OCTAVE).tolist() == [[-1, 3, -5], [1, -3, 5], [-3, 1, 5]]
    above = numbers(found[:, 3 * (DEGREES + STEPS) :], 3, INTERVALS)
    assert above[1:].tolist() == [[24, 16, 0], [28, 24, 0], [24, 16, 0], [16, 12, 0]]


def test_the_degrees_of_a_roll():
    frames, places = of_roll(roll(PHRASE))
    assert [np.flatnonzero(row[:OCTAVE]).tolist() for row in frames] == [
        [], [0, 4], [7, 11], [0, 4], [5, 9],
    ]  # fmt: skip
    assert numbers(frames[:, OCTAVE:], 2, DEGREES)[-1].tolist() == [9, 5]  # top and bass
    assert places[-1, :OCTAVE].tolist() == frames[-1, :OCTAVE].tolist()


@pytest.mark.parametrize("told", [(grid, of_grid), (roll, of_roll)], ids=["grid", "roll"])
def test_all_that_is_told_is_the_same_in_every_key(told):
    """Only from the second frame on: nothing is there to measure the first from."""
    made, heard = told
    for here, there in zip(heard(made(PHRASE)), heard(made(PHRASE, by=5)), strict=True):
        np.testing.assert_array_equal(here[4:], there[4:])
