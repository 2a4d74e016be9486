"""The variational autoencoder: an honest bound, phrases apart, z in use."""

import math

import numpy as np
import pytest
import torch

from nokturn.models import _variational as net
from nokturn.models.base import IGNORED, Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings
from nokturn.models.vae import Vae, VaeSettings
from nokturn.training.engine import Engine, Threads
from nokturn.training.settings import TrainingSettings
from nokturn.training.shards import Chunk

SMALL = VaeSettings(phrase=8, latent=4, width=16, embedding=8, layers=2)
INPUTS = Inputs(7, (3,))


def small(**changes):
    return Vae.untrained(INPUTS, SMALL.model_copy(update=changes), 1)


def tensors(model):
    return {name: torch.from_numpy(array) for name, array in model.weights.items()}


def pieces(*lengths):
    """Return pieces side by side: what is fed, side inputs, targets."""
    random = np.random.default_rng(3)
    ids = np.zeros((len(lengths), max(lengths)), dtype=np.int64)
    targets = np.full_like(ids, IGNORED)
    for row, length in enumerate(lengths):
        symbols = random.integers(1, 7, length - 1)
        ids[row, 1:length], targets[row, : length - 1] = symbols, symbols
        targets[row, length - 1] = 0
    channels = np.broadcast_to(ids[..., None] % 3, (*ids.shape, 1)).copy()
    return [torch.from_numpy(table) for table in (ids, channels, targets)]


def cost(model, tables, **more):
    with torch.no_grad():
        return model.cost(tensors(model), *tables, **more)


def test_a_piece_costs_the_same_alone_as_beside_a_longer_one():
    model, together = small(), pieces(11, 29)
    alone = [table[:1, :11] for table in together]
    torch.testing.assert_close(cost(model, together).nats[:1], cost(model, alone).nats)


def test_each_phrase_is_said_as_if_it_were_the_first():
    """What stands here for going on from a state: there is none, phrases begin anew."""
    model, (ids, channels, _) = small(), pieces(21)
    with torch.no_grad():
        whole, state = model.forward(tensors(model), ids, channels)
        third, _ = model.forward(tensors(model), ids[:, 16:], channels[:, 16:])
    torch.testing.assert_close(whole[:, 16:], third)
    assert state == ()


def test_padding_that_fills_a_phrase_costs_nothing():
    model, (ids, channels, targets) = small(), pieces(8)
    longer = [torch.cat([t, torch.full_like(t, fill)], 1) for t, fill in ((ids, 0), (channels, 0))]
    longer.append(torch.cat([targets, torch.full_like(targets, IGNORED)], 1))
    found, alone = cost(model, longer), cost(model, (ids, channels, targets))
    torch.testing.assert_close(found.nats, alone.nats)
    torch.testing.assert_close(found.loss, alone.loss)


def test_the_bound_lies_above_the_nats_that_many_draws_find():
    """Importance weighting over draws of z nears the likelihood from below (Burda et al.)."""
    model = small(beta=1.0)
    weights, (ids, channels, targets) = tensors(model), pieces(8)
    count = 4000
    with torch.no_grad():
        mean, log = net.posterior(weights, targets)
        z = mean + (log / 2).exp() * torch.randn(
            (count, 4), generator=torch.Generator().manual_seed(1)
        )
        logits = model._say(weights, z, ids.expand(count, -1), channels.expand(count, -1, -1), None)
        said = model.cost_of(logits, targets.expand(count, -1)).nats
        from_prior = torch.distributions.Normal(0, 1).log_prob(z).sum(1)
        from_phrase = torch.distributions.Normal(mean, (log / 2).exp()).log_prob(z).sum(1)
        nats = math.log(count) - float(torch.logsumexp(from_prior - from_phrase - said, 0))
        bound = float((said + net.divergence(mean, log)).mean())
    assert nats < bound
    honest = float(cost(model, (ids, channels, targets)).nats)
    spread = float((said + from_phrase - from_prior).std())
    assert abs(honest - bound) < 4 * spread  # one draw of the same bound


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (1.0, 1.0)])
def test_the_divergence_counts_more_and_more_while_warming_up(progress, share):
    model, tables = small(beta=0.8, warm_up=0.2, free_bits=0.0), pieces(8)
    found = cost(model, tables, progress=progress)
    with torch.no_grad():
        apart = net.divergence(*net.posterior(tensors(model), tables[2]))
    said = found.nats - apart  # nats are whole at any time
    torch.testing.assert_close(found.loss, (said + 0.8 * share * apart).sum())


