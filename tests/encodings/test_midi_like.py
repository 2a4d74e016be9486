"""MIDI-like events: one musical case a row, both clocks, and what a keyboard cannot do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn.encodings.midi_like import MAX_STEPS, MidiLike
from nokturn.errors import InputError, UsageError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.settings import build

Q = 480
BY_SECOND = {"steps_per_quarter": 0, "steps_per_second": 100, "longest": 100}


def piece(rows, **score):
    return Piece(Score([Track.of(rows)], **score))


def names(encoding, music):
    return " ".join(encoding.vocabulary[i] for i in encoding.encode(music))


def notes(music):
    return sorted(note for track in music.score.tracks for note in track.notes.tolist())


def heard(encoding, text):
    return notes(encoding.decode([encoding.vocabulary.index(name) for name in text.split()]))


@pytest.mark.parametrize(
    ("rows", "symbols"),
    [
        ([(0, Q, 60, 80)], "on_60 shift_12 off_60"),
        ([(Q, Q, 60, 80)], "shift_12 on_60 shift_12 off_60"),
        (
            [(0, Q, 60, 80), (0, Q, 64, 80)],
            "on_60 on_64 shift_12 off_60 off_64",
        ),
        (
            [(0, 2 * Q, 48, 80), (Q, Q, 60, 80)],
            "on_48 shift_12 on_60 shift_12 off_48 off_60",
        ),
        (
            [(0, Q, 60, 80), (Q, Q, 60, 80)],
            "on_60 shift_12 off_60 on_60 shift_12 off_60",
        ),
        (
            [(0, 4 * Q, 60, 80), (Q, Q, 60, 80)],
            "on_60 shift_12 off_60 on_60 shift_12 off_60",
        ),
        ([(0, Q, 60, 80), (0, 2 * Q, 60, 80)], "on_60 shift_24 off_60"),
        ([(0, 1, 60, 80)], "on_60 shift_1 off_60"),
        ([(0, 9 * Q, 60, 80)], "on_60 shift_48 shift_48 shift_12 off_60"),
        ([(0, 4 * Q, 60, 80)], "on_60 shift_48 off_60"),
    ],
    ids=[
        "a note",
        "a late beginning",
        "a chord",
        "a bass held under a note",
        "a note repeated",
        "a key struck while it sounds ends the note before",
        "of a doubled note the longer",
        "a note too short for the grid",
        "a long wait takes several shifts",
        "a wait of just one shift",
    ],
)
def test_music_as_symbols(rows, symbols):
    assert names(MidiLike().fit([]), piece(rows)) == symbols


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on_60 shift_12 on_60 shift_12 off_60", [(0, Q, 60, 80), (Q, Q, 60, 80)]),
        ("on_60 shift_12 on_64 shift_12 off_64", [(0, 2 * Q, 60, 80), (Q, Q, 64, 80)]),
        ("shift_12 off_60 on_62", [(Q, Q // 12, 62, 80)]),
        ("on_60 off_60 shift_12", []),
        ("shift_12", []),
    ],
    ids=["struck again", "never released", "released, never struck", "no time", "silence"],
)
def test_symbols_in_any_order_are_music(text, found):
    assert heard(MidiLike().fit([]), text) == found


def test_velocities_are_written_where_they_change():
    loud = MidiLike(velocities=8).fit([])
    music = piece([(0, Q, 60, 64), (Q, Q, 62, 65), (2 * Q, Q, 64, 127)])
    assert names(loud, music) == (
        "velocity_64 on_60 shift_12 off_60 on_62 shift_12 off_62 velocity_127 on_64 shift_12 off_64"
    )
    assert [note[3] for note in notes(loud.decode(loud.encode(music)))] == [64, 64, 127]


def test_a_velocity_holds_until_the_next():
    text = "on_60 velocity_127 on_62 shift_12 off_60 off_62"
    loud = heard(MidiLike(velocities=8).fit([]), text)
    assert [note[3] for note in loud] == [80, 127]


def test_by_the_second_a_slow_piece_takes_longer():
    clock = MidiLike(**BY_SECOND).fit([])
    music = piece([(0, Q, 60, 80), (Q, Q, 62, 80)], tempos=[(0, 120.0), (Q, 30.0)])
    assert names(clock, music) == "on_60 shift_50 off_60 on_62 shift_100 shift_100 off_62"


def test_what_was_timed_by_the_second_comes_back_at_120():
    clock = MidiLike(**BY_SECOND).fit([])
    music = piece([(0, Q, 60, 80), (Q, Q, 62, 80)], tempos=[(0, 60.0)])
    again = clock.decode(clock.encode(music))
    assert notes(again) == [(0, 2 * Q, 60, 80), (2 * Q, 2 * Q, 62, 80)]
    assert again.score.seconds(again.score.end) == music.score.seconds(music.score.end) == 2


def test_instruments_are_one_and_drums_left_out():
    band = Piece(
        Score(
            [
                Track.of([(0, Q, 60, 80)], program=73),
                Track.of([(0, Q, 36, 80)], program=32),
                Track.of([(0, Q, 42, 80)], drums=True),
            ]
        )
    )
    assert names(MidiLike().fit([]), band) == "on_36 on_60 shift_12 off_36 off_60"


def test_drums_alone_are_refused():
    kit = Piece(Score([Track.of([(0, Q, 36, 80)], drums=True)]), source="kit.mid")
    with pytest.raises(InputError, match=r"kit\.mid.*no pitched notes(?s:.)*use events"):
        MidiLike().fit([]).encode(kit)


@pytest.mark.parametrize("clock", [{"steps_per_quarter": 0}, {"steps_per_second": 50}])
def test_there_is_one_clock(clock):
    with pytest.raises(UsageError, match="per_quarter or per_second"):
        build(MidiLike, clock, "encoding")


def test_a_note_years_away_does_not_fill_the_memory():
    ids = MidiLike().fit([]).encode(piece([(2**40, Q, 60, 80)]))
    assert len(ids) <= MAX_STEPS // 48 + 4


@given(
    st.dictionaries(st.tuples(st.integers(0, 127), st.integers(0, 40)), st.integers(1, 8),
                    min_size=1, max_size=20)
)  # fmt: skip
def test_keys_that_are_released_before_they_are_struck_again_come_back(struck):
    rows = [(on * 320, steps * 40, pitch, 80) for (pitch, on), steps in struck.items()]
    encoding = MidiLike().fit([])
    again = encoding.decode(encoding.encode(piece(rows)))
    assert notes(again) == sorted(rows)
    assert np.all(again.score.tracks[0].notes["duration"] > 0)
