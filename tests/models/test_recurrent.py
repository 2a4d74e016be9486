"""The recurrent network in its shapes: NumPy streams equal torch for each of them."""

import numpy as np
import pytest
import torch

from nokturn.errors import ModelError, UsageError
from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings

SHAPES = [
    pytest.param({"cell": cell, "layers": layers, "tied": tied, "residual": residual}, channels)
    for cell, layers, tied, residual, channels in [
        ("rnn", 1, False, True, ()),
        ("rnn", 3, True, False, (4,)),
        ("lstm", 1, False, True, (4, 9)),
        ("lstm", 3, True, True, ()),
        ("lstm", 2, False, False, (4,)),
        ("gru", 1, True, True, (4,)),
        ("gru", 3, False, True, ()),
    ]
]


@pytest.mark.parametrize(("shape", "channels"), SHAPES)
def test_numpy_steps_equal_torch(shape, channels):
    settings = RecurrentSettings(width=20, embedding=7, channel_embedding=3, **shape)
    model = Recurrent.untrained(Inputs(11, channels), settings, seed=3)
    random = np.random.default_rng(0)
    ids = random.integers(0, 11, (1, 30))
    sides = np.stack([random.integers(0, n, (1, 30)) for n in channels], -1) if channels else None
    sides = np.zeros((1, 30, 0), dtype=np.int64) if sides is None else sides
    weights = {k: torch.from_numpy(v) for k, v in model.weights.items()}
    with torch.no_grad():
        whole, _ = model.forward(weights, torch.from_numpy(ids), torch.from_numpy(sides))
    stream = model.stream()
    rows = [stream.step(i, c) for i, c in zip(ids[0], sides[0], strict=True)]
    np.testing.assert_allclose(np.stack(rows), whole[0], atol=1e-5)


@pytest.mark.parametrize("tied", [False, True], ids=["own output", "tied output"])
def test_in_bfloat16_it_says_nearly_the_same_and_all_weights_learn(tied):
    settings = RecurrentSettings(width=20, embedding=7, tied=tied, attention=True, weight_drop=0)
    model = Recurrent.untrained(Inputs(11), settings, seed=3)
    model.weights["attention.back"] += 0.1  # it begins at zero
    halved = model.half(settings)
    assert ("output" in halved) != tied  # a tied output is the embedding, too
    exact = {k: torch.from_numpy(v) for k, v in model.weights.items()}
    weights = {
        k: v.to(torch.bfloat16 if k in halved else torch.float32, copy=True).requires_grad_()
        for k, v in exact.items()
    }
    ids, sides = torch.arange(30)[None] % 11, torch.zeros((1, 30, 0), dtype=torch.long)
    logits, _ = model.forward(weights, ids, sides)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, model.forward(exact, ids, sides)[0], atol=0.02, rtol=0.02)
    cost = model.cost(weights, ids, sides, ids.roll(-1, 1))
    for gradient in torch.autograd.grad(cost.loss, list(weights.values())):
        assert gradient.abs().sum() > 0


def test_side_inputs_must_all_be_given():
    stream = Recurrent.untrained(Inputs(5, (3,)), RecurrentSettings(width=8), 1).stream()
    with pytest.raises(ValueError, match="0 side inputs given, 1 expected"):
        stream.step(1)


def test_dropout_is_drawn_by_the_generator_alone():
    settings = RecurrentSettings(width=16, dropout=0.5, input_dropout=0.2)
    model = Recurrent.untrained(Inputs(5), settings, 1)
    weights = {k: torch.from_numpy(v) for k, v in model.weights.items()}
    ids, sides = torch.ones((1, 9), dtype=torch.long), torch.zeros((1, 9, 0), dtype=torch.long)
    runs = [
        model.forward(weights, ids, sides, noise=torch.Generator().manual_seed(seed))[0]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize(
    ("size", "characters", "width"),
    [("tiny", 10, 96), ("medium", 10**6, 512), ("300", 10**6, 300), ("auto", 10**6, 512)],
)
def test_one_size_dial(size, characters, width):
    assert Recurrent.sized(size, characters).width == width


def test_a_small_corpus_gets_a_smaller_network_and_more_dropout():
    small, large = Recurrent.sized("auto", 20_000), Recurrent.sized("auto", 900_000)
    assert small.width < large.width
    assert small.dropout > large.dropout


def test_a_misspelt_size_is_suggested():
    with pytest.raises(UsageError, match=r"There is no size 'medum'. Did you mean medium"):
        Recurrent.sized("medum", 1000)


def test_weights_of_another_width_are_refused():
    model = Recurrent.untrained(Inputs(5), RecurrentSettings(width=8), 1)
    with pytest.raises(ModelError, match=r"has shape .* the settings ask for"):
        Recurrent(Inputs(5), RecurrentSettings(width=9), model.weights)
