"""Tracks are picked by what they are called and play; a melody is told from what goes with it."""

from __future__ import annotations

import pytest

from nokturn.errors import InputError
from nokturn.music.parts import described, melody_track, pick, skyline, split
from nokturn.music.score import Score, Track

FLUTE = Track.of([(480 * k, 480, 72 + k, 80) for k in range(8)], "Flute", 73)
CHORDS = Track.of(
    [(960 * k, 960, p, 60) for k in range(4) for p in (60, 64, 67)], "Strings", 48
)  # fmt: skip
BASS = Track.of([(480 * k, 480, 36, 80) for k in range(8)], "Fender", 33)
KIT = Track.of([(240 * k, 60, 42, 90) for k in range(16)], "Kit", drums=True)
BAND = Score([BASS, CHORDS, FLUTE, KIT])


@pytest.mark.parametrize(
    ("tracks", "names"),
    [
        ("all", ["Fender", "Strings", "Flute", "Kit"]),
        ("melody", ["Flute"]),
        ("accompaniment", ["Fender", "Strings", "Kit"]),
        ("no-drums", ["Fender", "Strings", "Flute"]),
        ("drums", ["Kit"]),
        ([2, 4], ["Strings", "Kit"]),
        (["bass"], ["Fender"]),
        (["program 48"], ["Strings"]),
        (["program 32-39", "flute"], ["Fender", "Flute"]),
        (["drums", 1], ["Fender", "Kit"]),
    ],
)
def test_tracks_are_picked(tracks, names):
    assert [track.name for track in pick(BAND, tracks).tracks] == names


def test_a_program_does_not_pick_drums():
    """A drum track says program 0, too, and is no piano."""
    with pytest.raises(InputError):
        pick(Score([KIT]), ["piano"])


def test_nothing_left_says_what_there_is():
    expected = (
        r"band.mid: nothing is left when only 'tuba' is taken of its tracks; there are "
        r"1 'Fender' \(program 33 bass, 8 notes\), .*4 'Kit' \(drums, 16 notes\)\. "
        r"Choose other tracks\."
    )
    with pytest.raises(InputError, match=expected):
        pick(BAND, ["tuba"], "band.mid")
    assert described(Score()) == "no tracks"


def test_a_track_called_melody_leads_though_others_are_higher():
    low = Track(BASS.notes, "Lead Vocals", 54)
    assert melody_track(Score([FLUTE, low])) == 1


def test_a_high_line_that_plays_chords_does_not_lead():
    high = Track.of([(960 * k, 960, p, 60) for k in range(4) for p in (84, 88, 91)], "", 48)
    assert melody_track(Score([high, FLUTE])) == 1


def test_of_one_track_the_top_line_is_the_melody():
    rows = [(0, 960, 76, 80), (0, 480, 48, 80), (480, 480, 55, 80), (960, 960, 74, 80)]
    piano = Track.of(rows, "Piano")
    melody, rest = split(Score([piano, KIT]))
    assert melody.tracks[0].notes["pitch"].tolist() == [76, 74]
    assert rest.tracks[0].notes["pitch"].tolist() == [48, 55]
    assert rest.tracks[1] is KIT


def test_the_top_line_plays_one_note_at_a_time():
    legato = Track.of([(0, 700, 72, 80), (480, 700, 74, 80), (960, 480, 76, 80)])
    (line,) = split(Score([legato]))[0].tracks
    assert line.notes["duration"].tolist() == [480, 480, 480]
    assert legato.notes["duration"].tolist() == [700, 700, 480], "the piece stays as it was"


def test_under_a_held_note_begins_no_melody():
    track = Track.of([(0, 960, 72, 80), (240, 240, 60, 80), (960, 240, 60, 80)])
    assert skyline(track).tolist() == [True, False, True]


def test_drums_alone_have_no_melody():
    melody, rest = split(Score([KIT]))
    assert (melody.note_count, rest.note_count) == (0, 16)
    assert melody_track(Score([KIT])) == -1
