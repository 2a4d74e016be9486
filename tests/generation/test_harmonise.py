"""Chords for melodies: what a musician would put there."""

import pytest

from nokturn.errors import InputError
from nokturn.formats.base import loads
from nokturn.generation._chord_slots import slots
from nokturn.generation._chord_states import named, state_of
from nokturn.generation.accompany import accompanied, notes_of
from nokturn.generation.harmonise import Harmoniser, harmonised
from nokturn.music.harmony import parse
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track
from nokturn.music.sheet import Sheet


def tune(body, key="C", meter="4/4", unit="1/4"):
    return loads(f"X:1\nT:t\nM:{meter}\nL:{unit}\nK:{key}\n{body}\n".encode())[0].sheet


def chords(sheet):
    return [event.chord for bar in sheet.bars for event in bar.voices[0] if event.chord]


def heard(sheet, harmoniser=None):
    return [str(chord) for _, chord in (harmoniser or Harmoniser()).chords(sheet)]


@pytest.mark.parametrize(
    ("body", "key", "expected"),
    [
        pytest.param("CEGE|DFBG|C4|]", "C", ["C", "G7", "C"], id="there and back"),
        pytest.param("Acec|dfed|^GBed|cAA2|]", "Am", ["Am", "Dm", "E7", "Am"], id="minor"),
        pytest.param("EGBe|eeag|^F^DBA|EGE2|]", "Em", ["Em", "B7", "Em"], id="minor cadence"),
        pytest.param("_BdfB|eg_be|fac'_e'|b4|]", "Bb", ["Bb", "Eb", "F7", "Bb"], id="flats"),
        pytest.param("DFAF|CEGE|DFAd|D4|]", "Ddor", ["Dm", "C", "Dm"], id="dorian"),
        pytest.param("GBdB|FAcA|GBdg|G4|]", "Gmix", ["G", "F", "G"], id="mixolydian"),
    ],
)
def test_the_chords_are_those_of_the_notes(body, key, expected):
    assert chords(harmonised(tune(body, key))) == expected


def test_the_chords_move_with_the_key():
    assert heard(tune("CEGE|DFBG|C4|]", "C")) == ["C", "C", "G7", "G7", "C"]
    assert heard(tune("DFAF|EGcA|D4|]", "D")) == ["D", "D", "A7", "A7", "D"]


def test_a_chord_changes_in_the_middle_of_a_bar():
    assert chords(harmonised(tune("GEBD|C4|]"))) == ["C", "G", "C"]


def test_no_chord_changes_within_a_beat_that_is_held():
    starts = [(slot.bar, slot.at) for slot in slots(tune("GE3|G2FD|"))]
    assert starts == [(0, 0), (1, 0), (1, 960)]


def test_a_pickup_has_no_chord_and_a_section_begins_with_one():
    sheet = harmonised(tune("G|:CEGc|cGE:|:E|CEGc|cGE2:|"))
    assert not sheet.bars[0].voices[0][0].chord
    opened = [bar for bar in sheet.bars if bar.repeat_start]
    assert all(bar.voices[0][0].chord == "C" for bar in opened)


def test_each_stretch_is_heard_in_its_own_key():
    found = heard(tune("CEGE|DFBG|C4|[K:D]DFAF|EGcA|D4|]"))
    assert (found[0], found[-1]) == ("C", "D")


@pytest.mark.parametrize("key", ["none", "HP"])
def test_a_melody_with_no_key_gets_the_one_that_fits(key):
    found = heard(tune("G2GA|B2BB|^F2AD|G4|]", key))
    assert (found[0], found[-1]) == ("G", "G")
    assert found[-2] in ("D", "D7")


