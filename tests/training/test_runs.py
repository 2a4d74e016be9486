"""What a model's name means, and where it lies."""

import json

import pytest

from nokturn.errors import ModelError, UsageError
from nokturn.training import runs


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path))
    monkeypatch.setattr(runs, "BUILT_IN", tmp_path / "none")
    run = runs.Run.named("my-tunes")
    run.model(0).parent.mkdir(parents=True)
    costs = {0: 4.0, 10: 1.5, 20: 1.2, 30: 1.3}
    for epoch in costs:
        run.model(epoch).touch()
    lines = [json.dumps({"epoch": e, "valid_nats": c}) for e, c in costs.items()]
    run.metrics.write_text("\n".join([*lines, '{"epoch": 4']))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("my-tunes", "0020"),
        ("my-tunes@30", "0030"),
        ("my-tunes@0", "0000"),
        ("my-tunes@best", "0020"),
        ("my-tunes@last", "0030"),
    ],
)
def test_names_of_epochs(home, name, file):
    assert runs.resolve(name) == home / "runs/my-tunes/epochs" / f"{file}.safetensors"


def test_a_finished_model_comes_before_the_run(home):
    path = runs.published("my-tunes")
    path.parent.mkdir()
    path.touch()
    assert runs.resolve("my-tunes") == path
    assert list(runs.models()) == ["my-tunes"]


def test_a_path_is_a_path(home):
    path = home / "x.safetensors"
    path.touch()
    assert runs.resolve(str(path)) == path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-tune", "There is no model named 'my-tune'. Did you mean my-tunes"),
        ("my-tune@3", "There is no training named 'my-tune'. Did you mean my-tunes"),
        ("my-tunes@40", "has no epoch '40'. Kept: 0, 10, 20, 30; or best, last"),
        ("my-tunes@x", "has no epoch 'x'"),
    ],
)
def test_what_is_not_there(home, name, message):
    with pytest.raises(ModelError, match=message):
        runs.resolve(name)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a..b", "x" * 65, "a\0b", "C:x"])
def test_names_that_would_leave_the_folder(name):
    with pytest.raises(UsageError, match="cannot be the name of a model"):
        runs.Run.named(name)
