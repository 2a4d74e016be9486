"""Wishes in words: meters, tempos and seeds, and what is said where they cannot be."""

import pytest

from nokturn.errors import UsageError
from nokturn.workflows.wishes import MAX_SEED, first_seed, parsed_meter, parsed_tempo


@pytest.mark.parametrize(
    ("parsed", "wish", "message"),
    [
        pytest.param(parsed_meter, "4/5", "--meter: ", id="no meter"),
        pytest.param(parsed_meter, "none", "A tune without meter cannot be asked for", id="free"),
        pytest.param(parsed_tempo, "fast", "--tempo: ", id="no tempo"),
        pytest.param(parsed_tempo, "5", "--tempo 5 is 5 quarter notes a minute", id="asleep"),
        pytest.param(parsed_tempo, "3/8=2000", "is 3000 quarter notes a minute", id="in a hurry"),
    ],
)
def test_wishes_that_cannot_be(parsed, wish, message):
    with pytest.raises(UsageError, match=message):
        parsed(wish)


def test_a_seed_is_as_given_or_leaves_room_for_the_others():
    assert first_seed(7, 3) == 7
    assert 0 <= first_seed(None, 1000) <= MAX_SEED - 1000
    with pytest.raises(UsageError, match=f"Seeds are 0 to {MAX_SEED}"):
        first_seed(MAX_SEED + 1, 1)
