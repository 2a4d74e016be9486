"""Perform: files played by styles, by other performances, by drummers' grooves."""

import pytest

from nokturn.errors import Error
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.workflows.perform import perform
from nokturn.workflows.save import save


@pytest.fixture
def tune(tmp_path):
    """Eight bars of sixteenths on the grid, in a file."""
    rows = [(k * 120, 120, 60 + k % 5, 80) for k in range(128)]
    path = tmp_path / "tune.mid"
    save(Piece(Score([Track.of(rows, "Lead")], tempos=[(0, 90.0)])), path)
    return path


def notes(path, **wishes):
    (piece,) = perform(path, seed=1, **wishes)
    return piece.score.tracks[0].notes


def test_a_style_and_its_settings(tune):
    assert notes(tune, style="lo-fi", set=["swing=66", "human=0"])["onset"][1] == 158
    assert notes(tune)["onset"][1] == 120


def test_a_groove_moves_what_was_on_the_grid_and_only_a_little(tune):
    late = notes(tune, groove="hiphop")["onset"] - notes(tune)["onset"]
    assert len(set(late.tolist())) > 4
    assert abs(late).max() <= 46
    untouched = notes(tune, groove="hiphop", groove_amount=0.0)
    assert untouched.tolist() == notes(tune).tolist()


def test_a_groove_is_learned_from_a_performance(tune, tmp_path):
    rows = [(k * 240 + (24 if k % 2 else 0), 100, 42, 90) for k in range(64)]
    path = tmp_path / "late.mid"
    save(Piece(Score([Track.of(rows, "Drums", 0, drums=True)])), path)
    (piece,) = perform(tune, groove=str(path), seed=1)
    onset = piece.score.tracks[0].notes["onset"]
    late = onset - notes(tune)["onset"]
    assert late[2::4].mean() > late[0::4].mean() + 10


def test_an_instrument_by_the_name_of_its_track(tune):
    (piece,) = perform(tune, instruments=["lead=flute"], seed=1)
    assert piece.score.tracks[0].program == 73


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"style": "romantic"}, "Did you mean romantic-piano"),
        ({"set": ["rubatto=1"]}, "Did you mean rubato"),
        ({"set": ["rubato=3"]}, "style.rubato = 3"),
        ({"groove": "hip"}, "Did you mean"),
        ({"groove": "gone.mid"}, "cannot read gone.mid"),
        ({"like": "gone.mid"}, "cannot read gone.mid"),
        ({"instruments": ["flute"]}, "gives no instrument to a track"),
        ({"instruments": ["7=flute"]}, "no pitched track 7"),
    ],
    ids=str,
)
def test_wishes_that_cannot_be_met(tune, wishes, message):
    with pytest.raises(Error, match=message):
        perform(tune, **wishes)
