"""What instruments of General MIDI can play, and music made faster and louder."""

from __future__ import annotations

import pytest

from nokturn.music.augmentation import at_tempo, with_velocity
from nokturn.music.instruments import FAMILIES, RANGES, family, room
from nokturn.music.score import Score, Track


def track(program: int, *pitches: int, drums: bool = False) -> Track:
    rows = [(480 * k, 480, pitch, 80) for k, pitch in enumerate(pitches)]
    return Track.of(rows, program=program, drums=drums)


def test_every_program_has_a_range_of_an_octave_at_least():
    assert (len(RANGES), len(FAMILIES)) == (128, 16)
    assert all(0 <= low < low + 12 <= high <= 127 for low, high in RANGES)


@pytest.mark.parametrize(
    ("program", "name", "lowest", "highest"),
    [
        (0, "piano", 21, 108),
        (24, "guitar", 40, 84),
        (40, "strings", 55, 103),
        (42, "strings", 36, 84),
        (71, "reed", 50, 94),
        (127, "effects", 0, 127),
    ],
)
def test_ranges_that_every_player_knows(program, name, lowest, highest):
    assert family(program) == name
    assert RANGES[program] == (lowest, highest)


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ([track(40, 55, 76)], (0, 27)),  # the violin stands on its lowest string
        ([track(40, 60, 76), track(42, 40, 80)], (-4, 4)),  # the cello has less room
        ([track(40, 60), track(0, 36, drums=True)], (-5, 43)),  # drums do not move
        ([track(40, 50, 76)], (0, 27)),  # too low as it stands: not lower still
        ([track(0, 36, drums=True)], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_room_is_that_of_the_narrowest(tracks, expected):
    assert room(Score(tracks)) == expected


def test_faster_means_all_tempos_and_the_default():
    score = Score([track(0, 60)], tempos=[(480, 60.0)])
    assert at_tempo(score, 1.5).tempos == [(0, 180.0), (480, 90.0)]
    assert at_tempo(score, 1.5).tracks is score.tracks, "notes stay on their beats"


@pytest.mark.parametrize(
    ("change", "velocity"),
    [({"offset": 10}, 90), ({"scale": 0.5}, 40), ({"offset": 90}, 127), ({"offset": -90}, 1)],
)
def test_louder_stays_within_midi(change, velocity):
    score = Score([track(0, 60)])
    assert with_velocity(score, **change).tracks[0].notes["velocity"].tolist() == [velocity]
    assert score.tracks[0].notes["velocity"].tolist() == [80]
