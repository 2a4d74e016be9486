"""Rolls from file to model to new music, through the commands."""

import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

from nokturn.cli.main import nokturn
from nokturn.errors import UsageError
from nokturn.formats.base import load
from nokturn.models._file import ModelFile
from nokturn.training.metrics import read_rows
from nokturn.training.runs import Run
from nokturn.workflows.generate import generate


def rolls(pieces, seed):
    """Return pieces of broken triads over held basses as the bytes of a file of rolls."""
    random = np.random.default_rng(seed)
    frames = np.zeros((pieces * 24, 88), dtype=np.uint8)
    for k in range(len(frames)):
        root = 27 + random.integers(0, 3) * (k % 8 == 0) + k // 24 % 5
        frames[k, [root, root + 12 + (0, 4, 7, 4)[k % 4]]] = 1
    file = io.BytesIO()
    lengths = np.full(pieces, 24)
    np.savez(file, rolls=np.packbits(frames, axis=1), lengths=lengths)
    return file.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "train.npz").write_bytes(rolls(12, 1))
    (home / "valid.npz").write_bytes(rolls(4, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOKTURN_HOME", str(home / "nokturn"))
        yield home


def run(*words):
    result = CliRunner().invoke(nokturn, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.stdout


SETTINGS = (
    "encoding.name=piano_roll", "encoding.per_quarter=2", "encoding.struck=false",
    "corpus.keep_duplicates=true", "corpus.keep_versions=true", "corpus.transpositions=2",
    "model.width=24", "training.epochs=3", "training.shards=2", "training.lanes=2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("hybrid", ("training.epochs=1",)),  # each report writes a sample, note after note
        ("roll", ("model.cell=gru",)),
        ("roll", ("model.output=sigmoid", "model.positive_weight=2")),
        ("hybrid", ("model.output=sigmoid", "model.window=8")),
    ],
    ids=["hybrid", "roll", "sigmoid", "hybrid-sigmoid"],
)
def test_a_roll_is_learned_scored_and_written(home, name, more, request):
    run_name = request.node.callspec.id
    sets = [word for s in (*SETTINGS, f"model.name={name}", *more) for word in ("--set", s)]
    run("train", home / "train.npz", "--valid", home / "valid.npz", "--name", run_name, *sets)
    found = json.loads(run("evaluate", run_name, home / "valid.npz", "--json"))
    assert found["unit"] == "symbol"
    assert found["frames"] == 96
    assert found["frame_interval"][0] <= found["nats_per_frame"] <= found["frame_interval"][1]
    assert found["nats_per_frame"] * 96 < found["nats"]  # which pays for the ends, too
    assert len(found["nats_by_piece"]) == 4
    foretold = found["foretold"]
    assert 1 >= foretold["f1"] > foretold["silent_f1"] == 0
    assert 0.9 < foretold["silent_accuracy"] < 1
    assert foretold["judged_frames"] == (96 if "model.output=sigmoid" in more else 4 * 16)
    adapted = json.loads(run("evaluate", run_name, home / "valid.npz", "--adaptive", "--json"))
    assert adapted["adaptive"]
    assert adapted["frames"] == 96
    assert adapted["nats_per_frame"] != found["nats_per_frame"]  # 24 frames are more than a stretch
    assert adapted["nats_per_frame"] == pytest.approx(found["nats_per_frame"], rel=0.05)
    rows = read_rows(Run.named(run_name).metrics)
    assert {"precision", "recall", "f1", "false_positives", "false_negatives"} <= set(rows[-1])
    out = home / f"{run_name}.mid"
    run("generate", run_name, "--bars", 4, "--seed", 3, "-o", out)
    piece = load(out)[0]
    assert piece.score.note_count >= 8
    assert (piece.recipe or {})["model"] == run_name


def test_a_training_leaves_pictures_and_a_threshold(home):
    folder = Run.named("sigmoid").samples
    drawn = sorted(path.name for path in folder.glob("*.roll.png"))
    assert drawn[-1] == "epoch-0003.roll.png"
    page = (folder / "rolls.html").read_text()
    assert [page.count(f'src="{name}"') for name in drawn] == [1] * len(drawn)
    model = ModelFile.load(Run.named("sigmoid").model(3)).model
    assert model.threshold == model.settings.calibrated != 0.5
    *_, made = generate("sigmoid", primer="two-hands", bars=4, seed=1, threshold="calibrated")
    assert (made.piece.recipe or {})["threshold"] == "calibrated"
    with pytest.raises(UsageError, match="--threshold 7 is not possible"):
        list(generate("sigmoid", threshold=7))
    with pytest.raises(UsageError, match="it has no threshold"):
        list(generate("roll", threshold=0.5))


def test_a_model_over_rolls_cannot_be_asked_for_a_key(home):
    with pytest.raises(UsageError, match="A model over piano_roll cannot be asked for a key"):
        list(generate("hybrid", key="D"))


def test_a_gan_is_trained_judged_by_what_it_writes_and_heard(home):
    settings = (
        *SETTINGS, "model.name=gan", "model.windows=4", "model.frames=8", "training.epochs=10",
        "training.learning_rate=0.05", "training.report_every=10", "training.warm_up=0",
    )  # fmt: skip
    sets = [word for s in settings for word in ("--set", s)]
    run("train", home / "train.npz", "--valid", home / "valid.npz", "--name", "gan", *sets)
    told = run("evaluate", "gan", home / "valid.npz")
    assert told.startswith("gan has no likelihood: it writes music and foretells none.")
    found = json.loads(run("evaluate", "gan", home / "valid.npz", "--json"))
    assert 0 < found["distance"] <= 1
    assert found["held_out"] == 4
    assert found["held_notes_a_quarter"] == pytest.approx(2.5, abs=0.6)
    out = home / "gan.mid"
    run("generate", "gan", "--bars", 4, "--seed", 3, "-o", out)
    piece = load(out)[0]
    assert piece.score.end == 16 * 480
    assert (piece.recipe or {})["model"] == "gan"


def test_random_chords_are_counted_scored_and_drawn_over_a_rhythm(home):
    sets = [w for s in (*SETTINGS[:5], "model.name=random_chords") for w in ("--set", s)]
    run("train", home / "train.npz", "--valid", home / "valid.npz", "--name", "chords", *sets)
    found = json.loads(run("evaluate", "chords", home / "valid.npz", "--json"))
    assert 0 < found["nats_per_frame"] < 88 * 0.7  # better than a coin for each key
    tune = home / "tune.abc"
    tune.write_text("X:1\nT:Tune\nM:4/4\nL:1/4\nK:C\nC2 EG | c4 |\n")
    out = home / "over.mid"
    run("generate", "--rhythm", tune, "--seed", 5, "-o", out)
    notes = load(out)[0].score.tracks[0].notes
    assert notes["onset"].tolist() == [0, 960, 1440, 1920]
    assert notes["duration"].tolist() == [960, 480, 480, 1920]


def test_a_comparison_has_a_row_without_bits_for_a_gan(home, tmp_path):
    text = "[corpus]\nkeep_duplicates = true\nkeep_versions = true\n[encoding]\n"
    text += 'name = "piano_roll"\nper_quarter = 2\nstruck = false\n[model]\nname = '
    (tmp_path / "gan.toml").write_text(text + '"gan"\nwidth = 8\nframes = 8\nwindows = 4\n')
    told = run(
        "compare", tmp_path / "gan.toml", "--corpus", home / "train.npz",
        "--valid", home / "valid.npz", "--time", "1s", "-n", 2, "-o", tmp_path / "table", "--json",
    )  # fmt: skip
    chords, gan = map(json.loads, told.splitlines())
    assert chords["bits_per_note"] > 0
    assert chords["texture"] < 0.5
    assert gan["bits_per_note"] is None
    assert gan["accuracy"] is None
