"""What a piano roll shows."""

import re
import struct
from xml.etree import ElementTree as ET

import pytest

from nokturn.errors import LimitError
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.rendering import roll
from nokturn.rendering.roll import bars, main_meter, roll_png, roll_svg


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
    assert "3/4 · ♩=96" in shown


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
    assert [bar.start for bar in bars(score)] == [0, 480, 1920, 3360, 4800]
    assert bars(score)[-1].stop == 6240


def test_the_meter_told_is_the_one_that_holds_longest() -> None:
    meters = [(0, Meter(1, 8)), (240, Meter(6, 8)), (7440, Meter(5, 8))]
    score = Score([Track.of([(0, 8640, 60, 80)])], [(0, 165.0)], meters, [(0, Key.parse("Ador"))])
    assert main_meter(score) == Meter(6, 8)
    assert "A dorian · 6/8 · ♩.=110 (♩=165)" in texts(roll_svg(Piece(score)))


@pytest.mark.parametrize(
    ("meter", "beats"),
    [(Meter(6, 8), 2), (Meter(4, 4), 4), (Meter(7, 8, groups=(3, 2, 2)), 3), (Meter(0), 4)],
    ids=str,
)
def test_thin_lines_stand_at_the_beats(meter: Meter, beats: int) -> None:
    length = int(meter.bar_ticks) or 1920
    score = Score([Track.of([(0, length, 60, 80)])], meters=[(0, meter)])
    assert roll_svg(Piece(score)).count('stroke-width="0.8"') == beats - 1


def test_a_pickup_stands_before_eight_full_bars() -> None:
    meters = [(0, Meter(1, 4)), (480, Meter(4, 4))]
    score = Score([Track.of([(0, 480 + 8 * 1920, 60, 80)])], meters=meters)
    shown = texts(roll_svg(Piece(score)))
    assert shown.count("C4") == 1  # one system, and its rows are named once
    assert {"0", "8"} <= set(shown)


def test_the_tonic_is_tinted_where_its_key_holds() -> None:
    keys = [(0, Key.parse("C")), (1920, Key.parse("D"))]
    score = Score([Track.of([(0, 3840, 62, 80)])], keys=keys)
    svg = roll_svg(Piece(score))
    bands = re.findall(r'<rect x="([\d.]+)" [^>]*fill="#fdf0cf"/>', svg)
    assert len(bands) == 2  # C4 in the first bar, D4 in the second
    assert len(set(bands)) == 2
    assert "rows of C" in texts(svg)


def test_many_tracks_are_named_without_touching() -> None:
    tracks = [Track.of([(0, 480, 60, 80)], f"A player with a long name {k}") for k in range(12)]
    svg = roll_svg(Piece(Score([*tracks, Track.of([], "Silent")])))
    places = re.findall(r'<text x="(\d[\d.]*)" y="(\d[\d.]*)" font-size="12"[^>]*>A player', svg)
    assert len(set(places)) == 12
    assert len({y for _, y in places}) > 1
    assert "Silent" not in texts(svg)
    first_row = min(float(y) for y in re.findall(r'y="([\d.]+)" font-size="10"', svg))
    assert first_row - max(float(y) for _, y in places) > 10


@pytest.mark.parametrize(
    ("program", "name"), [(0, "Piano"), (25, "Guitar"), (40, "Strings"), (73, "Pipe")]
)
def test_a_track_without_a_name_is_named_by_its_program(program: int, name: str) -> None:
    score = Score([Track.of([(0, 480, 60, 80)], program=program)])
    assert name in texts(roll_svg(Piece(score)))


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


def test_years_of_bars_are_refused() -> None:
    with pytest.raises(LimitError, match=r"more than 2,000 bars are too many"):
        roll_svg(Piece(Score([Track.of([(2**40, 480, 60, 80)])])))


def test_notes_that_go_on_through_many_systems_are_refused() -> None:
    rows = [(0, 1920 * 1600, pitch, 80) for pitch in range(128)] * 2
    with pytest.raises(LimitError, match="51,200 notes are too many for a picture"):
        roll_svg(Piece(Score([Track.of(rows)])))


def test_a_long_piece_has_fewer_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll, "MAX_PIXELS", 2_000_000)
    rows = [(1920 * k, 1920, 50 + k % 20, 80) for k in range(64)]
    width, height = struct.unpack(">II", roll_png(Piece(Score([Track.of(rows)])))[16:24])
    assert 1_900_000 < width * height < 2_020_000


def test_a_png_in_which_nothing_could_be_seen_is_refused() -> None:
    rows = [(1920 * k, 1920, 127 * (k % 2), 80) for k in range(1999)]
    with pytest.raises(LimitError, match=r"too large for one PNG\. Save it as \.roll\.svg"):
        roll_png(Piece(Score([Track.of(rows)])))
