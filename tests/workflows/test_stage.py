"""A piece made ready for a screen: every note is found in time, in words and on the page."""

import json
import re
from pathlib import Path

import pytest

from nokturn.formats import base
from nokturn.formats._abc_reader import read_tune
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.rendering.engrave import engrave_for_screen
from nokturn.workflows.stage import stage

DATA = Path(__file__).parents[3] / "shared/data"
JIG = """X:1
T:Jig
M:6/8
L:1/8
Q:3/8=120
K:Gdor
D|:G2B AFA|d3 d2D:|
"""


def test_bars_count_on_through_repeats_and_a_pickup_is_bar_0() -> None:
    staged = stage(read_tune(JIG))
    assert [bar["number"] for bar in staged.bars] == [0, 1, 2, 3, 4]
    assert [bar["ids"] for bar in staged.bars] == [["m0"], ["m1"], ["m2"], ["m1"], ["m2"]]
    assert staged.bars[1]["start_s"] == pytest.approx(1 / 6, abs=1e-4)
    assert staged.bars[-1]["end_s"] == pytest.approx(staged.seconds, abs=1e-4)


def test_notes_are_spelled_by_the_key_and_counted_in_beats() -> None:
    notes = stage(read_tune(JIG)).notes
    assert notes["name"][:6] == ["D4", "G4", "Bb4", "A4", "F4", "A4"]
    assert notes["bar"][:6] == [0, 1, 1, 1, 1, 1]
    assert notes["beat"][:6] == [2.667, 1.0, 1.667, 2.0, 2.333, 2.667]


def test_a_repeated_note_is_listed_each_time_that_it_sounds() -> None:
    notes = stage(read_tune(JIG)).notes
    assert [k for k, ids in enumerate(notes["ids"]) if ids == ["n1-0-0-0"]] == [1, 9]


def test_a_tied_note_has_all_its_signs() -> None:
    notes = stage(read_tune("X:1\nM:4/4\nL:1/4\nK:C\nCC2C-|C3D|\n")).notes
    assert notes["ids"][2] == ["n0-0-2-0", "n1-0-0-0"]
    assert notes["duration_quarters"][2] == 4


def test_notes_are_found_in_the_text() -> None:
    staged = stage(read_tune(JIG))
    for name, events in zip(staged.notes["name"], staged.notes["events"], strict=True):
        start, stop = staged.abc_places[events[0]]
        assert staged.abc[start:stop].strip("23").upper() == name[0]


def test_texts_that_look_like_marks_cost_the_places_only() -> None:
    staged = stage(Piece(read_tune(JIG).sheet, title="Jig \ue000\ue000"))
    assert staged.abc_places == {}
    assert "\ue000" not in staged.abc


def test_drums_are_named_and_have_no_abc() -> None:
    rows = [(0, 120, 36, 90), (480, 120, 38, 90), (960, 120, 42, 90)]
    score = Score([Track.of(rows, drums=True)], meters=[(0, Meter(4, 4))], length=1920)
    staged = stage(Piece(score))
    assert [n.split()[0] for n in staged.notes["name"]] == ["Kick", "Snare", "Closed"]
    assert staged.abc == ""
    assert staged.tracks[0]["name"] == "Drums"
    assert staged.summary == "1 bar, 4/4, 2 s"


def test_a_sentence_says_what_it_is() -> None:
    assert stage(read_tune(JIG)).summary == "4 bars, G dorian, 6/8, range D4 to D5, 4 s"


def test_free_playing_keeps_its_own_times() -> None:
    rows = [(k * 487 + k % 3 * 61, 333, 60 + k % 5, 80) for k in range(40)]
    score = Score([Track.of(rows)], tempos=[(0, 100.0)])
    staged = stage(Piece(score))
    assert staged.abc == ""
    assert staged.notes["onset_s"][1] == pytest.approx(548 / 480 * 0.6, abs=1e-5)
    assert all(staged.notes["ids"])


def test_silence_is_a_piece_too() -> None:
    staged = stage(Piece(Score(length=1920)))
    assert staged.notes["pitch"] == []
    assert staged.summary.endswith("2 s")


def test_it_is_plain_data() -> None:
    plain = stage(read_tune(JIG)).plain()
    assert json.loads(json.dumps(plain)) == plain


FILES = {
    "irish": "irish_abc/irish.abc",
    "nottingham": "nottingham_abc/valid.abc",
    "chorales": "jsb_16th/valid.json",
}


@pytest.mark.parametrize("name", FILES)
def test_every_sounding_note_is_on_the_page(name: str) -> None:
    path = DATA / FILES[name]
    if not path.exists():
        pytest.skip("the corpora are not on this machine")
    data = path.read_bytes()
    if path.suffix == ".abc":
        data = data[:40_000].rpartition(b"\n\n")[0]
    for piece in base.loads(data, source=path.name)[:20]:
        drawn = set(re.findall(r' id="([nm][^"]*)"', engrave_for_screen(piece)[0]))
        staged = stage(piece)
        assert staged.notes["ids"]
        for ids in [*staged.notes["ids"], *(bar["ids"] for bar in staged.bars)]:
            assert ids
            assert set(ids) <= drawn
