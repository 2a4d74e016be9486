"""What every model promises, over every model found."""

import numpy as np
import pytest
import torch

from nokturn import registry
from nokturn.models.base import Adversarial, Counted, Inputs
from nokturn.training.engine import Engine, Threads
from nokturn.training.settings import TrainingSettings
from nokturn.training.shards import Chunk

INPUTS = Inputs(12, (5, 3))

pytestmark = pytest.mark.parametrize("name", registry.names("models"))


def untrained(name, seed=1, inputs=INPUTS):
    kind = registry.find("models", name)
    return kind.untrained(inputs, kind.sized("tiny", 1000), seed)


def batch(length=24, pieces=2, seed=0):
    random = np.random.default_rng(seed)
    ids = random.integers(0, INPUTS.symbols, (pieces, length))
    channels = np.stack([random.integers(0, n, (pieces, length)) for n in INPUTS.channels], -1)
    return torch.from_numpy(ids), torch.from_numpy(channels)


def tensors(model):
    return {name: torch.from_numpy(array) for name, array in model.weights.items()}


def logits(model, ids, channels):
    with torch.no_grad():
        return model.forward(tensors(model), ids, channels)[0]


def test_it_streams_the_same_as_it_batches(name):
    model, (ids, channels) = untrained(name), batch()
    whole = logits(model, ids, channels)
    for piece in range(len(ids)):
        stream = model.stream()
        for t in range(ids.shape[1]):
            row = stream.step(int(ids[piece, t]), channels[piece, t].tolist())
            assert row.dtype == np.float32
            np.testing.assert_allclose(row, whole[piece, t], atol=1e-4)


def test_it_goes_on_from_a_state_as_if_never_interrupted(name):
    model, (ids, channels) = untrained(name), batch()
    if model.whole_pieces:
        pytest.skip("it reads pieces whole")
    with torch.no_grad():
        _, state = model.forward(tensors(model), ids[:, :10], channels[:, :10])
        rest, _ = model.forward(tensors(model), ids[:, 10:], channels[:, 10:], state)
    torch.testing.assert_close(rest, logits(model, ids, channels)[:, 10:], atol=1e-5, rtol=1e-4)


def test_the_future_changes_nothing_before_it(name):
    model, (ids, channels) = untrained(name), batch()
    before = logits(model, ids, channels)[:, :15]
    ids[:, 15:] = 3
    channels[:, 15:] = 0
    torch.testing.assert_close(logits(model, ids, channels)[:, :15], before)


def test_what_symbols_weigh_in_the_loss_changes_no_figure(name):
    model, (ids, channels) = untrained(name), batch()
    weights = torch.linspace(0, 3, INPUTS.symbols)
    with torch.no_grad():
        plain, weighed = (
            model.cost(tensors(model), ids, channels, ids.roll(-1, 1), balance=balance)
            for balance in (None, weights)
        )
    torch.testing.assert_close(plain.nats, weighed.nats, atol=1e-4, rtol=1e-4)
    assert plain.correct == weighed.correct


def test_a_copy_of_a_stream_goes_its_own_way(name):
    stream = untrained(name).stream()
    stream.step(0, (1, 1))
    branch = stream.copy()
    branch.step(7, (2, 2))
    np.testing.assert_array_equal(stream.step(3, (0, 0)), branch_free(name))


def branch_free(name):
    stream = untrained(name).stream()
    stream.step(0, (1, 1))
    return stream.step(3, (0, 0))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name):
    if not untrained(name).parameters:
        pytest.skip("it begins with nothing")
    one, same, other = (untrained(name, seed).weights for seed in (1, 1, 2))
    assert all(np.array_equal(one[k], same[k]) for k in one)
    assert any(not np.array_equal(one[k], other[k]) for k in one)


def test_it_learns_a_four_note_loop(name):
    model = untrained(name, inputs=Inputs(5))
    if model.baseline:
        pytest.skip("a baseline learns no order")
    if isinstance(model, Adversarial):
        pytest.skip("it learns against a critic: tests/training/test_adversarial.py")
    if isinstance(model, Counted):
        ids = np.tile([1, 2, 3, 4], 16)
        piece = (np.concatenate([[0], ids, [0]]), np.zeros((65, 0), dtype=np.int64))
        stream = model.learn(Inputs(5), model.settings, [piece], 1).stream()
        stream.step(0)
        assert written_by(stream) == LOOP
        return
    if not model.parameters:
        pytest.skip("it is made of models that have learned")
    tune = np.tile([1, 2, 3, 4], 16)[None]
    chunk = Chunk(tune, np.zeros((1, 64, 0), dtype=np.int64), np.roll(tune, -1), True, True)
    settings = TrainingSettings(shards=1, lanes=1, ema=0)
    engine = Engine(model, settings, Threads(1))
    for _ in range(150):
        engine.advance([chunk], 5e-3, 0.0)
    learned = model.weights | engine.vectors.averaged()
    assert written_by(type(model)(model.inputs, model.settings, learned).stream()) == LOOP


LOOP = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1]


def written_by(stream):
    """Return the likeliest symbols after a 1."""
    written = [1]
    for _ in range(12):
        written.append(int(stream.step(written[-1]).argmax()))
    return written
