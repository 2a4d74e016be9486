"""A whole training: reports, the record, stopping, resuming, damage, kills."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from nokturn.errors import InputError, ModelError, ResourceError, UsageError
from nokturn.evaluation.likelihood import likelihood
from nokturn.models._file import ModelFile
from nokturn.training import checkpoint
from nokturn.training.engine import Engine
from nokturn.training.events import Done, Epoch, Forecast, Interrupted, Notice
from nokturn.training.interrupts import stopping
from nokturn.training.loop import train
from nokturn.training.metrics import read_rows
from nokturn.training.settings import TrainingSettings

TINY = {"width": 16, "embedding": 8}
QUICK = {"threads": 1, "shards": 2, "lanes": 4, "chunk": 12, "precision": "float32"}


def start(store, folder, *, epochs=3, **more):
    given = {k: more.pop(k) for k in list(more) if k in TrainingSettings.model_fields}
    settings = TrainingSettings(**QUICK | {"epochs": epochs} | given)
    return train(store, folder, "recurrent", TINY, settings, **more)


def diverging(monkeypatch, at):
    """Have the gradients become no numbers at a step."""
    sound = Engine.advance

    def advance(engine, *args):
        if engine.step == at:
            raise FloatingPointError(f"the gradient is nan at step {at}")
        return sound(engine, *args)

    monkeypatch.setattr(Engine, "advance", advance)


def test_a_training_that_diverges_keeps_the_best_model(store, tmp_path, monkeypatch):
    diverging(monkeypatch, at=20)
    events = list(start(store, tmp_path / "run", epochs=9))
    told = next(e.text for e in events if isinstance(e, Notice))
    assert "diverged: the gradient is nan at step 20" in told
    assert "--set training.learning_rate=0.00125" in told
    done = events[-1]
    assert isinstance(done, Done)
    assert done.best_epoch > 0
    assert done.model.exists()


def test_a_training_that_diverges_at_once_says_what_to_change(store, tmp_path, monkeypatch):
    diverging(monkeypatch, at=1)
    with pytest.raises(ModelError, match=r"diverged.*\n?.*learning_rate=0.00125"):
        list(start(store, tmp_path / "run"))


def test_a_training_stops_at_the_accuracy_asked_for(store, tmp_path):
    done = list(start(store, tmp_path / "run", epochs=40, until=0.3, learning_rate=0.02))[-1]
    assert done.reason == "the accuracy asked for in training is reached"
    assert done.epochs < 40


@pytest.mark.parametrize(
    ("schedule", "last"),
    [("constant", 0.01), ("trapezoid", 0.0), ("cosine", 0.0)],
    ids=["constant", "trapezoid", "cosine"],
)
def test_the_rate_follows_its_schedule(store, tmp_path, schedule, last):
    settings = {"schedule": schedule, "warm_up": 0, "learning_rate": 0.01, "patience": 1.0}
    list(start(store, tmp_path / "run", **settings))
    rates = [row["learning_rate"] for row in read_rows(tmp_path / "run" / "metrics.jsonl")]
    assert [rates[0], rates[-1]] == [0.01, last]


def test_a_training_with_few_reports_is_not_given_up_between_them(store, tmp_path):
    done = list(start(store, tmp_path / "run", epochs=8, report_every=4, patience=0.3))[-1]
    assert done.epochs == 8


def weights_hash(folder):
    saved, _ = checkpoint.load(folder)
    total = hashlib.sha256()
    for name in sorted(saved.arrays):
        total.update(name.encode() + saved.arrays[name].tobytes())
    return total.hexdigest()


def test_a_training_forecasts_reports_and_ends_with_a_model(store, tmp_path):
    samples = []
    events = list(
        start(
            store,
            tmp_path / "run",
            card={"corpus": "letters"},
            sample=lambda e, f: samples.append(e),
        )
    )
    assert isinstance(events[0], Forecast)
    assert events[0].pieces == 35
    reports = [e for e in events if isinstance(e, Epoch)]
    assert [e.epoch for e in reports] == [0, 1, 2, 3] == samples
    assert reports[-1].valid_nats < reports[0].valid_nats
    assert reports[0].train_nats is None
    done = events[-1]
    assert isinstance(done, Done)
    file = ModelFile.load(done.model)
    assert file.card["corpus"] == "letters"
    assert file.hints == ["bars_left"]
    assert file.card["training"]["bits_per_character"] == pytest.approx(done.bits_per_character)
    rows = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    found = likelihood(file, store, store.originals(valid=True))
    assert found.bits_per_character == pytest.approx(done.bits_per_character, rel=1e-2)
    assert likelihood(file, store, threads=2).nats.tolist() == likelihood(file, store).nats.tolist()


def test_stopped_anywhere_and_resumed_it_ends_with_the_same_bits(store, tmp_path):
    for event in start(store, tmp_path / "whole"):
        last = event
    assert isinstance(last, Done)
    expected, stops = weights_hash(tmp_path / "whole"), 0
    for after in (1, 4, 11, 5, 9, 100):  # steps until somebody asks to stop
        stop = Countdown(after)
        events = list(
            start(
                store, tmp_path / "parts", stop=stop, resume=checkpoint.exists(tmp_path / "parts")
            )
        )
        stops += isinstance(events[-1], Interrupted)
    assert stops >= 3
    assert isinstance(events[-1], Done)
    assert weights_hash(tmp_path / "parts") == expected
    record = [
        [
            json.loads(line) | {"seconds": 0, "elapsed_s": 0}
            for line in path.read_text().splitlines()
        ]
        for path in (tmp_path / "whole/metrics.jsonl", tmp_path / "parts/metrics.jsonl")
    ]
    assert record[0] == record[1]


class Countdown(threading.Event):
    """An event that is set after it was asked for a number of times."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def is_set(self):
        self.count -= 1
        return self.count < 0


