"""Roman numerals: the chord of a degree."""

import pytest

from nokturn.music.numerals import numeral
from nokturn.music.pitch import Key


@pytest.mark.parametrize(
    ("key", "written", "chords"),
    [
        ("C", "I ii iii IV V vi vii°", "C Dm Em F G Am Bdim"),
        ("Eb", "ii7 V9 Imaj7 VI7b9", "Fm7 Bb9 Ebmaj7 C7b9"),
        ("A", "IVM7 V7sus4 I6 I6/9", "DM7 E7sus4 A6 A6/9"),
        ("C", "bVII bVI bIII bII #iv° #ivø7", "Bb Ab Eb Db F#dim F#m7b5"),
        ("Am", "i ii° III iv v VI VII", "Am Bdim C Dm Em F G"),
        ("Am", "bIII bVI bVII #vi° V+ imaj7", "C F G F#dim Eaug Ammaj7"),
        ("Am", "vii°7 iiø", "G#dim7 Bm7b5"),
        ("Gm", "vii°", "F#dim"),
        ("Ddor", "i7 IV7 VII", "Dm7 G7 C"),
        ("Gmix", "I VII v", "G F Dm"),
        ("C", "V/V V7/ii V7/vi vii°7/V V/V/V IV/IV", "D A7 E7 F#dim7 A Bb"),
        ("C", "iiø7/vi V7/iii", "Bm7b5 B7"),
        ("C", "♭VII ♯iv° im7 iim7", "Bb F#dim Cm7 Dm7"),
        ("Gb", "bII bVI", "G D"),  # no double flats
    ],
    ids=[
        "major scale", "sevenths and ninths", "sixths and suspensions", "borrowed",
        "natural minor", "flats in minor are its own degrees", "leading note seventh",
        "leading note", "dorian", "mixolydian", "applied dominants", "applied to minor chords",
        "unicode signs and Berklee spelling", "respelled",
    ],
)  # fmt: skip
def test_degrees_are_chords(key: str, written: str, chords: str) -> None:
    found = [numeral(word, Key.parse(key)) for word in written.split()]
    assert [str(chord) for chord in found] == chords.split()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C",
        "Am7",
        "VIII",
        "iX",
        "V64",
        "Ihello",
        "V/",
        "/V",
        "V/C",
        "#",
        "Iv",
        pytest.param("V/" * 5000 + "V", id="thousands of dominants"),
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert numeral(text, Key()) is None
