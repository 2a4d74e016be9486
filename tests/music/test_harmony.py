"""Chord symbols and their names in MusicXML."""

import pytest

from nokturn.music.harmony import Harmony, kind_of, parse, quality_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C", Harmony((0, 0))),
        ("Gm7/B", Harmony((4, 0), "m7", (6, 0))),
        ("F#m7b5", Harmony((3, 1), "m7b5")),
        ("Bbmaj7", Harmony((6, -1), "maj7")),
        ("Eb/G", Harmony((2, -1), "", (4, 0))),
        ("Asus4", Harmony((5, 0), "sus4")),
        ("Allegro", None),
        ("Fine", None),
        ("", None),
        ("N.C.", None),
    ],
    ids=lambda value: str(value) or "empty",
)
def test_chord_symbols_are_told_from_words(text: str, expected: Harmony | None) -> None:
    assert parse(text) == expected
    if expected is not None:
        assert str(expected) == text


@pytest.mark.parametrize("quality", ["", "m", "7", "maj7", "m7", "dim", "m7b5", "sus4", "6", "9"])
def test_kinds_come_back_as_they_were(quality: str) -> None:
    assert quality_of(kind_of(quality)) == quality


def test_unusual_qualities_have_no_kind() -> None:
    assert kind_of("7b9#11") == "other"
    assert parse("C7b9#11") == Harmony((0, 0), "7b9#11")
