"""The engraved score: whole, self-contained, the same each time."""

from xml.etree import ElementTree as ET

import pytest

from nokturn.formats._abc_reader import read_tune
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, Pitch
from nokturn.music.sheet import Bar, Event, Sheet, Tuplet, Voice
from nokturn.music.time import FREE_METER, Meter
from nokturn.rendering.engrave import engrave, engrave_png

TUNE = """X:1
T:Gráinne's <A♭> reel & more
C:Trad.
M:6/8
L:1/8
Q:"Lively" 3/8=110
K:Ab
E|:"Ab"{c}ABc "Db"d2e|!trill!fed "Eb7"(3efe d|.c.B.A c3-|c2B !fermata!A2E:|1 "Fm"A3 A2E:|2 A3 z3||
w:O my love is like a red red rose
"""
HEAD = Pitch(0, 0, 5)


def tune() -> Piece:
    return read_tune(TUNE)


def test_the_picture_is_xml_that_refers_to_nothing_outside() -> None:
    svg = engrave(tune())[0]
    ET.fromstring(svg)
    assert "http://" not in svg.replace("http://www.w3.org/", "")
    assert "https://" not in svg


def test_title_composer_lyrics_and_chords_are_set() -> None:
    svg = engrave(tune())[0]
    words = "".join(ET.fromstring(svg).itertext())
    for word in ("Gráinne's <A♭> reel & more", "Trad.", "Lively", "love", "Fm"):
        assert word in words


@pytest.mark.parametrize(
    ("kind", "count"), [("measure", 7), ("note", 26), ("rest", 1), ("beam", 4)]
)
def test_nothing_is_left_out(kind: str, count: int) -> None:
    groups = [e for e in ET.fromstring(engrave(tune())[0]).iter() if e.get("class") == kind]
    assert len(groups) == count


def test_the_same_piece_gives_the_same_bytes() -> None:
    assert engrave(tune()) == engrave(tune())


def test_a_long_piece_fills_several_pages() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\n" + "CDEF|GABc|\n" * 120
    piece = read_tune(text)
    assert len(engrave(piece)) == 1
    assert len(engrave(piece, pages=True)) > 2


def test_the_picture_is_a_png() -> None:
    assert engrave_png(tune()).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "sheet",
    [
        Sheet(),
        Sheet([Bar([[]])]),
        Sheet([Bar([[Event(480, (HEAD,))]], Meter(4)), Bar([[Event(480)]], FREE_METER)]),
        Sheet([Bar([[Event(1, (HEAD,), tuplet=Tuplet(5, 4))]], Meter(1, 64))]),
        Sheet([Bar([[Event(480, (HEAD,))], []])] * 2, [Voice(), Voice(part=1)]),
        Sheet([Bar([[Event(960, (HEAD,))]], keys={240: Key.parse("Gb")})], title="\x00"),
    ],
    ids=["nothing", "empty bar", "free meter later", "tiny", "absent voice", "key within a note"],
)
def test_strange_sheets_are_drawn(sheet: Sheet) -> None:
    assert engrave(Piece(sheet))[0].startswith("<")