def test_divergence_below_the_free_bits_has_no_gradient():
    model, tables = small(free_bits=1000.0, warm_up=0.0), pieces(8)
    found = cost(model, tables)
    with torch.no_grad():
        apart = net.divergence(*net.posterior(tensors(model), tables[2]))
    free = model.settings.beta * 1000 * math.log(2)
    torch.testing.assert_close(float(found.loss), float(found.nats - apart) + free)


def test_divergence_is_that_of_torch():
    mean, log = torch.randn(2, 5, 3)
    one = torch.distributions.Normal(mean, (log / 2).exp())
    expected = torch.distributions.kl_divergence(one, torch.distributions.Normal(0, 1)).sum(-1)
    torch.testing.assert_close(net.divergence(mean, log), expected)


def test_a_stream_with_a_z_writes_what_the_batch_with_it_does():
    model, (ids, channels, _) = small(), pieces(16)
    z = np.linspace(-1, 1, 4)
    rows = torch.from_numpy(z.astype(np.float32)).expand(2, -1)
    with torch.no_grad():
        batch = model._say(tensors(model), rows, net.cut(ids, 8), net.cut(channels, 8), None)
    stream = model.with_latent(z)
    for t, row in enumerate(batch.reshape(16, -1)):
        said = stream.step(int(ids[0, t]), channels[0, t].tolist())
        np.testing.assert_allclose(said, row, atol=1e-5)


def test_each_piece_begins_with_a_z_of_its_own_that_its_seed_draws():
    def first(seed):
        return small().begin(np.random.default_rng(seed)).step(0, (0,))

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.allclose(first(1), first(2))
    assert not np.allclose(first(1), small().stream().step(0, (0,)))


def test_other_models_begin_as_they_always_did():
    model = Recurrent.untrained(Inputs(5), RecurrentSettings(width=8), 1)
    generator = np.random.default_rng(1)
    np.testing.assert_array_equal(model.begin(generator).step(0), model.stream().step(0))
    assert generator.random() == np.random.default_rng(1).random()  # no chance was used up


def test_a_copy_in_the_second_phrase_writes_the_third_alike():
    stream = small().begin(np.random.default_rng(5))
    for _ in range(12):
        stream.step(2, (1,))
    twin = stream.copy()
    for _ in range(8):
        np.testing.assert_array_equal(stream.step(3, (0,)), twin.step(3, (0,)))


@pytest.fixture(scope="module")
def learned():
    """Return a model that has learned four tunes which nothing but z tells apart."""
    tunes = np.array([[n, n % 4 + 1] * 4 for n in range(1, 5)])
    ids = np.concatenate([np.zeros((4, 1), dtype=np.int64), tunes[:, :-1]], 1)
    settings = VaeSettings(
        phrase=8, latent=4, width=32, embedding=16, word_dropout=0.8, free_bits=4, beta=0.2
    )
    model = Vae.untrained(Inputs(5), settings, 1)
    chunk = Chunk(ids, np.zeros((4, 8, 0), dtype=np.int64), tunes, True, True)
    threads = Threads(1)
    engine = Engine(model, TrainingSettings(shards=1, lanes=4, ema=0), threads)
    for step in range(150):
        engine.advance([chunk], 5e-3, 0.0, step / 150)
    threads.close()
    return Vae(model.inputs, settings, model.weights | engine.vectors.averaged()), tunes


def test_z_tells_the_tunes_apart_and_brings_each_back(learned):
    model, tunes = learned
    for tune in tunes:
        mean, deviation = model.latents(tune)
        assert mean.shape == deviation.shape == (1, 4)
        stream, written = model.with_latent(mean[0]), [0]
        for _ in tune:
            written.append(int(stream.step(written[-1]).argmax()))
        assert written[1:] == tune.tolist()
