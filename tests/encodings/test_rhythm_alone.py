"""The encoding of rhythm alone: its symbols, its clock, pickups."""

import pytest

from nokturn.encodings.rhythm import Rhythm, size_of
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter


def piece(rows, meters):
    return Piece(Score([Track.of([(*row[:2], row[2] if len(row) > 2 else 60, 80) for row in rows])],
                       meters=meters))  # fmt: skip


def names(encoding, music):
    return [encoding.vocabulary[i] for i in encoding.encode(music)]


@pytest.mark.parametrize(
    ("rows", "meters", "expected"),
    [
        pytest.param([(0, 480), (480, 240), (960, 240)], [(0, Meter(6, 8))],
                     "6/8 x d12 x d6 s12 x d6", id="a rest is a longer step"),
        pytest.param([(0, 480, 60), (0, 960, 64), (960, 960, 67)], [], "4/4 x d24 x d24",
                     id="a chord is as long as its longest note"),
        pytest.param([(0, 240), (240, 720), (960, 720)], [(0, Meter(1, 8)), (240, Meter(6, 8))],
                     "6/8 s30 x d6 x d18 x d18", id="a pickup ends a bar"),
        pytest.param([(0, 480), (480, 480)], [(0, Meter(17, 16))], "4/4 x d12 x d12",
                     id="a meter without a sign"),
    ],
)  # fmt: skip
def test_symbols(rows, meters, expected):
    encoding = Rhythm().fit([])
    assert " ".join(names(encoding, piece(rows, meters))) == expected


def test_coupled_notes_say_how_far_they_are():
    encoding = Rhythm(coupled=True).fit([])
    music = piece([(0, 480, 60), (480, 480, 62), (960, 480, 58), (1440, 480, 70)], [])
    assert " ".join(names(encoding, music)) == "4/4 x d12 step d12 skip d12 leap d12"


@pytest.mark.parametrize(
    ("interval", "size"),
    [(0, "same"), (-1, "step"), (2, "step"), (3, "skip"), (-4, "skip"), (5, "leap")],
)
def test_sizes_of_intervals(interval, size):
    assert size_of(interval) == size


def test_the_clock_says_where_the_next_note_begins():
    encoding = Rhythm().fit([])
    music = piece([(0, 480), (480, 240), (720, 720), (1440, 720)], [(0, Meter(6, 8))])
    rows = encoding.channels_of(encoding.encode(music))
    at = dict(zip(["<piece>", *names(encoding, music)], rows.tolist(), strict=False))
    assert at["6/8"] == [1, 1]
    assert rows[:, 0].tolist() == [1, 1, 1, 13, 13, 19, 19, 1, 1, 19]
    assert rows[:, 1].tolist() == [1, 1, 1, 1, 1, 2, 2, 1, 1, 2]