def test_a_sheet_keeps_its_notes_and_the_original_its_chords():
    sheet = tune('"F#m"CEGE|"Bb"DFBG|C4|')
    found = harmonised(sheet)
    assert chords(sheet) == ["F#m", "Bb"]
    assert chords(found) == ["C", "G7", "C"]
    assert [bar.length for bar in found.bars] == [bar.length for bar in sheet.bars]
    assert (
        Piece(found).score.tracks[0].notes.tolist() == Piece(sheet).score.tracks[0].notes.tolist()
    )


def test_tunes_teach_their_style():
    # a bar of seconds, which say nothing of C or Bb, goes to bVII where tunes do so
    taught = [tune('"C"CEGE|"Bb"DDDF|"C"C4|]')] * 30
    song = tune("DFAF|EEEG|D4|]", "D")
    assert heard(song, Harmoniser.learned(taught))[2] == "C"
    assert "C" not in heard(song)


def test_tunes_without_chords_teach_nothing():
    song = tune("CEGE|DFBG|C4|]")
    assert heard(song, Harmoniser.learned([song] * 5)) == heard(song)


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        ([], "no notes"),
        ([Track.of([(k * 480, 120, 36, 90) for k in range(8)], drums=True)], "only drums"),
    ],
    ids=["silence", "drums"],
)
def test_where_there_is_no_melody_it_says_so(tracks, said):
    with pytest.raises(InputError, match=f"there are {said} to find chords for. Give a melody"):
        harmonised(Piece(Score(tracks)).sheet)


def test_the_chords_stand_over_the_first_voice_that_plays():
    drums = Track.of([(k * 480, 120, 36, 90) for k in range(8)], drums=True)
    flute = Track.of(
        [(k * 480, 480, p, 90) for k, p in enumerate((60, 64, 67, 64, 62, 65, 59, 67))]
    )
    found = harmonised(Piece(Score([drums, Track.of([]), flute])).sheet)
    over = {v for bar in found.bars for v, events in enumerate(bar.voices)
            for event in events if event.chord}  # fmt: skip
    assert len(over) == 1
    assert found.bars[0].voices[over.pop()][0].chord == "C"


def test_an_empty_sheet_is_refused():
    with pytest.raises(InputError, match="no notes"):
        harmonised(Sheet())


@pytest.mark.parametrize(
    ("symbol", "key", "again"),
    [
        ("Gm7", "C", "Gm"),
        ("Ebmaj7", "Bb", "Eb"),
        ("F#m7b5", "Em", "F#dim"),
        ("C9", "F", "C7"),
        ("A#m", "B", "A#m"),
        ("Bb", "Dm", "Bb"),
        ("Cb", "Gb", "Cb"),
    ],
)
def test_a_symbol_is_folded_to_four_qualities_and_spelled_in_the_key(symbol, key, again):
    assert str(named(state_of(parse(symbol)), Key.parse(key))) == again


@pytest.mark.parametrize(
    ("symbol", "notes"),
    [("C", "C3 E3 G3"), ("F#m", "F#3 A3 C#4"), ("Bb7", "Bb3 D4 F4 Ab4"), ("Bdim", "B3 D4 F4")],
)
def test_a_chord_is_spelled_in_thirds(symbol, notes):
    assert " ".join(map(str, notes_of(parse(symbol)))) == notes


def test_the_accompaniment_holds_each_chord_until_the_next():
    sheet = accompanied(tune('G|"C"CEGE|"F"FA"G7"GB|c4|'))
    played = [[(e.duration, str(e.pitches[0]) if e.pitches else "") for e in bar.voices[1]]
              for bar in sheet.bars]  # fmt: skip
    assert played == [
        [(480, "")], [(1920, "C3")], [(960, "F3"), (960, "G3")], [(1920, "G3")],
    ]  # fmt: skip
    assert len(Piece(sheet).score.tracks) == 2


def test_the_accompaniment_of_an_odd_meter_can_be_written():
    bar = accompanied(tune('"Em"E2GBe|', "Em", "5/8", "1/8")).bars[0]
    assert [(e.duration, e.ties[0]) for e in bar.voices[1]] == [(720, True), (480, False)]
