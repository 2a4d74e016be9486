"""The order in which bars are played."""

import pytest

from nokturn.errors import LimitError
from nokturn.music.pitch import Pitch
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.unfold import playing_order


def bars(text: str) -> Sheet:
    """Make a sheet from a drawing: ``|: a b |1 c :|2 d ]``; + marks after a comma."""
    made: list[Bar] = []
    start, ending, label = False, (), ""
    for word in text.split():
        if word == "|:":
            start = True
        elif word.startswith("|") and word[1:]:
            ending = tuple(int(n) for n in word[1:].split(","))
        elif word.startswith(":|"):
            made[-1].repeat_end = 2
            made[-1].ending_stop = bool(made[-1].ending)
            if word[2:]:
                ending = tuple(int(n) for n in word[2:].split(","))
        elif word == "]":
            made[-1].ending_stop = True
        elif word.startswith("P:"):
            label = word[2:]
        else:
            marks = tuple(word.split(",")[1:])
            event = Event(1920, (Pitch(0),), decorations=marks)
            bar = Bar([[event]], repeat_start=start, ending=ending, label=label)
            made.append(bar)
            start, ending, label = False, (), ""
    return Sheet(made)


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        pytest.param("a b", "0 1", id="straight on"),
        pytest.param("|: a b :| c", "0 1 0 1 2", id="one repeat"),
        pytest.param("a b :| c d :|", "0 1 0 1 2 3 2 3", id="AABB without opening signs"),
        pytest.param("a |: b c :|", "0 1 2 1 2", id="pickup outside the repeat"),
        pytest.param("|: a b |1 c :|2 d ] e", "0 1 2 0 1 3 4", id="two endings"),
        pytest.param("|: a |1 b :|2 c ] |: d |1 e :|2 f ]", "0 1 0 2 3 4 3 5", id="endings twice"),
        pytest.param("|: a |1,3 b :|2,4 c :| d", "0 1 0 2 0 1 0 2 3", id="endings 1,3 and 2,4"),
        pytest.param("|: a |1 b :|2 c :| d", "0 1 0 2 3", id="second ending with a repeat sign"),
        pytest.param("|: a |1 b c :|2 d e ] f", "0 1 2 0 3 4 5", id="endings of two bars"),
        pytest.param("a b,fine c d,D.C.", "0 1 2 3 0 1", id="da capo al fine"),
        pytest.param("a b,segno c d,D.S.", "0 1 2 3 1 2 3", id="dal segno"),
        pytest.param("a b,dacoda c,D.C. d,coda", "0 1 2 0 1 3", id="to the coda"),
        pytest.param("|: a |3 b,D.C. :| c", "0 2", id="a jump in a bar that is never played"),
        pytest.param(
            "|: a :| b,fine |: c :| d,D.C.", "0 0 1 2 2 3 0 1", id="no repeats after D.C."
        ),
    ],
)
def test_bars_are_played_in_this_order(drawing: str, expected: str) -> None:
    assert playing_order(bars(drawing)) == [int(n) for n in expected.split()]


def test_three_times_through() -> None:
    sheet = bars("|: a :| b")
    sheet.bars[0].repeat_end = 3
    assert playing_order(sheet) == [0, 0, 0, 1]


def test_part_order_plays_labelled_parts() -> None:
    sheet = bars("P:A a b P:B |: c :|")
    sheet.part_order = "ABA"
    assert playing_order(sheet) == [0, 1, 2, 2, 0, 1]


def test_a_bomb_of_parts_is_refused() -> None:
    sheet = bars("P:A a b")
    sheet.part_order = "A" * 20_000
    with pytest.raises(LimitError, match=r"more than 20,000 bars\. Shorten"):
        playing_order(sheet)
