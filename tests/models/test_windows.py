"""Networks that look back on a window: any chunks give what the whole piece gives, steps too."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from nokturn import registry
from nokturn.errors import UsageError
from nokturn.models import _layers, _tensors
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings
from nokturn.settings import build

LENGTH = 300
SMALL = {"width": 16, "embedding": 7, "channel_embedding": 3}
SHAPES = [
    pytest.param("transformer", {"layers": 2, "heads": 2, "memory": 9}, (4,), id="9 symbols"),
    pytest.param("transformer", {"heads": 8, "memory": 2, "tied": True}, (), id="smallest heads"),
    pytest.param(
        "transformer",
        {"layers": 1, "heads": 1, "memory": 999, "shift": False},
        (3, 4),
        id="all of it",
    ),
    pytest.param("wavenet", {"layers": 4, "repeats": 2, "skip": 9}, (4,), id="two repeats"),
    pytest.param(
        "wavenet", {"layers": 9, "kernel": 3, "normed": False}, (), id="farther than the piece"
    ),
    pytest.param("convolutional", {"layers": 3, "kernel": 2, "pool": 3}, (4,), id="pools of 3"),
    pytest.param("convolutional", {"pool": 1, "residual": False}, (), id="no pooling"),
    pytest.param("convolutional", {"residual": False}, (3, 4), id="as Antic's"),
    pytest.param(
        "recurrent", {"attention": True, "attention_memory": 9}, (4,), id="attention to 9"
    ),
    pytest.param(
        "recurrent",
        {"attention": True, "attention_width": 8, "cell": "gru", "layers": 2, "tied": True},
        (),
        id="attention on a GRU",
    ),
]


def made(name, settings, channels=()):
    kind = registry.find("models", name)
    model = kind.untrained(Inputs(11, channels), build(kind.settings_class, SMALL | settings), 3)
    random = np.random.default_rng(1)
    for weight in model.weights.values():  # what begins at zero or one must matter, too
        weight += random.normal(0, 0.1, weight.shape).astype(np.float32)
    return model


def music(channels, pieces=1, length=LENGTH):
    random = np.random.default_rng(0)
    sides = [random.integers(0, n, (pieces, length)) for n in channels]
    rows = np.stack(sides, -1) if channels else np.zeros((pieces, length, 0), dtype=np.int64)
    return torch.from_numpy(random.integers(0, 11, (pieces, length))), torch.from_numpy(rows)


def said(model, ids, sides, cuts=()):
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    parts, state = [], None
    edges = [0, *cuts, ids.shape[1]]
    with torch.no_grad():
        for start, stop in pairwise(edges):
            logits, state = model.forward(weights, ids[:, start:stop], sides[:, start:stop], state)
            parts.append(logits)
    return torch.cat(parts, 1)


@pytest.mark.parametrize(("name", "settings", "channels"), SHAPES)
@pytest.mark.parametrize("cuts", [(1, 2, 3, 150), (8, 9, 10), (96, 192, 288)], ids=str)
def test_any_chunks_give_what_the_whole_piece_gives(name, settings, channels, cuts):
    model = made(name, settings, channels)
    ids, sides = music(channels, pieces=2)
    torch.testing.assert_close(
        said(model, ids, sides, cuts), said(model, ids, sides), atol=2e-5, rtol=1e-4
    )


@pytest.mark.parametrize(("name", "settings", "channels"), SHAPES)
def test_numpy_steps_equal_torch_beyond_the_window(name, settings, channels):
    model = made(name, settings, channels)
    ids, sides = music(channels)
    stream, rows = model.stream(), []
    for i, row in zip(ids[0].tolist(), sides[0].tolist(), strict=True):
        if len(rows) in (5, 140):
            stream = stream.copy()
        rows.append(stream.step(i, row))
    np.testing.assert_allclose(np.stack(rows), said(model, ids, sides)[0], atol=3e-5)


@pytest.mark.parametrize(("name", "settings", "channels"), SHAPES)
def test_a_branch_leaves_the_stream_as_it_was(name, settings, channels):
    model = made(name, settings, channels)
    ids, sides = music(channels, length=40)
    one, other = model.stream(), model.stream()
    for i, row in zip(ids[0].tolist(), sides[0].tolist(), strict=True):
        branch = one.copy()
        branch.step(10, row)
        branch.step(3, row)
        np.testing.assert_array_equal(one.step(i, row), other.step(i, row))


def test_attention_hears_nothing_older_than_its_window():
    model = made("transformer", {"layers": 1, "memory": 9, "heads": 2, "shift": False})
    ids, sides = music((), length=30)
    changed = ids.clone()
    changed[0, 10] = (ids[0, 10] + 1) % 11
    differ = (said(model, ids, sides) != said(model, changed, sides)).any(-1)[0]
    assert differ.nonzero()[:, 0].tolist() == list(range(10, 19))


def test_only_the_distance_of_two_symbols_counts():
    model = made("transformer", {"memory": 9, "heads": 2, "layers": 1})
    ids = torch.tensor([[5, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]])
    rows = said(model, ids, torch.zeros(1, 16, 0, dtype=torch.long))[0]
    torch.testing.assert_close(rows[12], rows[15])


def test_a_pool_forgets_where_within_it_something_was():
    parts, _ = _layers.taps(torch.eye(4)[:, None], None, 2, 1)
    pooled = torch.maximum(*parts)[:, 0]
    assert pooled.argmax(0).tolist() == [0, 1, 2, 3]
    assert pooled.sum(0).tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize("name", ["transformer", "wavenet", "convolutional", "recurrent"])
def test_dropout_is_drawn_by_the_generator_alone(name):
    options = {"attention": True, "weight_drop": 0} if name == "recurrent" else {}
    if name == "transformer":
        options = {"heads": 2}
    model = made(name, {"dropout": 0.5, "input_dropout": 0.2} | options)
    weights = {k: torch.from_numpy(v) for k, v in model.weights.items()}
    ids, sides = music((), length=9)
    runs = [
        model.forward(weights, ids, sides, noise=torch.Generator().manual_seed(seed))[0]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("name", ["transformer", "wavenet", "convolutional"])
@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16"])
def test_all_weights_learn_in_either_precision(name, half):
    model = made(name, {"heads": 2} if name == "transformer" else {}, (4,))
    halved = model.half(model.settings) if half else ()
    weights = {
        k: torch.from_numpy(v).to(torch.bfloat16 if k in halved else torch.float32)
        for k, v in model.weights.items()
    }
    for weight in weights.values():
        weight.requires_grad_()
    ids, sides = music((4,), length=60)
    cost = model.cost(weights, ids, sides, ids.roll(-1, 1), noise=torch.Generator().manual_seed(1))
    assert all(part.dtype == torch.float32 for part in cost.state)
    for gradient in torch.autograd.grad(cost.loss, list(weights.values())):
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", ["transformer", "wavenet", "convolutional"])
@pytest.mark.parametrize("size", ["tiny", "small", "medium", "large", "250", "auto"])
def test_every_size_can_be_built(name, size):
    kind = registry.find("models", name)
    assert kind.shapes(Inputs(30, (9,)), kind.sized(size, 500_000))


def test_a_model_file_of_before_attention_loads():
    model = Recurrent.untrained(Inputs(4), RecurrentSettings(width=8), 1)
    file = ModelFile(model, encoding="abc_text", vocabulary=["", "a", "b", "|"])
    arrays, meta, _ = _tensors.loads(file.dumps("float32"))
    meta["model_settings"] = {
        name: value
        for name, value in meta["model_settings"].items()
        if not name.startswith("attention")
    }
    again = ModelFile.loads(_tensors.dumps(arrays, meta)).model
    np.testing.assert_array_equal(again.stream().step(1), model.stream().step(1))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        pytest.param("transformer", {"heads": 3}, "no even number for 3 heads", id="heads"),
        pytest.param("wavenet", {"layers": 16, "kernel": 9}, "reaches back more", id="wavenet"),
        pytest.param("convolutional", {"layers": 16, "pool": 9}, "reaches back more", id="pools"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, settings, said):
    with pytest.raises(UsageError, match=said):
        made(name, settings)
