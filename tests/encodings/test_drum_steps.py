"""Drum steps: sets of drums on sixteenths, and what is fed along."""

import numpy as np
import pytest

from nokturn.encodings.drum_steps import DrumSteps, told_of
from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

BAR = [(0, 36, 100), (0, 42, 60), (240, 42, 30), (480, 38, 110), (480, 42, 60), (720, 46, 20)]


def beat(rows=BAR, *, title="", source="", qpm=92.0):
    track = Track.of([(at, 60, pitch, velocity) for at, pitch, velocity in rows], drums=True)
    return Piece(Score([track], tempos=[(0, qpm)]), title=title, source=source)


def names(piece, encoding=None):
    encoding = encoding or DrumSteps().fit([piece])
    return [encoding.vocabulary[k] for k in encoding.encode(piece)]


def test_a_bar_reads_as_it_is_struck():
    steps = ["K!H", "-", "h", "-", "S!H", "-", "o"]
    assert names(beat()) == ["tempo:85", *steps]


@pytest.mark.parametrize(
    ("title", "source", "expected"),
    [
        ("", "1_funk-groove1_138_beat_4-4.mid", ["style:funk", "tempo:85", "beat"]),
        ("", "12_jazz-brushes_60_fill_4-4.mid", ["style:jazz", "tempo:85", "fill"]),
        ("A slow rock beat", "x.mid", ["style:rock", "tempo:85", "beat"]),
        ("Untitled", "song.mid", ["tempo:85"]),
    ],
)
def test_title_and_file_name_tell_the_style(title, source, expected):
    assert told_of(beat(title=title, source=source)) == expected


def test_what_was_said_and_the_place_in_the_bar_are_fed_along():
    piece = beat([(k * 120, 42, 80) for k in range(18)], source="1_funk_92_beat.mid")
    encoding = DrumSteps().fit([piece])
    rows = encoding.channels_of(encoding.encode(piece))
    fields = list(encoding.channels)
    assert rows[0].tolist() == [1, 1, 0, 0, 0]
    assert (rows[3:, fields.index("style")] == rows[3, fields.index("style")]).all()
    assert rows[3, fields.index("style")] > 0
    assert rows[3:, fields.index("step")].tolist() == [*range(1, 17), 1, 2, 3]
    assert rows[-1, fields.index("bar")] == 2


def test_a_drum_between_the_steps_takes_the_nearest():
    assert names(beat([(110, 36, 80), (130, 38, 80)]))[1:] == ["-", "KS"]


def test_of_two_strokes_on_a_drum_the_louder_is_kept():
    assert names(beat([(0, 38, 20), (10, 40, 120)]))[1:] == ["S!"]


def test_a_rare_set_is_written_as_the_nearest_frequent_one():
    common = beat([(k * 120, pitch, 80) for k in range(32) for pitch in (36, 42)])
    encoding = DrumSteps(most=29).fit([common])
    assert names(beat([(0, 36, 120), (0, 42, 80)]), encoding)[1:] == ["KH"]


def test_it_comes_back_as_it_was_written():
    encoding = DrumSteps().fit([beat()])
    notes = encoding.decode(encoding.encode(beat())).score.tracks[0].notes
    assert list(zip(notes["onset"].tolist(), notes["pitch"].tolist(), strict=True)) == [
        (at, pitch) for at, pitch, _ in BAR
    ]
    assert encoding.encode(encoding.decode(encoding.encode(beat()))).tolist() == (
        encoding.encode(beat())[1:].tolist()
    )


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (Piece(Score([Track.of([(0, 480, 60, 80)])])), "there are no drums"),
        (beat([(10**9, 36, 80)]), "longer than 200,000 steps"),
    ],
    ids=["no drums", "years of silence"],
)
def test_what_it_cannot_keep_is_said(piece, said):
    with pytest.raises(InputError, match=said):
        DrumSteps().fit([beat()]).encode(piece)


def test_symbols_that_open_a_piece():
    encoding = DrumSteps().fit([beat()])
    told = encoding.told("hiphop", 84, "beat")
    assert [encoding.vocabulary[k] for k in told] == ["style:hiphop", "tempo:70", "beat"]
    assert not encoding.steps & set(told)
    assert encoding.told() == []
    assert len(encoding.steps) + 1 + 18 + 7 + 2 == len(encoding.vocabulary)
    assert np.all(encoding.channels_of(told)[-1][2:] > 0)
