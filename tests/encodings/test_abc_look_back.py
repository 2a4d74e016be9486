"""Looking back: the last notes and chords, and what stood there bars before."""

import numpy as np
import pytest

from nokturn.encodings._abc_look_back import CONTEXTS, NOTES, LookBack, channels
from nokturn.encodings.abc_text import AbcText
from nokturn.formats._abc_reader import read_tune

TUNE = "X:1\nM:4/4\nL:1/8\nK:D\nDEFA dfed|BAFA B2AF|DEFA dfed|BAFA D4|]\n"
SYMBOLS = ["<piece>", *sorted(set(TUNE + "T\"Gm7^_=,'"))]
NAMES = list(channels(len(SYMBOLS)))


def told(text):
    """Return the values by name after each character."""
    look = LookBack(SYMBOLS)
    rows = [look.step(0), *(look.step(SYMBOLS.index(c)) for c in text)]
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def pointed(text, name):
    """Return the text that a pointer foretold, a dot where it said nothing."""
    return "".join(SYMBOLS[row[name]] if row[name] else "." for row in told(text)[:-1])


def test_every_value_is_in_its_range():
    sizes = channels(len(SYMBOLS))
    for row in told(TUNE * 3):
        assert all(0 <= row[name] < size for name, size in sizes.items())


def test_the_last_notes_are_told_the_last_one_first():
    last = told('X:1\nK:D\n"Gm"d2 A,')[-1]
    assert [last["note_1"], last["note_2"]] == [NOTES.index("A") + 17, NOTES.index("d") + 1]
    assert last["note_3"] == 0


def test_a_chord_symbol_is_told_when_it_is_read_whole():
    rows = told('X:1\nK:D\n"G"d"D"e"G"f')
    chords = [row["chord_1"] for row in rows]
    opened = 1 + len('X:1\nK:D\n"G')
    assert chords[opened - 1] == 0
    assert chords[opened] == chords[-1] != 0
    assert rows[-1]["chord_2"] == rows[-2]["chord_2"] != rows[-1]["chord_1"]


def test_letters_of_headers_and_of_chord_symbols_are_no_notes():
    assert told('X:1\nT:DEAD\nK:D\n"Gm7"')[-1]["note_1"] == 0


def test_a_pointer_says_what_stood_there_two_bars_ago():
    body = TUNE.index("DEFA")
    foretold = pointed(TUNE, "ago_2")
    third = TUNE.index("DEFA", body + 4)
    assert foretold[third + 1 : third + 9] == "EFA dfed"
    assert set(foretold[:body]) == {"."}


def test_a_pointer_that_was_right_of_late_says_so():
    rows = told(TUNE)
    third = TUNE.index("dfed", TUNE.index("dfed") + 4)
    assert rows[third + 2]["right_2"] == 5
    assert rows[third + 2]["right_1"] < 5


def test_meter_and_key_are_told_from_their_lines_on():
    rows = told(TUNE)
    assert rows[TUNE.index("\nL:")]["meter"] == 0
    assert rows[TUNE.index("L:")]["meter"] == rows[-1]["meter"] != 0
    assert rows[TUNE.index("DEFA")]["key"] == told(TUNE.replace("4/4", "2/4"))[-1]["key"] != 0


def test_the_boundary_begins_anew():
    look = LookBack(SYMBOLS)
    for character in TUNE:
        look.step(SYMBOLS.index(character))
    assert look.step(0) == LookBack(SYMBOLS).step(0)


def test_a_copy_goes_its_own_way():
    look, alone = LookBack(SYMBOLS), LookBack(SYMBOLS)
    for character in TUNE[:40]:
        look.step(SYMBOLS.index(character))
        alone.step(SYMBOLS.index(character))
    branch = look.copy()
    for character in 'Gm"G|\nA,':
        branch.step(SYMBOLS.index(character))
    for character in TUNE[40:]:
        assert look.step(SYMBOLS.index(character)) == alone.step(SYMBOLS.index(character))


@pytest.mark.parametrize("text", ["|:|:::|[", '"', "M:\nK:\n\n\n", "[M:3/4]", "(3abc>d<e", "A:|"])
def test_it_never_fails(text):
    symbols = ["<piece>", *sorted(set(text))]
    look = LookBack(symbols)
    for character in text * 5:
        look.step(symbols.index(character))


def test_the_encoding_tells_it_beside_its_clock_and_names_its_contexts():
    piece = read_tune(TUNE)
    encoding = AbcText(look_back=True, plain=True).fit([piece])
    rows = encoding.channels_of(encoding.encode(piece))
    assert rows.shape[1] == len(encoding.channels)
    assert np.all(rows.max(0) < list(encoding.channels.values()))
    names = list(encoding.channels)
    for family, known in zip(encoding.contexts, CONTEXTS, strict=True):
        assert [[names[k] for k in sides] for _, *sides in family] == [list(c[1]) for c in known]
    assert AbcText().contexts == ()


def test_it_needs_the_clock():
    with pytest.raises(ValueError, match="look_back needs the clock"):
        AbcText(look_back=True, clock=False)
