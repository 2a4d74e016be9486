"""Originality: whose notes a tune has, in any key."""

import numpy as np
import pytest

from nokturn.evaluation.originality import TuneIndex
from nokturn.music.piece import Piece
from nokturn.music.pitch import Pitch
from nokturn.music.sheet import Bar, Event, Sheet


def piece(heights: list[int], title: str = "", duration: int = 240) -> Piece:
    """Return a tune of notes of one length, four to the bar."""
    events = [Event(duration, (Pitch(0, h - 60),)) for h in heights]
    bars = [Bar([events[k : k + 4]]) for k in range(0, len(events), 4)]
    return Piece(Sheet(bars), title=title)


def heights(seed: int, notes: int = 64) -> list[int]:
    random = np.random.default_rng(seed)
    return (60 + np.cumsum(random.integers(-4, 5, notes))).tolist()


FIRST, SECOND = heights(1), heights(2)
INDEX = TuneIndex([piece(FIRST, "First"), piece(SECOND, "Second")])


def test_a_copy_in_another_key_is_found_whole():
    found = INDEX.compare(piece([h + 3 for h in SECOND]))
    assert (found.longest, found.share, found.name, found.at, found.bar) == (
        64,
        1.0,
        "Second",
        0,
        1,
    )


def test_a_quotation_is_found_with_its_bar():
    own = heights(7, 20)
    quoted = [h + own[-1] + 11 - FIRST[16] for h in FIRST[16:28]]
    found = INDEX.compare(piece([*own, *quoted, quoted[-1] + 9]))
    assert (found.longest, found.name, found.bar, found.at) == (12, "First", 5, 20)
    assert found.share == pytest.approx(5 / found.runs)


def test_other_durations_are_another_tune():
    assert INDEX.compare(piece(FIRST, duration=480)).longest == 0


def test_a_run_does_not_go_on_into_the_next_tune():
    both = [*FIRST[-6:], *[h + FIRST[-1] - SECOND[0] + 1 for h in SECOND[:6]]]
    assert INDEX.compare(piece(both)).longest == 6


def test_the_last_note_of_a_run_may_have_any_length():
    tune = piece(FIRST[:9])
    (line,) = tune.sheet.bars[-1].voices
    line[-1] = line[-1]._replace(duration=960)
    assert INDEX.compare(tune).longest == 9


@pytest.mark.parametrize("notes", [0, 1, 3, 7], ids="{}-notes".format)
def test_short_pieces_and_empty_corpora(notes):
    short = piece(FIRST[:notes])
    assert INDEX.compare(short).runs == 0
    assert TuneIndex([]).compare(short).longest == 0
    assert TuneIndex([short]).compare(piece(FIRST)).longest == (notes if notes >= 4 else 0)
