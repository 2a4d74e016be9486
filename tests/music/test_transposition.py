"""Transposition: keys, notes and chord symbols move together, and come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nokturn.music.pitch import MODES, Key, Pitch
from nokturn.music.sheet import Bar, Event, Grace, Sheet
from nokturn.music.transposition import (
    Interval,
    interval,
    moved_chord,
    moved_key,
    moved_pitch,
    transpose,
)


def tune(key: str, *notes: str, chord: str = "") -> Sheet:
    """Return a bar of quarters in a key."""
    events = [Event(480, (Pitch.parse(note),), chord=chord) for note in notes]
    return Sheet([Bar([events], keys={0: Key.parse(key)})])


def names(sheet: Sheet) -> list[str]:
    return [str(p) for bar in sheet.bars for v in bar.voices for e in v for p in e.pitches]


@pytest.mark.parametrize(
    ("key", "semitones", "expected"),
    [
        pytest.param("C", 1, "Db", id="five-flats-rather-than-seven-sharps"),
        pytest.param("D", -1, "Db", id="a-semitone-down"),
        pytest.param("Ador", 2, "Bdor", id="dorian"),
        pytest.param("F#m", -1, "Fm", id="minor-to-flats"),
        pytest.param("Gmix", 5, "Cmix", id="mixolydian"),
        pytest.param("G", -1, "F#", id="tie-of-six-goes-sharp"),
        pytest.param("Bb", 12, "Bb", id="octave"),
        pytest.param("E", 7, "B", id="a-fifth"),
    ],
)
def test_key_moves_to_the_spelling_with_fewest_accidentals(key, semitones, expected):
    assert str(moved_key(Key.parse(key), semitones)) == expected


@pytest.mark.parametrize(
    ("key", "semitones", "notes", "expected"),
    [
        pytest.param("C", 3, ["C4", "F#4", "Bb4"], ["Eb4", "A4", "Db5"], id="accidentals"),
        pytest.param("D", -2, ["F#4", "C#5", "C5"], ["E4", "B4", "Bb4"], id="signature-notes"),
        pytest.param("Am", 2, ["G#4", "B4"], ["A#4", "C#5"], id="leading-note"),
        pytest.param("C", -1, ["C4"], ["B3"], id="octave-boundary"),
        pytest.param("C", 12, ["C4"], ["C5"], id="whole-octave"),
    ],
)
def test_notes_keep_their_distance_to_the_signature(key, semitones, notes, expected):
    moved = transpose(tune(key, *notes), semitones)
    assert names(moved) == expected


def test_grace_notes_and_chord_symbols_move_too():
    sheet = tune("G", "G4", chord="D7/F#")
    (line,) = sheet.bars[0].voices
    line[0] = line[0]._replace(graces=(Grace((Pitch.parse("A4"),), 120),))
    moved = transpose(sheet, 5).bars[0].voices[0][0]
    assert moved.chord == "G7/B"
    assert moved.graces[0].pitches == (Pitch.parse("D5"),)


@pytest.mark.parametrize(
    ("symbol", "by", "expected"),
    [
        pytest.param("Gm7", Interval(1, 2), "Am7", id="minor-seventh"),
        pytest.param("Bb/D", Interval(0, -1), "A/Db", id="bass-note"),
        pytest.param("(Em)", Interval(3, 5), "(Am)", id="in-brackets"),
        pytest.param("N.C.", Interval(1, 2), "N.C.", id="no-chord"),
        pytest.param("D.C.", Interval(1, 2), "D.C.", id="da-capo-is-no-chord"),
        pytest.param("F#dim", Interval(1, 2), "G#dim", id="diminished"),
        pytest.param("D#", Interval(0, 1), "E", id="no-double-sharps"),
    ],
)
def test_chord_symbols(symbol, by, expected):
    assert moved_chord(symbol, by) == expected


def test_key_change_in_mid_bar_is_spelled_on_either_side():
    sheet = tune("C", "C4", "C4")
    sheet.bars[0].keys[480] = Key.parse("E")
    moved = transpose(sheet, 1)
    assert names(moved) == ["Db4", "Db4"]
    assert str(moved.bars[0].keys[480]) == "F"


def test_explicit_accidentals_keep_their_distance():
    key = Key(2, 0, "phrygian", ((3, 1),))  # E phr ^f
    assert str(moved_key(key, -2)) == "Dphr =e"


def test_exact_key_signature_moves_as_pitches():
    key = Key(3, 0, "major", ((6, -1),), True)  # F, Bb alone
    assert moved_key(key, 2).alters == (0, 0, 0, 1, 0, 0, 0)


def test_no_key_stays_no_key():
    assert str(moved_key(Key(mode="none"), 4)) == "none"


def test_too_high_is_put_an_octave_nearer():
    moved = transpose(tune("C", "C9"), 11)
    assert names(moved) == ["B8"]


@given(
    st.sampled_from(sorted(MODES)),
    st.integers(0, 6),
    st.integers(-1, 1),
    st.integers(-11, 11),
    st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 1), st.integers(2, 6)), min_size=1),
)
def test_up_and_down_again_is_the_identity(mode, tonic, alter, semitones, rows):
    key = Key(tonic, alter, mode)
    if abs(key.fifths) > 5:
        return
    notes = [Pitch(*row) for row in rows]
    by = interval(key, semitones)
    if any(abs(_alter(note, by)) > 2 for note in notes):
        return
    sheet = Sheet([Bar([[Event(480, (note,)) for note in notes]], keys={0: key})])
    moved = transpose(sheet, semitones)
    assert [p.midi + semitones for p in notes] == [
        p.midi for e in moved.bars[0].voices[0] for p in e.pitches
    ]
    again = transpose(moved, -semitones)
    assert again.key == key
    assert names(again) == [str(note) for note in notes]


def _alter(pitch: Pitch, by: Interval) -> int:
    octave, step = divmod(pitch.diatonic + by.letters, 7)
    return pitch.midi + by.semitones - Pitch(step, 0, octave).midi


def test_moved_pitch_by_an_octave_keeps_its_name():
    assert str(moved_pitch(Pitch.parse("Ab3"), Interval(7, 12))) == "Ab4"
