"""Weights of symbols in the loss: rare ones count more, and figures never change."""

import numpy as np
import pytest
import torch

from nokturn.models.base import IGNORED
from nokturn.models.recurrent import Recurrent, RecurrentSettings
from nokturn.training.balance import balanced, frequencies
from nokturn.training.events import Done
from nokturn.training.loop import train
from nokturn.training.settings import TrainingSettings

BAR = 8  # the bar line of the made-up tunes: a symbol in every five


def test_frequencies_are_those_of_a_pass(store):
    counts = frequencies(store, transpose_share=0.0)
    plain = sum(
        np.bincount(store.targets(int(k)), minlength=9) for k in store.originals(valid=False)
    )
    np.testing.assert_allclose(counts, plain)
    mixed = frequencies(store, transpose_share=0.6)
    assert mixed.sum() == pytest.approx(counts.sum())
    assert mixed[BAR] == pytest.approx(counts[BAR])


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_mean_weight_is_one(store, power):
    counts = frequencies(store, transpose_share=0.6)
    weights = balanced(store, power, transpose_share=0.6)
    assert (weights * counts).sum() / counts.sum() == pytest.approx(1, rel=1e-5)
    shares = weights * counts**power
    np.testing.assert_allclose(shares, shares[0], rtol=1e-5)
    if power:
        assert weights.argmin() == counts.argmax()


def test_only_the_loss_is_weighed():
    logits = torch.randn((2, 5, 9), generator=torch.Generator().manual_seed(1))
    targets = torch.tensor([[1, 8, 2, 8, 0], [3, 8, IGNORED, IGNORED, IGNORED]])
    weights = torch.ones(9)
    weights[BAR] = 0.0
    plain = Recurrent.cost_of(logits, targets)
    weighed = Recurrent.cost_of(logits, targets, balance=weights)
    without = Recurrent.cost_of(logits, targets.masked_fill(targets == BAR, IGNORED))
    torch.testing.assert_close(weighed.loss, without.loss)
    assert torch.equal(weighed.nats, plain.nats)
    assert weighed.correct == plain.correct
    smooth = Recurrent.cost_of(logits, targets, smoothing=0.1, balance=torch.ones(9))
    torch.testing.assert_close(smooth.loss, Recurrent.cost_of(logits, targets, smoothing=0.1).loss)


def test_a_balanced_training_foretells_bar_lines_less(store, tmp_path):
    costs = []
    for power in (0.0, 1.0):
        settings = TrainingSettings(epochs=3, threads=1, shards=1, lanes=4, balance=power)
        small = RecurrentSettings(width=16, embedding=8).model_dump()
        events = train(store, tmp_path / str(power), "recurrent", small, settings)
        costs += [bar_lines(event.model) for event in events if isinstance(event, Done)]
    assert costs[1] < costs[0]


def bar_lines(path):
    """Return the probability of a bar line after nothing but the boundary."""
    from nokturn.models._file import ModelFile

    logits = ModelFile.load(path).model.stream().step(0, (0, 0)).astype(np.float64)
    return float(np.exp(logits[BAR]) / np.exp(logits).sum())
