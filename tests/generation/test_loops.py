"""A pattern that goes on and on is left."""

import pytest

from nokturn.generation.loops import LONGEST, TIMES, Loops


def barred_after(symbols):
    loops = Loops()
    for symbol in symbols:
        loops.read(symbol)
    return loops.barred()


@pytest.mark.parametrize(
    ("pattern", "onward"),
    [([7], 7), ([5, 6], 5), ([1, 2, 3, 4, 5], 1), ([*range(1, 41)], 1)],
    ids=["one note", "a trill", "a figure", "two bars"],
)
def test_what_would_carry_a_loop_on_is_barred(pattern, onward):
    times = max(TIMES, -(-LONGEST // len(pattern)))
    assert barred_after(pattern * times) == (onward,)


@pytest.mark.parametrize("pattern", [[7], [5, 6], [*range(1, 17)]])
def test_what_people_repeat_is_not(pattern):
    assert barred_after((pattern * LONGEST)[: LONGEST // 2]) == ()


def test_a_phrase_that_comes_back_is_no_loop():
    phrase = [*range(1, 60)]
    assert barred_after(phrase * 6) == ()


def test_one_other_note_begins_anew():
    assert barred_after([5, 6] * 60 + [9] + [5, 6] * 8) == ()
