"""The echo says what followed when the piece last went as it goes now."""

import numpy as np

from nokturn.encodings._echo import Echo
from nokturn.encodings.abc_text import AbcText
from nokturn.formats._abc_reader import read_tune

TUNE = "X:1\nM:4/4\nL:1/8\nK:D\nDEFA dfed|BAFA B2AF|DEFA dfed|BAFA D4|]\n"


def told(symbols):
    echo = Echo()
    return [echo.step(symbol) for symbol in [0, *symbols]]


def test_nothing_is_told_before_something_comes_again():
    assert {row[:1] + row[2:3] for row in told(range(1, 60))} == {(0, 0)}


def test_what_came_again_is_foretold_from_the_fifth_symbol_on():
    phrase = [5, 6, 7, 8, 9, 10, 11, 12]
    exact = [row[0] for row in told(phrase * 2)]
    assert exact[8 + 5 : 16] == phrase[5:]
    assert not any(exact[: 8 + 5])


def test_one_other_note_ends_the_exact_echo_and_not_the_loose_one():
    phrase = list(range(1, 21))
    varied = [*phrase[:10], 99, *phrase[11:14]]
    rows = told(phrase + varied)
    after = rows[20 + 11]  # the 99 was just read
    assert after[0] == 0
    assert after[2] == phrase[11]
    assert rows[20 + 10][3] > after[3]  # it is trusted less


def test_a_loose_echo_that_errs_too_often_is_given_up():
    rows = told([*range(1, 21), *range(1, 11), *range(90, 100)])
    assert rows[-1][2] == 0


def test_the_boundary_begins_anew():
    echo = Echo()
    for symbol in [1, 2, 3, 4, 5, 6, 7] * 2:
        echo.step(symbol)
    assert echo.step(0) == Echo().step(0)


def test_a_copy_goes_its_own_way():
    echo = Echo()
    for symbol in [0, *[1, 2, 3, 4, 5, 6, 7] * 2]:
        echo.step(symbol)
    branch = echo.copy()
    branch.step(50)
    assert echo.step(1)[0] == 2


def test_text_tells_its_echo_beside_its_clock():
    piece = read_tune(TUNE)
    encoding = AbcText(echo=True).fit([piece])
    ids = encoding.encode(piece)
    rows = encoding.channels_of(ids)
    names = list(encoding.channels)
    assert rows.shape[1] == len(names)
    foretold = rows[:-1, names.index("echo")]
    again = foretold > 0
    assert again.sum() > 8
    assert np.mean(foretold[again] == ids[again]) > 0.8
