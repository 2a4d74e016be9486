"""Chord tones, voicings, and chords found in what sounds."""

from itertools import pairwise

import pytest

from nokturn.errors import InputError
from nokturn.formats import _abc_reader
from nokturn.music.chord_finding import chords_of, find_chords
from nokturn.music.chord_tones import reduced, tones
from nokturn.music.harmony import parse, progression, spelled
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score
from nokturn.music.time import Meter
from nokturn.music.voicing import Played, lead_sheet, voiced


def chords(text):
    return [chord for bar in progression(text) for chord in bar]


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ("", "C E G"),
        ("m", "C Eb G"),
        ("-7", "C Eb G Bb"),
        ("^7", "C E G B"),
        ("Δ", "C E G B"),
        ("%7", "C Eb Gb Bb"),
        ("ø", "C Eb Gb Bb"),
        ("m7-5", "C Eb Gb Bb"),
        ("o7", "C Eb Gb Bbb"),
        ("dim", "C Eb Gb"),
        ("m^7", "C Eb G B"),
        ("m(maj7)", "C Eb G B"),
        ("+", "C E G#"),
        ("+7", "C E G# Bb"),
        ("sus", "C F G"),
        ("7sus4", "C F G Bb"),
        ("sus2", "C D G"),
        ("6", "C E G A"),
        ("6/9", "C E G A D"),
        ("9", "C E G Bb D"),
        ("add9", "C E G D"),
        ("madd9", "C Eb G D"),
        ("7b9#11", "C E G Bb Db F#"),
        ("7+9", "C E G Bb D#"),
        ("7alt", "C E G# Bb Db D#"),
        ("13", "C E G Bb D A"),
        ("maj9", "C E G B D"),
        ("7no5", "C E Bb"),
        ("5", "C G"),
    ],
)
def test_what_a_quality_means(quality, expected):
    letters = "CDEFGAB"
    natural = (0, 2, 4, 5, 7, 9, 11)
    names = []
    for steps, semitones in tones(quality):
        alter = semitones - natural[steps % 7] - 12 * (steps // 7)
        names.append(letters[steps % 7] + ("#" * alter if alter > 0 else "b" * -alter))
    assert names == expected.split()
    assert parse("C" + quality).quality == quality


@pytest.mark.parametrize(
    ("quality", "seventh", "triad"),
    [
        ("13b9", "7", ""),
        ("^9", "maj7", ""),
        ("m11", "m7", "m"),
        ("h7", "m7b5", "dim"),
        ("69", "6", ""),
        ("7alt", "aug7", "aug"),
        ("9sus4", "7sus4", "sus4"),
        ("m^7", "mmaj7", "m"),
    ],
)
def test_qualities_can_be_made_simpler(quality, seventh, triad):
    assert reduced(quality, "all") == quality
    assert reduced(quality, "sevenths") == seventh
    assert reduced(quality, "triads") == triad


def test_a_word_among_chords_is_told_with_its_place():
    with pytest.raises(InputError, match=r"line 2, column 6: 'Allegro' is no chord symbol"):
        progression("Dm7 G7 | Cmaj7\n| F  Allegro |")


def test_percent_plays_the_bar_again():
    assert progression("Dm7 G7 | % |") == [chords("Dm7 G7")] * 2


@pytest.mark.parametrize(
    ("key", "name"), [("F", "Bb"), ("B", "A#"), ("C", "Bb"), ("Gb", "Bb"), ("C#", "A#")]
)
def test_roots_are_spelled_by_the_key(key, name):
    assert parse(name).root == spelled(10, Key.parse(key))


def test_the_right_hand_moves_little_and_the_left_has_the_bass():
    laid = voiced(chords("Dm7 G7 Cmaj7 F/A Fm6/Ab C7alt F13 Bbmaj9 Ebdim7 D7b9 Gm(maj7)"))
    for (bass,), hand in laid:
        assert 36 <= bass.midi <= 47
        assert 2 <= len(hand) <= 4
        assert all(low.midi < high.midi for low, high in pairwise(hand))
    middles = [sum(pitch.midi for pitch in hand) / len(hand) for _, hand in laid]
    assert max(abs(a - b) for a, b in pairwise(middles)) <= 3


def test_a_chord_over_the_bar_line_is_tied_and_has_one_symbol():
    (chord,) = chords("Fm6/Ab")
    sheet = lead_sheet([Played(chord, 2400)], meter=Meter(3, 4))
    assert [bar.length for bar in sheet.bars] == [1440, 1440]
    assert [e.chord for bar in sheet.bars for v in bar.voices for e in v].count("Fm6/Ab") == 1
    assert set(perform(sheet, as_written=True).tracks[0].notes["duration"]) == {2400}
    assert chords_of(Piece(sheet)) == [Played(chord, 2400)]


def test_what_is_voiced_is_found_again_by_ear():
    written = chords("Dm7 G7 Cmaj7 Am7 F Em D7 Gsus4 G Bm7b5 E7 Am")
    score = perform(lead_sheet([Played(chord, 960) for chord in written]), as_written=True)
    assert [chord.harmony for chord in find_chords(score)] == written


def test_symbols_are_read_with_repeats_played_and_come_before_the_ear():
    tune = _abc_reader.read_tune('X:1\nM:3/4\nL:1/4\nK:G\n|:"Em"GGG|"D7"GGG:|z3|]\n')
    found = chords_of(tune)
    assert [str(chord.harmony) for chord in found] == ["Em", "D7", "Em", "D7"]
    assert [chord.duration for chord in found] == [1440] * 4


def test_silence_has_no_chords():
    assert find_chords(Score([], length=960)) == []
