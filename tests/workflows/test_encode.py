"""What an encoding makes of a piece, and what survives it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from nokturn.cli.main import nokturn
from nokturn.errors import InputError, UsageError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.workflows.encode import encode, matched

JIG = "X:1\nT:t\nM:6/8\nL:1/8\nK:D\n|:dAF DFA|ded cBA|dAF DFA|B2A d3:|\n"


@pytest.fixture
def jig(tmp_path):
    path = tmp_path / "jig.abc"
    path.write_text(JIG)
    return path


NAMES = ["abc_text", "piano_roll", "note_chord", "intervals", "voices", "midi_like", "events"]


@pytest.mark.parametrize("name", NAMES)
def test_a_jig_survives_every_encoding(jig, name):
    found = encode(jig, name)
    assert (found.f1, found.onset_error, found.duration_error) == (1, 0, 0)
    assert found.notes == found.notes_back == 42  # both times through


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_file_of_another_grid_is_no_faster_or_slower(tmp_path, name):
    quarters = [(k * 384, 384, 60 + k, 80) for k in range(8)]  # as LilyPond writes them
    data = bytearray(Midi.dumps(Piece(Score([Track.of(quarters)]))))
    data[12:14] = (384).to_bytes(2, "big")  # ticks a quarter, in the file's header
    path = tmp_path / "scale.mid"
    path.write_bytes(data)
    found = encode(path, name)
    assert (found.f1, found.onset_error, found.duration_error) == (1, 0, 0)
    assert max(track.end for track in found.piece.score.tracks) == 8 * 480


def test_what_a_coarse_grid_loses_is_told(jig):
    found = encode(jig, "piano_roll", set=["per_quarter=1"])
    assert found.recall < 1
    assert found.f1 < 1


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("midi_like", ["steps_per_quarter=0", "steps_per_second=100"]),
        ("piano_roll", ["per_quarter=0", "per_second=20"]),
    ],
)
def test_what_goes_by_the_second_is_held_to_seconds(tmp_path, name, clock):
    path = tmp_path / "slow.mid"
    slow = Score([Track.of([(k * 480, 480, 60 + k, 80) for k in range(8)])], tempos=[(0, 50.0)])
    path.write_bytes(Midi.dumps(Piece(slow)))
    found = encode(path, name, set=clock)
    assert found.f1 == 1
    assert found.onset_error < 0.02


def test_instruments_in_unison_find_their_like(tmp_path):
    path = tmp_path / "unison.mid"
    bowed = Track.of([(0, 1920, 60, 80)], program=48)
    plucked = Track.of([(0, 240, 60, 80)], program=45)
    path.write_bytes(Midi.dumps(Piece(Score([bowed, plucked]))))
    found = encode(path, "events")
    assert (found.f1, found.duration_error) == (1, 0)


def test_drums_come_back_as_drums(tmp_path):
    path = tmp_path / "drums.mid"
    drums = Track.of([(k * 240, 120, 36, 90) for k in range(8)], drums=True)
    path.write_bytes(Midi.dumps(Piece(Score([drums]))))
    found = encode(path, "events")
    assert (found.f1, found.notes) == (1, 8)
    assert found.piece.score.tracks[0].drums


def test_drums_are_refused_where_they_have_no_place(tmp_path):
    path = tmp_path / "drums.mid"
    drums = Track.of([(k * 240, 120, 36, 90) for k in range(8)], drums=True)
    path.write_bytes(Midi.dumps(Piece(Score([drums]))))
    with pytest.raises(InputError, match="no pitched notes"):
        encode(path, "note_chord")


def test_a_misspelt_encoding_gets_a_suggestion(jig):
    with pytest.raises(UsageError, match="note_chrod"):
        encode(jig, "note_chrod")


def test_the_command_prints_symbols_and_writes_what_comes_back(jig, tmp_path):
    out = tmp_path / "back.mid"
    words = ["encode", jig, "--encoding", "intervals", "-o", out]
    result = CliRunner().invoke(nokturn, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("+14 d6 -5 d6 -3 d6")
    assert out.exists()
    result = CliRunner().invoke(nokturn, ["encode", str(jig), "--json"])
    assert json.loads(result.stdout)["f1"] == 1


def test_each_note_is_matched_once():
    two = np.array([[0, 100, 60], [10, 100, 60]])
    assert matched(two, two[:1]).tolist() == [[0, 0]]
    assert matched(two, np.array([[500, 100, 60]])).tolist() == []
