"""How chords are laid on the keys."""

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from nokturn.errors import UsageError
from nokturn.music.harmony import Harmony, pitch_class
from nokturn.music.pitch import Key, usual_name
from nokturn.production.progressions import MAJOR, MINOR, read
from nokturn.production.scales import classes_of
from nokturn.production.voicings import HIGH, LOW, Style, laid, movement, muddy

STYLES: tuple[Style, ...] = get_args(Style)


def chords_in(text: str, key: Key | None = None) -> list[Harmony]:
    return [chord for bar in read(text, key).bars for chord in bar]


@pytest.mark.parametrize(
    ("style", "text", "notes"),
    [
        ("rootless", "Dm9 G13 Cmaj9", ["F3 A3 C4 E4", "F3 A3 B3 E4", "G3 B3 D4 E4"]),
        ("ninths", "Dm9 G13 Cmaj9", ["C4 E4 F4 A4", "B3 E4 F4 A4", "B3 D4 E4 G4"]),
        ("close", "G D Em C", ["B3 D4 G4", "A3 D4 F#4", "B3 E4 G4", "C4 E4 G4"]),
        ("drop2", "Cmaj7", ["E3 B3 C4 G4"]),
        ("rootless", "C5", ["C4 G4"]),
        ("close", "Cno3no5 C", ["C4", "G3 C4 E4"]),
        ("spread", "Dm9 G13", ["F3 C4 A4 E5", "F3 B3 A4 E5"]),
    ],
    ids=[
        "ii V I without roots",
        "third or seventh below",
        "triads",
        "drop 2",
        "power chord",
        "a root alone",
        "open",
    ],
)
def test_voicings_a_pianist_knows(style: Style, text: str, notes: list[str]) -> None:
    found = [" ".join(map(usual_name, voicing)) for voicing in laid(chords_in(text), style)]
    assert found == notes


@pytest.mark.parametrize("style", STYLES)
def test_voices_move_little_and_never_get_muddy(style: Style) -> None:
    moved = []
    for key in map(Key.parse, ("C", "Eb", "F#", "Am", "Fm", "C#m")):
        for text in MINOR if key.minor else MAJOR:
            chords = chords_in(text, key) * 3
            voicings = laid(chords, style)
            for chord, voicing in zip(chords, voicings, strict=True):
                assert {pitch % 12 for pitch in voicing} <= classes_of(chord)
                assert voicing[0] >= LOW
                assert voicing[-1] <= HIGH
                assert list(voicing) == sorted(set(voicing))
                assert not muddy(voicing)
            for a, b in pairwise(voicings):
                cost = movement(np.array([a]), np.array([b]))[0, 0]
                moved.append(cost / max(len(a), len(b)))
    assert np.mean(moved) < 1.6  # semitones a voice
    assert np.max(moved) <= 5


def test_no_root_where_there_are_three_other_notes() -> None:
    for chord in chords_in("Dm7 G7 Cmaj7 Am9 F6"):
        (voicing,) = laid([chord], "rootless")
        assert pitch_class(chord.root) not in {pitch % 12 for pitch in voicing}


def test_ranges_are_kept() -> None:
    for low in range(30, 80, 7):
        for style in STYLES:
            for voicing in laid(
                chords_in("Cm9 F13 Bbmaj9 Ebmaj7#11 D7#9"), style, low=low, high=low + 24
            ):
                assert voicing[0] >= low
                assert voicing[-1] <= low + 24


def test_wrong_settings_are_explained() -> None:
    with pytest.raises(UsageError, match=r"no voicing named 'drop3'\. Did you mean drop2\?"):
        laid([], "drop3")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"60-70 are too few\. Allow two octaves"):
        laid([], "close", low=60, high=70)
    assert laid([], "close") == []
