"""Grooves learnt from performances."""

import numpy as np
import pytest

from nokturn.errors import InputError
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.production.grooves import ROLES, learn_groove


def played(late, *, bars=8, meter=None, drums=True, velocities=(100, 60)):
    """Return eighths on the hi-hat, the off-beats so many ticks late and softer."""
    length = int((meter or Meter(4, 4)).bar_ticks)
    rows = [
        (at + (late if at % 480 else 0), 60, 42, velocities[bool(at % 480)])
        for at in range(0, bars * length, 240)
    ]
    return Score([Track.of(rows, drums=drums)], meters=[(0, meter)] if meter else [])


def test_what_was_played_late_and_soft_is_learnt():
    groove = learn_groove([played(30)])
    difference = groove.late[ROLES.index("hat"), 2::4] - groove.late[ROLES.index("hat"), ::4]
    assert (difference > 15).all()
    loud = groove.loud[ROLES.index("hat")]
    assert loud[0] > 1.1
    assert loud[2] < 0.9
    assert groove.notes == 64


def test_being_late_throughout_is_no_groove():
    late = played(0)
    late.tracks[0].notes["onset"] += 20
    assert abs(learn_groove([late]).late).max() < 1


def test_melodies_have_a_groove_too():
    groove = learn_groove([played(30, drums=False)])
    assert groove.late[ROLES.index("all"), 2] > groove.late[ROLES.index("all"), 0]


def test_a_groove_in_three_has_twelve_sixteenths():
    assert learn_groove([played(10, meter=Meter(3, 4))]).late.shape == (len(ROLES), 12)


def test_triplets_leave_the_sixteenths_alone():
    rows = [(at, 60, 51, 80) for beat in range(64) for at in (480 * beat, 480 * beat + 320)]
    assert abs(learn_groove([Score([Track.of(rows, drums=True)])]).late).max() < 1


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (Score([]), "0 notes are too few"),
        (played(0, bars=1), "8 notes are too few"),
        (
            Score([Track.of([(at * 77, 9, 38, 80) for at in range(960)], drums=True)]),
            "keep no beat",
        ),
    ],
    ids=["nothing", "a bar", "no beat"],
)
def test_no_groove_is_made_up(score, said):
    with pytest.raises(InputError, match=said):
        learn_groove([score])


def test_bars_of_two_lengths_are_learnt_apart():
    groove = learn_groove([played(20), played(20, meter=Meter(3, 4))])
    assert np.isfinite(groove.late).all()
