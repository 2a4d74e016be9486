"""Drums drawn from a network."""

import numpy as np
import pytest

from nokturn.encodings.drum_steps import DrumSteps
from nokturn.errors import ModelError, UsageError
from nokturn.generation.drums import drum_bars
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.training import runs


def untaught():
    """Return a model of drum steps that has learned nothing."""
    rows = [(at, 60, 36 if at % 960 else 38, 90) for at in range(0, 7680, 240)]
    encoding = DrumSteps().fit([Piece(Score([Track.of(rows, drums=True)]))])
    inputs = Inputs(len(encoding.vocabulary), tuple(encoding.channels.values()))
    model = Recurrent.untrained(inputs, Recurrent.sized("tiny", 100), 1)
    return ModelFile(
        model, "drum_steps", list(encoding.vocabulary), encoding.model_dump(), encoding.channels
    )


def drawn(bars=4, *, seed=1, **settings):
    return drum_bars(untaught(), bars, rng=np.random.default_rng(seed), **settings)


def test_it_draws_as_many_bars_as_asked_for_on_sixteenths():
    track = drawn(6)
    assert track.drums
    assert (track.notes["onset"] % 120 == 0).all()
    assert 5 * 1920 <= track.notes["onset"].max() < 6 * 1920


def test_the_same_seed_draws_the_same():
    assert drawn().notes.tobytes() == drawn().notes.tobytes() != drawn(seed=2).notes.tobytes()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"style": "hip-hop"}, "Did you mean hiphop"),
        ({"kind": "solo"}, "a beat or a fill, not 'solo'"),
        ({"bars": 0}, "0 bars of drums are not possible"),
    ],
)
def test_what_it_cannot_draw_is_said(settings, said):
    with pytest.raises(UsageError, match=said):
        drawn(**settings)


def test_a_model_of_tunes_draws_no_drums():
    folk = ModelFile.load(runs.resolve("folk"))
    with pytest.raises(ModelError, match="writes abc_text, no drum steps"):
        drum_bars(folk, 1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("style", ["hiphop", "rock", "funk", "soul"])
def test_the_built_in_drummer_keeps_a_backbeat(style):
    file = ModelFile.load(runs.resolve("drums"))
    rng = np.random.default_rng(3)
    notes = drum_bars(file, 32, style=style, qpm=90, rng=rng).notes
    snares = notes["onset"][(notes["pitch"] == 38) & (notes["velocity"] > 60)] % 1920
    assert np.isin(snares, [480, 1440]).mean() > 0.5
    gaps = np.diff(np.unique(notes["onset"]))
    assert gaps.max() <= 8 * 120


def test_the_built_in_drummer_is_small_and_says_whom_to_thank():
    path = runs.resolve("drums")
    card = ModelFile.load(path).card
    assert path.stat().st_size <= 2_000_000
    assert "Groove MIDI Dataset" in card["citation"]
    assert card["licence"] == "CC BY 4.0"
    assert card["may_be_shipped"]
