"""Every recipe, in every variant: its settings exist, and it learns from music that we write."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.production.drum_styles import STYLES
from nokturn.production.drums import drum_track
from nokturn.production.form import Section
from nokturn.settings import recipe_name
from nokturn.training.runs import published
from nokturn.workflows.generate import generate
from nokturn.workflows.save import save
from nokturn.workflows.train import train
from nokturn.workflows.wishes import Composed

RECIPES = Path(__file__).parent.parent / "recipes"
TUNES, BARS = 6, 8


def variants():
    for path in sorted(RECIPES.glob("*.toml")):
        yield str(path)
        for variant in tomllib.loads(path.read_text()).get("variants", {}):
            yield f"{path}@{variant}"


@pytest.fixture(scope="session")
def tunes(tmp_path_factory):
    """Return a folder of tunes that the built-in model wrote."""
    folder = tmp_path_factory.mktemp("tunes")
    made = [e for e in generate("folk", n=TUNES, bars=BARS, seed=11) if isinstance(e, Composed)]
    for k, one in enumerate(made):
        save(one.piece, folder / f"{k}.abc")
    return folder


@pytest.fixture(scope="session")
def beats(tmp_path_factory):
    """Return a folder of drums in all styles."""
    folder = tmp_path_factory.mktemp("beats")
    for style in STYLES:
        track = drum_track([Section("A", 8)], style, rng=np.random.default_rng(5))
        if len(track.notes):
            save(Piece(Score([track])), folder / f"{style}.mid")
    return folder


@pytest.mark.parametrize("recipe", [*variants()], ids=recipe_name)
def test_a_recipe_learns_from_a_little(recipe, tunes, beats, tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path))
    name = recipe_name(recipe)
    for _ in train(
        beats if name == "drums" else tunes, name=name, recipe=recipe, quick=True, time="1s"
    ):
        pass
    assert published(name).exists()
