"""Chords: one symbol a chord, above the tonic, simpler where rare, voiced when decoded."""

import numpy as np
import pytest

from nokturn.encodings.base import restore
from nokturn.encodings.chords import Chords
from nokturn.errors import InputError
from nokturn.formats import _abc_reader, base
from nokturn.music.chord_finding import chords_of
from nokturn.music.harmony import progression
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import Meter
from nokturn.music.transposition import transpose
from nokturn.music.voicing import Played, lead_sheet


def tune(text, key="C"):
    """Return chords of a bar each in a key."""
    chords = [chord for bar in progression(text) for chord in bar]
    return Piece(lead_sheet([Played(c, 1920) for c in chords], key=Key.parse(key)))


def names(encoding, piece):
    return [encoding.vocabulary[k] for k in encoding.encode(piece)]


JAZZ = "Dm7 G7b9 | Cmaj7 | Cmaj7 | F#m7b5 B7alt | Em | A7 | Bbdim7 | F/A"


def test_roots_are_degrees_of_the_key():
    encoding = Chords(least=1).fit([tune(JAZZ)])
    assert names(encoding, tune(JAZZ)) == [
        "IIm7", "V7b9", "Imaj7", "Imaj7", "#IVm7b5", "VII7alt", "IIIm", "VI7", "bVIIdim7", "IV/VI",
    ]  # fmt: skip


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_a_tune_is_the_same_in_every_key(semitones):
    encoding = Chords(least=1).fit([tune(JAZZ)])
    moved = Piece(transpose(tune(JAZZ).sheet, semitones))
    assert names(encoding, moved) == names(encoding, tune(JAZZ))


def test_roots_can_be_absolute():
    encoding = Chords(relative=False, least=1).fit([tune("Bbm7 F#7 Db/F", "Db")])
    assert names(encoding, tune("Bbm7 Gb7 C#/E#", "Db")) == ["Bbm7", "F#7", "Db/F"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"qualities": "sevenths"}, "IIm7 V7 Imaj7 Imaj7 #IVm7b5 VIIaug7 IIIm VI7 bVIIdim7 IV/VI"),
        ({"qualities": "triads"}, "IIm V I I #IVdim VIIaug IIIm VI bVIIdim IV/VI"),
        ({"bass": False}, "IIm7 V7b9 Imaj7 Imaj7 #IVm7b5 VII7alt IIIm VI7 bVIIdim7 IV"),
        ({"repeats": False}, "IIm7 V7b9 Imaj7 #IVm7b5 VII7alt IIIm VI7 bVIIdim7 IV/VI"),
        (
            {"repeats": False, "durations": True, "qualities": "triads"},
            "IIm:4 V:4 I:8 #IVdim:4 VIIaug:4 IIIm:4 VI:4 bVIIdim:4 IV/VI:4",
        ),
    ],
    ids=["sevenths", "triads", "no bass", "no repeats", "durations"],
)
def test_settings(settings, expected):
    encoding = Chords(least=1, **settings).fit([tune(JAZZ)])
    assert names(encoding, tune(JAZZ)) == expected.split()


@pytest.mark.parametrize("durations", [False, True])
@pytest.mark.parametrize("relative", [False, True])
def test_chords_come_back(relative, durations):
    encoding = Chords(relative=relative, durations=durations, least=1).fit([tune(JAZZ)])
    ids = encoding.encode(tune(JAZZ))
    again = encoding.decode(ids)
    assert encoding.encode(again).tolist() == ids.tolist()
    assert [str(c.harmony) for c in chords_of(again)][:3] == ["Dm7", "G7b9", "Cmaj7"]
    assert again.score.note_count >= 4 * len(ids)


def test_b_with_a_low_fifth_is_not_b_flat_with_a_fifth():
    piece = tune("Bb5 B(b5)")
    encoding = Chords(relative=False, least=1).fit([piece])
    assert len(set(encoding.vocabulary)) == len(encoding.vocabulary)
    assert encoding.encode(encoding.decode(encoding.encode(piece))).tolist() == [
        *encoding.encode(piece)
    ]


def test_what_was_never_met_becomes_simpler():
    encoding = Chords(least=1).fit([tune("C G7 Am")])
    heard = tune("C13#11 F7/Eb Dm9 Bdim Gsus4 E+")
    assert names(encoding, heard) == ["I7", "IV7", "IIm", "VIIm", "V", "III"]


def test_minor_comes_back_as_minor():
    piece = tune("Cm7 | Fm7 | G7 | Cm6", "Cm")
    encoding = Chords(least=1).fit([piece])
    assert str(encoding.decode(encoding.encode(piece)).sheet.key) == "Cm"


def test_chords_are_found_where_none_are_written():
    abc = "X:1\nM:4/4\nL:1/2\nK:F\n[FAc][GBd]|[CEGB][F,Ac]|\n"
    encoding = Chords(least=1).fit([tune("C F Gm C7", "F")])
    assert names(encoding, _abc_reader.read_tune(abc)) == ["I", "IIm", "V7", "I"]


def test_where_nothing_sounds_there_are_no_chords():
    rest = Piece(Sheet([Bar([[Event(1920)]], Meter(4, 4))]), source="rest.abc")
    with pytest.raises(InputError, match=r"rest\.abc: there are no chord symbols, and no notes"):
        Chords().fit([tune("C")]).encode(rest)
    with pytest.raises(InputError, match="no notes"):
        Chords().fit([tune("C")]).encode(Piece(Score([])))


def test_nothing_decodes_to_a_bar_of_rest():
    piece = Chords().fit([tune("C")]).decode(np.zeros(3, dtype=np.int64))
    assert piece.score.note_count == 0
    assert piece.score.end == 1920


def test_from_a_file_to_symbols():
    (piece,) = base.loads(b"1;1;2\n1.0;3.0;1.0\nFm7;Bb7;Eb^7\n", source="tune.csv")
    piece.sheet.bars[0].keys = {0: Key.parse("Eb")}
    encoding = Chords(durations=True, least=1).fit([piece])
    assert names(encoding, piece) == ["IIm7:2", "V7:2", "Imaj7:4"]


def test_restored_from_what_is_stored():
    encoding = Chords(durations=True, least=1).fit([tune(JAZZ)])
    again = restore("chords", encoding.model_dump(mode="json"), encoding.vocabulary)
    assert again.encode(tune(JAZZ)).tolist() == encoding.encode(tune(JAZZ)).tolist()
