"""The Groove MIDI Dataset: its split, its meters, and pieces of so many bars."""

import pytest

from nokturn.corpora.groove import Groove
from nokturn.errors import InputError, UsageError
from nokturn.formats import midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track

HEADER = "style,bpm,beat_type,time_signature,midi_filename,split\n"


@pytest.fixture
def folder(tmp_path):
    """Return a data set of four files, of which one is missing."""
    rows = []
    for name, kind, meter, split in (
        ("1_funk_90_beat_4-4.mid", "beat", "4-4", "train"),
        ("2_funk_90_fill_4-4.mid", "fill", "4-4", "train"),
        ("3_rock_90_beat_3-4.mid", "beat", "3-4", "train"),
        ("4_rock_90_beat_4-4.mid", "beat", "4-4", "validation"),
        ("5_rock_90_beat_4-4.mid", "beat", "4-4", "train"),
    ):
        rows.append(f"{name[2:6]},90,{kind},{meter},{name},{split}")
        if not name.startswith("5"):
            notes = [(at, 60, 36 if at % 960 else 38, 90) for at in range(0, 20 * 1920, 480)]
            score = Score([Track.of(notes, drums=True)], tempos=[(0, 90.0)])
            (tmp_path / name).write_bytes(midi.Midi().dumps([Piece(score)]))
    (tmp_path / "info.csv").write_text(HEADER + "\n".join(rows), encoding="utf-8")
    return tmp_path


def test_the_split_is_the_data_sets_own(folder):
    corpus = Groove(path=folder)
    assert [path.name[0] for path in corpus.files()] == ["1", "2"]
    assert [path.name[0] for path in corpus.valid_files()] == ["4"]
    assert [path.name[0] for path in Groove(path=folder, fills=False).files()] == ["1"]


def test_performances_are_cut_at_bar_lines(folder):
    items = Groove(path=folder, fills=False, bars=8).load().items
    assert [item.piece.score.tracks[0].end for item in items] == [15360 - 420, 15360 - 420]
    assert {int(item.piece.score.tracks[0].notes["onset"][0]) for item in items} == {0}
    assert len(Groove(path=folder, fills=False, bars=0).load().items) == 1


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [(None, UsageError, "does not come along"), ("nowhere", InputError, "no info.csv in nowhere")],
)
def test_a_folder_that_is_not_there_is_said(path, error, said):
    with pytest.raises(error, match=said):
        Groove(path=path).files()
