"""Progressions as people write them."""

import numpy as np
import pytest

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.music.pitch import Key
from nokturn.music.time import Meter
from nokturn.music.voicing import Played
from nokturn.production.progressions import (
    MAJOR,
    MINOR,
    Progression,
    divided,
    drawn,
    enriched,
    read,
    richer,
    shares,
)


def written(chords: Progression) -> str:
    return " | ".join(" ".join(map(str, bar)) for bar in chords.bars)


@pytest.mark.parametrize(
    ("text", "key", "chords", "home"),
    [
        ("ii V I in C", None, "Dm | G | C", "C major"),
        ("ii V I vi", "Fm", "Gm | C | F | Dbm", "F minor"),
        ("i bVI bIII bVII in Am", None, "Am | F | C | G", "A minor"),
        ("i iv v", None, "Am | Dm | Em", "A minor"),
        ("ii-V-I in Bb", None, "Cm | F | Bb", "Bb major"),
        ("ii – V → I", "D", "Em | A | D", "D major"),
        ("Am7 D9 Gmaj7", None, "Am7 | D9 | Gmaj7", "G major"),
        ("Am7-D9-Gmaj7", None, "Am7 | D9 | Gmaj7", "G major"),
        ("C-7, F7, Bb^7", None, "C-7 | F7 | Bb^7", "Bb major"),
        ("Dm7 G7 | Cmaj7 | %", None, "Dm7 G7 | Cmaj7 | Cmaj7", "C major"),
        ("I % IV %", "C", "C | C | F | F", "C major"),
        ("ii7 V7\nImaj7", "C", "Dm7 G7 | Cmaj7", "C major"),
        ("Cmaj7 | iv6 | bVII9", "C", "Cmaj7 | Fm6 | Bb9", "C major"),
        ("I IV in D minor", "C", "D | G", "D minor"),
        ("  |: Am | E7 :|\n", None, "Am | E7", "A minor"),
    ],
    ids=[
        "key in the text", "key given", "minor with flats", "numerals that are minor by themselves",
        "hyphens", "dashes and arrows", "symbols find their key", "symbols with hyphens",
        "a hyphen that is minor", "bar lines", "one bar again", "lines are bars",
        "symbols and numerals", "the text's key is stronger", "repeat signs",
    ],
)  # fmt: skip
def test_chords_are_read_from_text(text: str, key: str | None, chords: str, home: str) -> None:
    found = read(text, Key.parse(key) if key else None)
    assert (written(found), found.key.name) == (chords, home)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ii hello V", r"column 4: 'hello' is no chord symbol; expected a chord like Dm7 .* ii7"),
        ("ii V\nI Allegro", r"line 2, column 3: 'Allegro'"),
        ("I V65", r"column 3: 'V65'"),
        ("% I", r"column 1: '%'"),
        ("", r"there are no chords\. Write some: ii V I in C"),
        ("| | |", "there are no chords"),
    ],
    ids=["a word", "second line", "figured bass", "nothing to repeat", "empty", "bar lines only"],
)
def test_what_is_no_chord_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text)


def test_limits_and_keys() -> None:
    with pytest.raises(LimitError, match="1001 bars of chords; 1000 are allowed"):
        read("C " * 1001)
    with pytest.raises(UsageError, match="is not a key"):
        read("ii V I in Cabbage")


@pytest.mark.parametrize(
    ("chords", "meter", "lengths"),
    [
        (1, "3/4", [1440]),
        (2, "4/4", [960, 960]),
        (3, "4/4", [960, 480, 480]),
        (2, "3/4", [960, 480]),
        (2, "6/8", [720, 720]),
        (3, "6/8", [480, 480, 480]),
        (2, "5/4", [1440, 960]),
        (8, "4/4", [240] * 8),
    ],
)
def test_chords_share_a_bar(chords: int, meter: str, lengths: list[int]) -> None:
    assert shares(chords, Meter(*map(int, meter.split("/")))) == lengths


def test_too_many_chords_for_a_bar() -> None:
    with pytest.raises(InputError, match="bar 2 has 7 chords, and 3/4 has room for 6"):
        read("C | C D C D C D C").played(Meter(3, 4))


@pytest.mark.parametrize(
    ("text", "sevenths", "ninths"),
    [
        ("I ii iii IV V vi vii° in C", "Cmaj7 Dm7 Em7 Fmaj7 G7 Am7 Bm7b5",
         "Cmaj9 Dm9 Em7 Fmaj9 G9 Am9 Bm7b5"),
        ("i ii° III iv V VI VII in Am", "Am7 Bm7b5 Cmaj7 Dm7 E7 Fmaj7 G7",
         "Am9 Bm7b5 Cmaj9 Dm9 E7b9 Fmaj9 G9"),
        ("iv bVII bVI in C", "Fm7 Bbmaj7 Abmaj7", "Fm9 Bbmaj9 Abmaj7"),
        ("I6 Vsus4 ii7 in C", "C6 Gsus4 Dm7", "C6 Gsus4 Dm9"),
    ],
    ids=["major", "minor", "borrowed", "what is rich stays"],
)  # fmt: skip
def test_triads_are_enriched_with_notes_of_the_key(text: str, sevenths: str, ninths: str) -> None:
    chords = read(text)
    assert written(enriched(chords, "sevenths")).replace(" | ", " ") == sevenths
    assert written(enriched(chords, "ninths")).replace(" | ", " ") == ninths
    assert enriched(chords, "written") == chords
    rest = [Played(None, 480), *chords.played()]
    assert [chord and str(chord) for chord, _ in richer(rest, chords.key, "ninths")] == [
        None,
        *ninths.split(),
    ]


@pytest.mark.parametrize("key", ["C", "Am", "Eb", "F#m", "Ddor"])
def test_built_in_progressions_are_chords_in_every_meter(key: str) -> None:
    home = Key.parse(key)
    for text in MINOR if home.minor else MAJOR:
        for meter in (Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4)):
            chords = read(text, home)
            lengths = [duration for _, duration in chords.played(meter)]
            assert sum(lengths) == len(chords.bars) * meter.bar_ticks
            assert min(lengths) > 0


def test_the_chords_of_a_piece_become_two_sections() -> None:
    verse, chorus = read("Am | F C | G | G").played(), read("F | G | Am | Am").played()
    piece = [Played(None, 1920), *verse, *verse, *chorus, Played(chorus[0].harmony, 960)]
    assert divided(piece, Meter(4, 4), 4) == {"A": verse, "B": chorus}
    assert divided(verse, Meter(4, 4), 8) == {"A": verse}
    held = [Played(verse[0].harmony, 4 * 1920)]
    assert divided(held, Meter(4, 4), 2) == {"A": [Played(verse[0].harmony, 3840)]}


def test_a_second_progression_is_another_one() -> None:
    home = Key.parse("C")
    assert drawn(np.random.default_rng(3), home) == drawn(np.random.default_rng(3), home)
    first = MAJOR[0]
    found = {drawn(np.random.default_rng(k), home, other_than=first) for k in range(200)}
    assert found == set(MAJOR) - {first}
