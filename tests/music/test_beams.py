"""Beams follow the beats."""

import pytest

from nokturn.music.beams import beams, groups
from nokturn.music.time import Meter


@pytest.mark.parametrize(
    ("meter", "lengths", "expected"),
    [
        (Meter(4), [240] * 8, [4, 4]),
        (Meter(4), [240, 240, 120, 120, 240] + [240] * 4, [2, 3, 4]),
        (Meter(2, 2, "C|"), [240] * 8, [4, 4]),
        (Meter(3), [240] * 6, [2, 2, 2]),
        (Meter(6, 8), [240] * 6, [3, 3]),
        (Meter(7, 8), [240] * 7, [2, 2, 3]),
        (Meter(5, 8, groups=(2, 3)), [240] * 5, [2, 3]),
        (Meter(3, 8), [240] * 3, [3]),
        (Meter(4), [480, 240, 240, 960], [2]),
        (Meter(2), [160] * 6, [3, 3]),
    ],
    ids=[
        "common time", "a half bar not plain", "cut time", "waltz", "jig", "7/8", "2+3", "3/8",
        "one pair", "triplets",
    ],
)  # fmt: skip
def test_notes_are_joined_within_beats(
    meter: Meter, lengths: list[int], expected: list[int]
) -> None:
    onset, values = 0, []
    for length in lengths:
        values.append((onset, length, 0 if length >= 480 else 2 if length == 120 else 1))
        onset += length
    assert [len(group) for group in groups(values, meter)] == expected


def test_a_dotted_pair_has_a_hook() -> None:
    values = [(0, 360, 1), (360, 120, 2)]
    assert beams(values, Meter(2)) == [("begin",), ("end", "backward hook")]
