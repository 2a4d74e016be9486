"""The score on a screen: every note can be found, and the page has the say over its looks."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nokturn.formats import base
from nokturn.formats._abc_reader import read_tune
from nokturn.formats._musicxml_writer import written_ids
from nokturn.music.perform import performed
from nokturn.music.piece import Piece
from nokturn.rendering.engrave import engrave_for_screen

TUNE = """X:1
T:Reel
M:4/4
L:1/8
Q:"Fast" 1/4=200
K:Ador
|:{g}A4-A3B|(3cde [ce]4-[ce]3/2z/2|z8:|
w:<script>a_lert(1)</script> two
"""
FOLK = Path(__file__).parents[3] / "shared/data/nottingham_abc/valid.abc"
IRISH = Path(__file__).parents[3] / "shared/data/irish_abc/irish.abc"


def ids_in(svg: str) -> set[str]:
    return set(re.findall(r' id="(n\d+-[^"]*)"', svg))


def ids_of(piece: Piece) -> set[str]:
    return {name for names in written_ids(piece.sheet).values() for name in names}


def test_notes_rests_and_measures_are_found_by_their_place() -> None:
    svg = engrave_for_screen(read_tune(TUNE))[0]
    classes = {e.get("id"): e.get("class") for e in ET.fromstring(svg).iter() if e.get("id")}
    assert classes["n0-0-0-0-g0"] == "note"
    assert classes["n0-0-0-0"] == "note"
    assert classes["n1-0-3-1"] == "note"
    assert classes["n1-0-5-0"] == "rest"
    assert classes["n2-0-0-0"] == "mRest"
    assert classes["m0"] == classes["m2"] == "measure"


def test_a_note_of_several_signs_has_an_id_for_each() -> None:
    piece = read_tune("X:1\nM:5/8\nL:1/8\nK:C\nC5|\n")
    assert ids_in(engrave_for_screen(piece)[0]) == {"n0-0-0-0", "n0-0-0-0-1"}


def test_the_page_decides_on_colour_and_style() -> None:
    svg = engrave_for_screen(read_tune(TUNE))[0]
    assert "<style" not in svg
    assert "style=" not in svg
    assert set(re.findall(r' (?:fill|stroke|color)="([^"]*)"', svg)) <= {"currentColor", "none"}
    assert "font/ttf" not in svg


def test_words_of_a_file_are_only_words() -> None:
    svg = engrave_for_screen(read_tune(TUNE))[0]
    assert "<script" not in svg
    assert "script" in "".join(ET.fromstring(svg).itertext())


@pytest.mark.parametrize("width", [360, 900, 1440], ids=["phone", "tablet", "desk"])
def test_it_is_as_wide_as_the_column(width: int) -> None:
    svg = engrave_for_screen(read_tune(TUNE), width=width)[0]
    assert svg.startswith(f'<svg viewBox="0 0 {width} ')


def test_some_bars_alone_are_complete_and_keep_their_names() -> None:
    text = "X:1\nM:3/4\nL:1/4\nK:D\nFAd|cBA|[K:G]G2B-|B3|\n"
    svg = engrave_for_screen(read_tune(text), bars=range(1, 3))[0]
    classes = [e.get("class") for e in ET.fromstring(svg).iter()]
    assert re.findall(r' id="(m\d+)"', svg) == ["m1", "m2"]
    assert {name.partition("-")[0] for name in ids_in(svg)} == {"n1", "n2"}
    assert [classes.count(kind) for kind in ("clef", "meterSig", "keySig")] == [1, 1, 2]
    assert ">2<" in svg  # the number of its first bar


@pytest.mark.parametrize("path", [FOLK, IRISH], ids=["nottingham", "irish"])
def test_what_sounds_is_drawn_and_what_is_drawn_sounds(path: Path) -> None:
    if not path.exists():
        pytest.skip("the corpora are not on this machine")
    for piece in base.loads(path.read_bytes()[:60_000].rpartition(b"\n\n")[0])[:25]:
        drawn = ids_in(engrave_for_screen(piece)[0])
        ids = written_ids(piece.sheet)
        played = {
            name
            for track in performed(piece.sheet).sources()
            for note in track
            for place in note
            for name in ids[place]
        }
        notes = {
            name
            for place, names in ids.items()
            if piece.sheet.bars[place.bar].voices[place.voice][place.event].pitches
            for name in names
        }
        assert drawn == ids_of(piece)
        assert played == notes
