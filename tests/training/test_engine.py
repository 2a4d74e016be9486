"""One step: the same bits on any number of threads, and the update that AdamW promises."""

import numpy as np
import pytest
import torch

from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings
from nokturn.training import schedule
from nokturn.training.engine import Engine, Threads
from nokturn.training.metrics import _side_by_side
from nokturn.training.probe import epoch_plan
from nokturn.training.settings import TrainingSettings
from nokturn.training.shards import at, read, steps_of


def engine(threads, half=False, beta1=0.9, **model):
    settings = RecurrentSettings(width=24, embedding=8, **model)
    network = Recurrent.untrained(Inputs(9, (5, 4)), settings, 1)
    training = TrainingSettings(shards=3, lanes=4, chunk=9, beta1=beta1)
    return Engine(network, training, Threads(threads), "cpu", half)


def run(engine, store, steps=12, memory=0.9):
    hands = epoch_plan(store, engine.settings, 0)
    tallies = []
    epoch = steps_of(hands)
    for step in range(steps):
        chunks = [read(store, *w) if (w := at(hand, step % epoch)) else None for hand in hands]
        tallies.append(engine.advance(chunks, 3e-3, memory))
    return tallies


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16"])
def test_the_number_of_threads_never_changes_a_bit(store, half):
    one, three = engine(1, half), engine(3, half)
    assert run(one, store) == run(three, store)
    assert torch.equal(one.vectors.weights, three.vectors.weights)
    assert torch.equal(one.vectors.average, three.vectors.average)


@pytest.mark.parametrize("beta1", [0.9, 0.0], ids=["with momentum", "without, as RMSProp"])
def test_without_dropout_it_is_torchs_own_adamw(store, beta1):
    mine = engine(1, dropout=0, weight_drop=0, beta1=beta1)
    settings = mine.settings
    weights = {n: torch.tensor(a, requires_grad=True) for n, a in mine.model.weights.items()}
    matrices = [w for w in weights.values() if w.dim() > 1]
    vectors = [w for w in weights.values() if w.dim() == 1]
    theirs = torch.optim.AdamW(
        [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}],
        lr=3e-3,
        betas=(beta1, settings.beta2),
        weight_decay=settings.weight_decay,
    )
    group = epoch_plan(store, settings, 0)[0][0]
    for _ in range(3):
        chunk = read(store, group, 0)
        mine.advance([chunk], 3e-3, 0.9)
        parts = (torch.from_numpy(p) for p in (chunk.ids, chunk.channels, chunk.targets))
        ids, channels, targets = parts
        logits, _ = mine.model.forward(weights, ids, channels)
        loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets)
        theirs.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), settings.clip)
        theirs.step()
    views = mine.vectors.layout.views(mine.vectors.weights)
    for name, weight in weights.items():
        torch.testing.assert_close(views[name], weight.detach(), atol=2e-5, rtol=1e-3)


def test_an_average_that_remembers_nothing_is_the_weights(store):
    network = engine(1)
    run(network, store, 3, memory=0.0)
    assert torch.equal(network.vectors.average, network.vectors.weights)


def test_it_learns(store):
    tallies = run(engine(2), store, 30)
    assert tallies[-1].nats / tallies[-1].symbols < tallies[0].nats / tallies[0].symbols - 0.1


def test_weight_drop_drops_only_recurrent_weights(store):
    network = engine(1, weight_drop=0.5)
    run(network, store, 1)
    mask = network._work.mask
    views = network.vectors.layout.views(mask)
    assert 0.3 < float((views["layer.0.recurrent"] == 0).float().mean()) < 0.7
    assert all(bool((v == 1).all()) for n, v in views.items() if n != "layer.0.recurrent")


def test_a_gradient_that_is_no_number_stops_it(store):
    network = engine(1)
    network.vectors.weights[:] = np.inf
    with pytest.raises(FloatingPointError, match="the gradient is nan at step 0"):
        run(network, store, 1)


def test_the_rate_warms_up_and_comes_down():
    rates = [schedule.rate(i, 1000, peak=1.0, warm_up=200) for i in range(1000)]
    assert np.argmax(rates) in (99, 100)  # a tenth of the run at most
    assert rates[0] == 0.01
    assert rates[-1] < 1e-5


def test_a_trapezoid_stays_for_four_fifths_and_falls_evenly_to_nothing():
    rates = [schedule.rate(i, 100, peak=1.0, warm_up=5, shape="trapezoid") for i in range(5, 101)]
    assert rates == pytest.approx([1.0] * 75 + [i / 20 for i in range(20, -1, -1)])


def test_a_constant_rate_stays_after_its_warm_up():
    rates = [schedule.rate(i, 100, peak=1.0, warm_up=5, shape="constant") for i in range(100)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8] + 96 * [1.0])


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        pytest.param(0, [[2, 0, 1]], id="all side by side"),
        pytest.param(20, [[2, 0], [1]], id="two of ten symbols"),
        pytest.param(5, [[2], [0], [1]], id="each alone, however long"),
    ],
)
def test_pieces_are_scored_side_by_side_as_memory_has_room(most, expected):
    jobs = _side_by_side(np.array([2, 0, 1]), np.array([10, 30, 8]), most)
    assert [job.tolist() for job in jobs] == expected