SCRIPT = """
import sys
from nokturn.corpora._store import TokenStore
from nokturn.training import checkpoint
from nokturn.training.engine import Engine
from nokturn.training.loop import train
from nokturn.training.metrics import read_rows
from nokturn.training.settings import TrainingSettings
from pathlib import Path
folder = Path(sys.argv[2])
settings = TrainingSettings(
    epochs=25, threads=2, shards=2, lanes=4, chunk=12, precision="float32", save_every=0
)
resume = checkpoint.exists(folder)
print("ready", flush=True)
for event in train(TokenStore(sys.argv[1]), folder, "recurrent", {"width": 16, "embedding": 8},
                   settings, resume=resume):
    pass
"""


def launch(tokens, folder):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tokens), str(folder)], stdout=subprocess.PIPE
    )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a signal of POSIX systems")
def test_killed_again_and_again_it_ends_with_the_bits_of_an_uninterrupted_run(store, tmp_path):
    whole = launch(store.folder, tmp_path / "whole")
    whole.communicate()
    assert whole.returncode == 0
    dice, kills = random.Random(5), 0
    for _ in range(12):
        child = launch(store.folder, tmp_path / "killed")
        child.stdout.readline()
        try:
            child.wait(timeout=dice.uniform(0.1, 0.6) if kills < 5 else 120)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
        child.stdout.close()
        if child.returncode == 0:
            break
    assert child.returncode == 0
    assert kills >= 2
    assert weights_hash(tmp_path / "killed") == weights_hash(tmp_path / "whole")
    assert not list((tmp_path / "killed").glob(".*"))


def test_a_damaged_checkpoint_is_passed_over_and_said_so(store, tmp_path):
    list(start(store, tmp_path / "run", stop=Countdown(9), save_every=0))
    path = tmp_path / "run" / checkpoint.NEWEST
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    events = list(start(store, tmp_path / "run", resume=True))
    notices = [e.text for e in events if isinstance(e, Notice)]
    assert len(notices) == 1
    assert "SHA-256 does not agree" in notices[0]
    assert "older checkpoint is used" in notices[0]
    assert isinstance(events[-1], Done)


