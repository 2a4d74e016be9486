"""From tokens to a model under its name: stopped, resumed, listed, removed."""

from __future__ import annotations

import threading

import pytest

from nokturn.cli._frame import run as command_line
from nokturn.cli.main import nokturn
from nokturn.corpora._store import StoreWriter
from nokturn.errors import ModelError, UsageError
from nokturn.training.events import Done, Epoch, Forecast, Interrupted
from nokturn.training.metrics import read_rows
from nokturn.training.runs import Run
from nokturn.workflows import learn as workflow
from nokturn.workflows.models import list_models, remove_model, show_model
from nokturn.workflows.train import settings_of, train

RECIPE = {
    "model": {"width": 8, "embedding": 4},
    "training": {"epochs": 2, "threads": 1, "lanes": 2, "precision": "float32"},
}


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    """Make a run with twelve loops of four notes, whose samples only say their epoch."""
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path))
    monkeypatch.setattr(
        workflow, "keep_sample", lambda run, epoch, file: (run.folder / f"tune-{epoch}").touch()
    )
    figures = {"valid_bars": 0.5, "copied": 0.25}
    monkeypatch.setattr(workflow.Practice, "figures", lambda _self, _file: figures)
    run = Run.named("loops")
    run.folder.mkdir(parents=True)
    with StoreWriter(run.store, encoding="abc_text", vocabulary=["", *"CDEF"]) as store:
        for piece in range(12):
            store.add([([1, 2, 3, 4] * 6, None)], characters=24, valid=piece == 0)
    workflow.remember(run, {"paths": [], "recipe": RECIPE})
    return run


def test_a_training_ends_in_a_model_that_can_be_listed_and_removed(run):
    events = list(workflow.learn(run, "loops", RECIPE, card={"corpus": "loops"}))
    kinds = {type(event) for event in events}
    assert {Forecast, Epoch, Done, workflow.Published} <= kinds
    assert [(run.folder / f"tune-{epoch}").exists() for epoch in range(3)] == [True] * 3
    assert {e.copied for e in events if isinstance(e, Epoch)} == {0.25}
    assert all(row["valid_bars"] == 0.5 for row in read_rows(run.metrics))
    lines = [line for event in events if (line := workflow.words(event))]
    assert any("50% of bars right  25% copied" in line for line in lines)
    assert "11 pieces to learn from, 1 held out" in lines[0]
    assert any(line.startswith("epoch 2/2  train ") and "bits/char" in line for line in lines)

    mine = next(model for model in list_models() if model.name == "loops")
    assert (mine.epochs, mine.card["corpus"], mine.damage) == ((0, 1, 2), "loops", "")
    assert mine.card["training"]["copied"] == 0.25
    assert show_model("loops@1").sha256 != show_model("loops@2").sha256
    with pytest.raises(ModelError, match=r"has no epoch '9'\. Kept: 0, 1, 2"):
        show_model("loops@9")
    with pytest.raises(ModelError, match=r"no model named 'loop'\. Did you mean loops\?"):
        show_model("loop")

    remove_model("loops")
    with pytest.raises(UsageError, match=r"without a finished model.*models rm loops --run"):
        remove_model("loops")
    remove_model("loops", run=True)
    assert not run.folder.exists()


@pytest.mark.parametrize(
    ("encoding", "unit", "drawn"),
    [("abc_text", "bits/char", "bits a character"), ("note_chord", "bits/symbol", "bits a symbol")],
)
def test_bits_are_of_characters_only_where_symbols_are_text(run, encoding, unit, drawn):
    index = run.store / "index.json"
    index.write_text(index.read_text().replace("abc_text", encoding))
    lines = [workflow.words(event) for event in workflow.learn(run, "loops", RECIPE)]
    assert all(("held out" not in line) or (unit in line) for line in lines[1:])
    assert any(unit in line for line in lines)
    assert drawn in (run.folder / "loss.svg").read_text()


def test_a_stopped_training_is_resumed_by_name(run, capsys):
    stop = threading.Event()
    stop.set()
    events = list(workflow.learn(run, "loops", RECIPE, stop=stop))
    assert isinstance(events[-1], Interrupted)
    assert command_line(nokturn, ["train", "--name", "loops", "--resume"]) == 0
    out = capsys.readouterr()
    assert out.out.strip().endswith("loops.safetensors")
    assert "nokturn generate loops" in out.err
    with pytest.raises(UsageError, match="already holds a training"):
        list(workflow.learn(run, "loops", RECIPE))


def test_a_damaged_model_is_listed_and_hides_no_other(run, capsys):
    list(workflow.learn(run, "loops", RECIPE))
    (run.folder.parents[1] / "models" / "bad.safetensors").write_bytes(b"nothing")
    assert command_line(nokturn, ["models", "list"]) == 0
    out = capsys.readouterr()
    assert "loops" in out.out
    assert "bad cannot be used" in out.err
    assert command_line(nokturn, ["models", "path", "bad"]) == 4


def test_resuming_what_never_began(run):
    with pytest.raises(UsageError, match=r"no training named 'reels' to resume\. Begin one"):
        list(train(name="reels", resume=True))


def test_settings_of_the_command_count_more_than_the_recipe(tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text("[training]\nepochs = 9\nseed = 3\n[model]\nwidth = 64\n")
    assert settings_of(recipe, ["model.width=512"], "10m") == {
        "training": {"seed": 3, "time": "10m"},
        "model": {"width": 512},
    }
