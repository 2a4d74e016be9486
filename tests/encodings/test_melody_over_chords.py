"""The encoding of melodies over chords: its symbols, its octaves, what is known of the chords."""

import pytest

from nokturn.encodings.base import BOUNDARY
from nokturn.encodings.melody_over_chords import MelodyOverChords, chord_sign, kind_of, moved
from nokturn.errors import InputError
from nokturn.music.harmony import parse
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter


def song(melody, low=((0, 1920, 48), (1920, 1920, 43))):
    """Return a melody over triads: rows of onset, duration and pitch; C, then G."""
    piano = [(on, ticks, bass + up, 70) for on, ticks, bass in low for up in (0, 4, 7)]
    return Piece(Score([Track.of([(*row, 80) for row in melody], "Voice"),
                        Track.of(piano, "Piano")], meters=[(0, Meter(4, 4))]))  # fmt: skip


TUNE = [(0, 480, 76), (480, 480, 79), (960, 960, 72), (1920, 960, 71), (2880, 960, 67)]


def names(encoding, piece):
    return " ".join(encoding.vocabulary[i] for i in encoding.encode(piece))


@pytest.mark.parametrize(
    ("melody", "expected"),
    [
        pytest.param(TUNE, "4/4 major I V n4 d12 n7 d12 n0, d24 end n11 d24 n7 d24",
                     id="a chord is said when the one before it begins"),
        pytest.param([(on, ticks, pitch - 12) for on, ticks, pitch in TUNE],
                     "4/4 major I V n4 d12 n7 d12 n0, d24 end n11 d24 n7 d24",
                     id="the same an octave lower"),
        pytest.param([(480, 480, 76), (1440, 480, 72), (1920, 480, 71), (2880, 960, 77)],
                     "4/4 major I V r d12 n4 d12 r d12 n0 d12 V7 n11 d12 r d12 end n5' d24",
                     id="rests"),
        pytest.param([(0, 400, 76), (480, 1440, 88), (1920, 1920, 71)],
                     "4/4 major I V n4 d12 n4' d36 end n11, d48", id="a small gap, an octave"),
    ],
)  # fmt: skip
def test_symbols(melody, expected):
    assert names(MelodyOverChords().fit([]), song(melody)) == expected


def test_the_same_in_every_key():
    encoding = MelodyOverChords().fit([])
    higher = song([(on, ticks, pitch + 3) for on, ticks, pitch in TUNE],
                  [(0, 1920, 51), (1920, 1920, 46)])  # fmt: skip
    assert names(encoding, higher) == names(encoding, song(TUNE))


def test_without_chords_the_melody_stands_alone():
    encoding = MelodyOverChords(chords=False).fit([])
    assert names(encoding, song(TUNE)) == "4/4 major n4 d12 n7 d12 n0, d24 n11 d24 n7 d24"


def test_decoded_it_has_the_pitches_of_c_major():
    encoding = MelodyOverChords().fit([])
    notes = encoding.decode(encoding.encode(song(TUNE))).score.tracks[0].notes
    assert notes["pitch"].tolist() == [76, 79, 72, 71, 67]
    assert notes["onset"].tolist() == [0, 480, 960, 1920, 2880]


def test_the_tracker_knows_this_chord_and_the_next():
    encoding = MelodyOverChords().fit([])
    ids = encoding.encode(song(TUNE)).tolist()
    rows = encoding.channels_of(ids)
    column = {name: k for k, name in enumerate(encoding.channels)}
    at = {encoding.vocabulary[i]: row for i, row in zip([BOUNDARY, *ids], rows, strict=True)}
    first, fifth = 1, 1 + 7 * 4
    assert at["V"][[column["now"], column["next"]]].tolist() == [first, fifth]
    assert at["end"][[column["now"], column["next"]]].tolist() == [fifth, 0]
    assert at["end"][[column["at"], column["bar"]]].tolist() == [1, 2]
    assert at["n11"][column["over"]] == 5  # a major third


@pytest.mark.parametrize(
    ("quality", "kind"),
    [("", ""), ("maj9", ""), ("6/9", ""), ("m7", "m"), ("m6", "m"), ("13", "7"), ("9sus4", "7"),
     ("7b9", "7"), ("7#9", "7"), ("m7b5", "o"), ("dim7", "o")],
)  # fmt: skip
def test_kinds_of_chords(quality, kind):
    assert kind_of(quality) == kind


def test_roots_are_above_the_tonic():
    assert chord_sign(parse("Bbm7"), 5) == "IVm"


@pytest.mark.parametrize(
    ("before", "sign", "after"),
    [(71, "n0", 72), (71, "n6", 66), (71, "n0'", 84), (71, "n0,", 60), (107, "n0'", 96),
     (36, "n11,", 47)],
)  # fmt: skip
def test_octaves(before, sign, after):
    assert moved(before, sign) == after


def test_drums_are_refused():
    drums = Piece(Score([Track.of([(0, 480, 36, 80)], drums=True)]))
    with pytest.raises(InputError, match="no pitched notes"):
        MelodyOverChords().fit([]).encode(drums)