def test_without_any_whole_checkpoint_it_cannot_be_resumed(store, tmp_path):
    with pytest.raises(ModelError, match="holds no checkpoint to go on from"):
        list(start(store, tmp_path / "run", resume=True))


def test_a_full_disk_ends_it_in_words_with_the_checkpoint_before_intact(
    store, tmp_path, monkeypatch
):
    list(start(store, tmp_path / "run", stop=Countdown(9)))
    before = weights_hash(tmp_path / "run")
    calls = iter(range(10**6))

    def full(handle):
        if next(calls) > 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="the disk is full"):
        list(start(store, tmp_path / "run", resume=True, save_every=0))
    monkeypatch.undo()
    assert len(before) == len(weights_hash(tmp_path / "run"))  # whole, and of use
    assert isinstance(list(start(store, tmp_path / "run", resume=True))[-1], Done)


def test_it_keeps_to_a_budget_of_time(store, tmp_path):
    began = time.perf_counter()
    events = list(start(store, tmp_path / "run", epochs=None, time=2.0))
    assert isinstance(events[-1], Done)
    assert time.perf_counter() - began < 30  # far from the mark only if the budget were ignored
    assert events[-1].steps > 2  # a slow machine needs half a second for one


def test_it_stops_when_nothing_is_gained_any_more(store, tmp_path):
    events = list(start(store, tmp_path / "run", epochs=60, learning_rate=0.05, patience=0.1))
    assert events[-1].reason == "the held-out figure stopped improving"
    assert events[-1].epochs < 60
    assert events[-1].model.name == f"{events[-1].best_epoch:04d}.safetensors"


def test_models_are_thinned_out_but_never_the_first_the_best_and_the_last(store, tmp_path):
    done = list(start(store, tmp_path / "run", epochs=7, keep_every=3))[-1]
    kept = sorted(int(p.stem) for p in (tmp_path / "run/epochs").iterdir())
    assert kept == sorted({0, 3, 6, 7, done.best_epoch})


def test_another_corpus_cannot_be_resumed_with(store, tmp_path, write_tokens):
    list(start(store, tmp_path / "run", stop=Countdown(3)))
    other = write_tokens(tmp_path / "other", seed=9)
    with pytest.raises(UsageError, match="The corpus is not the one that this training began with"):
        list(start(other, tmp_path / "run", resume=True))


def test_a_training_is_never_begun_over_another(store, tmp_path):
    list(start(store, tmp_path / "run", epochs=1))
    with pytest.raises(UsageError, match=r"already holds a training. Resume it"):
        list(start(store, tmp_path / "run"))


def test_a_run_with_nothing_to_train_on(store, tmp_path):
    store.pieces["valid"] = True
    with pytest.raises(InputError, match="nothing to train on"):
        list(start(store, tmp_path / "run"))


def test_nothing_held_out_means_the_newest_is_the_best(store, tmp_path):
    store.pieces["valid"] = False
    done = list(start(store, tmp_path / "run", epochs=2))[-1]
    assert done.valid_nats is None
    assert done.best_epoch == 2


def test_a_rate_far_too_high_is_told_with_a_remedy(store, tmp_path, monkeypatch):
    def explode(*_):
        raise FloatingPointError("the gradient is nan at step 5")

    events = start(store, tmp_path / "run")
    next(events)
    monkeypatch.setattr("nokturn.training.engine.Engine.advance", explode)
    with pytest.raises(ModelError, match=r"diverged: .*step 5. Learn slower: --set training"):
        list(events)


def test_signals_ask_once_and_insist_twice():
    before = signal.getsignal(signal.SIGINT)
    with stopping() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    with stopping() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()


def test_excerpts_are_for_networks_that_may_forget(store, tmp_path):
    settings = TrainingSettings(**QUICK | {"epochs": 1, "excerpt": 50})
    told = r"excerpt is for the models roll and recurrent: others count on what"
    with pytest.raises(UsageError, match=told):
        list(train(store, tmp_path / "run", "transformer", settings=settings))
