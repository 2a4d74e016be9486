"""Training against a critic: what is learned, the same again, stopping, resuming, divergence."""

import threading

import numpy as np
import pytest

from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.errors import InputError, ModelError
from nokturn.models._file import ModelFile
from nokturn.training.duel import Duel
from nokturn.training.events import Done, Epoch, Forecast, Interrupted
from nokturn.training.loop import train
from nokturn.training.settings import TrainingSettings

TINY = {"width": 16, "critic": 12, "windows": 8, "frames": 8, "phrase": 8}
ROLL = {"per_quarter": 2, "per_second": 0, "struck": False, "low": 60, "high": 71, "beat": 2}
TONIC, DOMINANT = {0, 4, 7}, {2, 7, 11}  # C and G, a frame each, in turn


def write_rolls(folder, frames=24):
    vocabulary = ["<piece>", "|", "C4", "Db4", "D4", "Eb4", "E4", "F4", "Gb4", "G4", "Ab4", "A4",
                  "Bb4", "B4"]  # fmt: skip
    bar = [s for chord in (TONIC, DOMINANT) for s in [*(2 + p for p in sorted(chord)[::-1]), 1]]
    ids = np.array(bar * (frames // 2))
    with StoreWriter(folder, encoding="piano_roll", vocabulary=vocabulary, settings=ROLL) as store:
        for number in range(6):
            store.add([(ids, None)], characters=len(ids), valid=number == 5)
    return TokenStore(folder)


@pytest.fixture
def rolls(tmp_path):
    return write_rolls(tmp_path / "rolls")


def start(store, folder, epochs=3, **more):
    given = {k: more.pop(k) for k in list(more) if k in TrainingSettings.model_fields}
    settings = TrainingSettings(**{"epochs": epochs, "report_every": 1, "warm_up": 0} | given)
    return train(store, folder, "gan", TINY, settings, **more)


def test_it_learns_two_chords_in_turn(rolls, tmp_path):
    *_, done = start(rolls, tmp_path / "run", 75, learning_rate=0.1, report_every=75, ema=0.9)
    stream = ModelFile.load(done.model).model.begin(np.random.default_rng(5))
    frames, symbol = [set()], 0
    while len(frames) < 21:
        symbol = int(stream.step(symbol).argmax())
        if symbol > 1:
            frames[-1].add(symbol - 2)
        elif symbol == 1:
            frames.append(set())
        else:
            break
    right = [frame == (TONIC, DOMINANT)[k % 2] for k, frame in enumerate(frames[:-1])]
    assert np.mean(right) > 0.8


def test_it_forecasts_reports_and_keeps_the_nearest(rolls, tmp_path):
    apart = iter([0.9, 0.5, 0.2, 0.4])
    events = list(
        start(rolls, tmp_path / "run", judge=lambda file: {"distance": next(apart)}, sample=None)
    )
    assert isinstance(events[0], Forecast)
    reports = [event for event in events if isinstance(event, Epoch)]
    assert [(r.epoch, r.distance) for r in reports] == [(0, 0.9), (1, 0.5), (2, 0.2), (3, 0.4)]
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.best_epoch, done.valid_nats) == (2, None)
    assert ModelFile.load(done.model).card["training"]["distance"] == 0.2


def weights_of(path):
    return ModelFile.load(path).model.weights


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(rolls, tmp_path):
    one, again, other = (
        weights_of([*start(rolls, tmp_path / name, seed=seed)][-1].model)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert same(one, again)
    assert not same(one, other)


def test_a_stopped_training_goes_on_to_the_same_weights(rolls, tmp_path):
    whole = weights_of([*start(rolls, tmp_path / "whole")][-1].model)
    stop = threading.Event()
    for event in start(rolls, tmp_path / "cut", stop=stop):
        if isinstance(event, Epoch) and event.epoch == 1:
            stop.set()
    assert isinstance(event, Interrupted)
    *_, done = train(rolls, tmp_path / "cut", resume=True)
    assert isinstance(done, Done)
    assert same(whole, weights_of(done.model))


def test_windows_are_cut_from_pieces_and_begin_with_a_bar(rolls, tmp_path):
    from nokturn.training.loop import _untrained

    model = _untrained(rolls, "gan", TINY, "tiny", 1)
    music = [model.cells(rolls.piece(k)) for k in range(len(rolls))]
    windows = Duel(model, TrainingSettings(), music).windows(40, np.random.default_rng(1))
    assert windows.shape == (40, 8, 12)
    assert {tuple(np.flatnonzero(frame)) for frame in windows[:, 0]} == {(0, 4, 7)}
    assert (windows == windows[0]).all()  # so no window reaches from one piece into the next


def test_a_training_that_diverges_stops_with_words(rolls, tmp_path, monkeypatch):
    judge = Duel._teach_critic

    def broken(self, music, noise, number):
        cost, slope = judge(self, music, noise, number)
        return (cost * float("nan") if number == 4 else cost), slope

    monkeypatch.setattr(Duel, "_teach_critic", broken)
    with pytest.raises(ModelError, match="diverged: the gradient is no number at step 4"):
        list(start(rolls, tmp_path / "run", epochs=30))


def test_pieces_shorter_than_a_window_are_refused(tmp_path):
    store = write_rolls(tmp_path / "short", frames=6)
    with pytest.raises(InputError, match="No piece is as long as the 8 frames"):
        list(start(store, tmp_path / "run"))
