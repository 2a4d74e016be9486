"""Notes and chords as symbols, and as distances: one musical case a row, and any chords."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn.encodings.intervals import Intervals, changes
from nokturn.encodings.note_chord import NoteChord
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

TRIAD = [(0, 480, 60, 80), (0, 480, 64, 80), (0, 480, 67, 80)]


def piece(rows, drums=False):
    return Piece(Score([Track.of(rows, drums=drums)]))


def names(encoding, music):
    return [encoding.vocabulary[i] for i in encoding.encode(music)]


def notes(music):
    found = music.score.tracks[0].notes
    return sorted(found[["onset", "duration", "pitch"]].tolist())


@pytest.mark.parametrize(
    ("rows", "signs"),
    [
        ([(0, 480, 60, 80)], "C4 d4"),
        (TRIAD, "C4.E4.G4 d4"),
        ([(0, 480, 60, 80), (960, 480, 62, 80)], "C4 d4 s8 D4 d4"),
        ([(0, 960, 48, 80), (0, 480, 60, 80), (480, 480, 62, 80)], "C4 d4 s0 C3 d8 s4 D4 d4"),
        ([(3, 476, 60, 80), (478, 480, 62, 80)], "C4 d4 D4 d4"),
        ([(0, 120 * 100, 60, 80)], "C4 d96 d4"),
        ([(480, 480, 60, 80)], "s4 C4 d4"),
    ],
    ids=[
        "a note",
        "a chord",
        "a rest",
        "two voices",
        "jitter",
        "a very long note",
        "a late beginning",
    ],
)
def test_notes_and_chords(rows, signs):
    encoding = NoteChord(steps_per_quarter=4, least=1).fit([piece(TRIAD)])
    assert names(encoding, piece(rows)) == signs.split()


def test_a_rare_chord_is_written_as_its_notes_and_comes_back():
    encoding = NoteChord(steps_per_quarter=4, least=2).fit([piece(TRIAD)])
    assert names(encoding, piece(TRIAD)) == ["C4&", "E4&", "G4", "d4"]
    assert notes(encoding.decode(encoding.encode(piece(TRIAD)))) == notes(piece(TRIAD))


def test_as_the_first_systems_had_it_every_chord_is_a_symbol():
    encoding = NoteChord(chords="whole", durations=False).fit([piece(TRIAD)])
    assert names(encoding, piece(TRIAD)) == ["C4.E4.G4"]
    assert len(encoding.vocabulary) == 1 + 2 * 128 + 1


def test_without_octaves_pitch_classes_are_left():
    encoding = NoteChord(octaves=False, least=1).fit([piece(TRIAD)])
    low = [(0, 480, 36, 80), (0, 480, 64, 80), (0, 480, 91, 80)]
    assert names(encoding, piece(low))[0] == "C4.E4.G4"


def test_the_worked_example_of_intervals():
    d, chord, last = [62], [65, 69, 60], [64, 67]
    assert changes([d, chord, last])[1:] == [[3, 7, -2], [-1, 2]]


def test_a_tune_is_the_same_in_every_key_but_for_its_beginning():
    encoding = Intervals().fit([])
    tune = [(0, 480, 60, 80), (480, 240, 64, 80), (480, 240, 67, 80), (720, 240, 59, 80)]
    higher = [(on, length, pitch + 5, v) for on, length, pitch, v in tune]
    assert encoding.encode(piece(tune))[1:].tolist() == encoding.encode(piece(higher))[1:].tolist()


def test_distances_that_leave_the_range_are_folded_back():
    encoding = Intervals(rhythm=False).fit([])
    up = encoding.vocabulary.index("+100")
    assert {p for _, _, p in notes(encoding.decode([up] * 5))} <= set(range(128))


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 120), st.integers(0, 127)),
        min_size=1,
        max_size=30,
        unique_by=lambda row: (row[0], row[2]),
    )
)
@pytest.mark.parametrize("kind", [NoteChord, Intervals])
def test_any_notes_on_the_grid_come_back(kind, rows):
    music = piece([(on * 40, length * 40, pitch, 80) for on, length, pitch in rows])
    encoding = kind().fit([music])
    assert notes(encoding.decode(encoding.encode(music))) == notes(music)


@pytest.mark.parametrize("kind", [NoteChord, Intervals])
def test_drums_are_refused(kind):
    with pytest.raises(InputError, match="no pitched notes"):
        kind().fit([]).encode(piece([(0, 10, 36, 80)], drums=True))


def test_a_chord_without_its_end_still_sounds():
    encoding = NoteChord().fit([])
    joined = encoding.vocabulary.index("C4&")
    assert [p for _, _, p in notes(encoding.decode(np.array([joined, joined])))] == [60]
