"""Recipes are read, changed by name, and checked with a word on what would be right."""

import pytest

from nokturn.errors import InputError, UsageError
from nokturn.settings import build, override, read_recipe, seconds
from nokturn.training.settings import TrainingSettings


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5 h", 5400), (7, 7)],
)
def test_times_as_people_write_them(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "ten minutes", "10x", "m", "-5m"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="is no time; write it like"):
        seconds(text)


def test_values_are_set_by_name_and_the_recipe_stays_as_it_was():
    recipe = {"model": {"width": 256}}
    changed = override(recipe, ["model.width=512", "model.cell=gru", "training.tensorboard=true"])
    assert changed == {"model": {"width": 512, "cell": "gru"}, "training": {"tensorboard": True}}
    assert recipe == {"model": {"width": 256}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.width", "sets nothing"),
        ("=3", "sets nothing"),
        ("model.width.x=3", "width is a value"),
    ],
)
def test_changes_that_cannot_be(change, message):
    with pytest.raises(UsageError, match=message):
        override({"model": {"width": 1}}, [change])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learnin_rate": 1}, r"no setting training.learnin_rate. Did you mean learning_rate"),
        ({"clip": -1}, r"training.clip = -1 is not possible: it must be more than 0\."),
        ({"clip": "far"}, r"training.clip = 'far' is not possible: it must be a number\."),
        ({"time": "soon"}, r"training.time = 'soon' is not possible: 'soon' is no time"),
        ({"time": "5m", "epochs": 3}, "the budget is time or epochs, not both"),
        ({"ema": float("nan")}, "not possible"),
    ],
)
def test_settings_that_cannot_be(values, message):
    with pytest.raises(UsageError, match=message):
        build(TrainingSettings, values, "training")


def test_a_recipe_is_read_from_toml(tmp_path):
    (tmp_path / "r.toml").write_text('[training]\ntime = "10m"\n')
    recipe = read_recipe(tmp_path / "r.toml")
    assert build(TrainingSettings, recipe["training"]).time == 600


def test_a_recipe_that_is_no_toml(tmp_path):
    (tmp_path / "r.toml").write_text("[training\n")
    with pytest.raises(InputError, match=r"r.toml is not a TOML recipe: .*line 1"):
        read_recipe(tmp_path / "r.toml")
    with pytest.raises(InputError, match="cannot read"):
        read_recipe(tmp_path / "none.toml")


RECIPE = """
[encoding]
name = "note_chord"
[model]
name = "transformer"
heads = 4
[variants.as-written.model]
name = "recurrent"
"""


def test_a_variant_puts_its_tables_in_the_place_of_the_recipe_s_own(tmp_path):
    path = tmp_path / "cello.toml"
    path.write_text(RECIPE)
    encoding = {"name": "note_chord"}
    right = {"encoding": encoding, "model": {"name": "transformer", "heads": 4}}
    assert read_recipe(path) == right
    as_written = {"encoding": encoding, "model": {"name": "recurrent"}}
    assert read_recipe(f"{path}@as-written") == as_written


def test_a_variant_that_a_recipe_does_not_have(tmp_path):
    path = tmp_path / "cello.toml"
    path.write_text(RECIPE)
    with pytest.raises(UsageError, match=r"no variant 'as-writen'. Did you mean as-written"):
        read_recipe(f"{path}@as-writen")
    path.write_text("[model]\n")
    with pytest.raises(UsageError, match="It has no variants"):
        read_recipe(f"{path}@right")
