"""What a piano roll shows."""

import re
from xml.etree import ElementTree as ET

import pytest

from nokturn.errors import LimitError
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.rendering.roll import bar_lines, roll_png, roll_svg


def texts(svg: str) -> list[str]:
    return [
        element.text or "" for element in ET.fromstring(svg).iter() if element.tag[-4:] == "text"
    ]


def piece() -> Piece:
    flute = Track.of([(k * 480, 480, 60 + k, 40 + 5 * k) for k in range(13)], "Flöte <1>", 73)
    kit = Track.of([(k * 480, 100, 36 + 2 * (k % 2), 90) for k in range(12)], drums=True)
    return Piece(Score([flute, kit], [(0, 96.0)], [(0, Meter(3, 4))], title="A & B"))


def test_title_tracks_keys_and_drums_are_named() -> None:
    shown = texts(roll_svg(piece()))
    assert {"A & B", "Flöte <1>", "Drums", "C4", "C5", "Kick", "Snare", "1", "5"} <= set(shown)
    assert "96 quarters a minute · 3/4" in shown


def test_every_note_is_drawn_once() -> None:
    svg = roll_svg(piece())
    assert len(re.findall(r'rx="1.8"', svg)) == 25


def test_tracks_differ_in_colour_and_in_pattern() -> None:
    svg = roll_svg(piece())
    assert len(set(re.findall(r'rx="1.8" fill="(#\w+)"', svg))) == 2
    assert "stroke-dasharray" in svg


def test_bar_lines_follow_the_meters() -> None:
    meters = [(0, Meter(1, 4)), (480, Meter(3, 4)), (3360, Meter(6, 8))]
    score = Score([Track.of([(0, 5000, 60, 80)])], meters=meters)
    assert bar_lines(score) == [0, 480, 1920, 3360, 4800, 6240]


def test_a_pickup_is_bar_0() -> None:
    score = Score([Track.of([(0, 3000, 60, 80)])], meters=[(0, Meter(1, 4)), (480, Meter(3, 4))])
    assert {"0", "1", "2"} <= set(texts(roll_svg(Piece(score))))


def test_an_empty_score_is_an_empty_roll() -> None:
    assert "Untitled" in texts(roll_svg(Piece(Score())))


def test_the_picture_is_a_png() -> None:
    assert roll_png(piece()).startswith(b"\x89PNG")


def test_too_many_notes_are_refused() -> None:
    with pytest.raises(LimitError, match="20,001 notes are too many for a picture"):
        roll_svg(Piece(Score([Track.of([(k, 1, 60, 80) for k in range(20_001)])])))
