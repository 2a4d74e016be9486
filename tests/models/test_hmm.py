"""The hidden Markov model against every path by hand, and against a source that is known."""

import itertools

import numpy as np
import pytest
import torch

from nokturn.models._baum_welch import Prior, doubles, improved
from nokturn.models._file import ModelFile
from nokturn.models._hidden import Chain
from nokturn.models.base import Inputs
from nokturn.models.hmm import Hmm, HmmSettings

ROWS = [[2, 0, 1], [1], [3, 3, 0, 2, 1], [0, 2]]  # of several lengths, so that some end sooner


def drawn(states, symbols, seed=0):
    random = np.random.default_rng(seed)
    return Chain(
        random.dirichlet(np.ones(states)),
        random.dirichlet(np.ones(states), states),
        random.dirichlet(np.ones(symbols), states),
    )


def every_path(chain, row):
    """Return all paths of states with the probability that each happens and emits the row."""
    paths = list(itertools.product(range(len(chain.start)), repeat=len(row)))
    chances = []
    for path in paths:
        p = chain.start[path[0]] * chain.emissions[path[0], row[0]]
        for t in range(1, len(row)):
            p *= chain.transitions[path[t - 1], path[t]] * chain.emissions[path[t], row[t]]
        chances.append(p)
    return np.array(paths), np.array(chances)


@pytest.mark.parametrize("seed", range(3))
def test_likelihoods_sum_over_every_path(seed):
    chain = drawn(3, 4, seed)
    by_hand = [np.log(every_path(chain, row)[1].sum()) for row in ROWS]
    np.testing.assert_allclose(chain.likelihoods(ROWS), by_hand, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_viterbi_finds_the_likeliest_of_every_path(seed):
    chain = drawn(3, 4, seed)
    for row, found in zip(ROWS, chain.paths(ROWS), strict=True):
        paths, chances = every_path(chain, row)
        assert found.tolist() == paths[chances.argmax()].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_posteriors_are_the_share_of_every_path_through_a_state(seed):
    chain = drawn(3, 4, seed)
    for row, found in zip(ROWS, chain.posteriors(ROWS), strict=True):
        paths, chances = every_path(chain, row)
        through = np.array([[chances[paths[:, t] == s].sum() for s in range(3)]
                            for t in range(len(row))])  # fmt: skip
        np.testing.assert_allclose(found, through / chances.sum(), rtol=1e-10)


def test_what_is_expected_is_counted_over_every_path():
    chain = drawn(3, 4)
    counts, nats = chain.expected(ROWS)
    moves, heard = np.zeros((3, 3)), np.zeros((3, 4))
    for row in ROWS:
        paths, chances = every_path(chain, row)
        for path, p in zip(paths, chances / chances.sum(), strict=True):
            np.add.at(moves, (path[:-1], path[1:]), p)
            np.add.at(heard, (path, row), p)
    np.testing.assert_allclose(counts.transitions, moves, rtol=1e-10)
    np.testing.assert_allclose(counts.emissions, heard, rtol=1e-10)
    assert counts.start.sum() == pytest.approx(len(ROWS))
    assert nats == pytest.approx(chain.likelihoods(ROWS).sum())


def test_a_piece_of_a_hundred_thousand_symbols_is_not_too_long():
    chain = drawn(2, 4)
    (nats,) = chain.likelihoods([np.tile([0, 1, 2, 3], 25_000)])
    assert np.isfinite(nats)
    assert nats < -100_000


@pytest.mark.parametrize(("smoothing", "blur"), [(0, 0), (2, 3)], ids=["plain", "with a prior"])
def test_no_reading_makes_what_was_read_less_likely(smoothing, blur):
    random = np.random.default_rng(1)
    rows = [random.integers(0, 6, n) for n in (5, 40, 3, 17)]
    prior = Prior.of(rows, 6, smoothing, blur)
    chain, scores = improved(rows, doubles(prior.share, 4, random), prior, 30)
    assert len(scores) == 30
    assert min(np.diff(scores)) > -1e-9
    assert prior.score(chain, rows) >= scores[-1] > scores[0]


SOURCE = Chain(
    np.array([0.5, 0.5]),
    np.array([[0.95, 0.05], [0.1, 0.9]]),
    np.array([[0.02, 0.48, 0.4, 0.1], [0.03, 0.07, 0.2, 0.7]]),  # symbol 0 ends a piece
)


def samples(chain, pieces, seed):
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(pieces):
        state, row = random.choice(2, p=chain.start), []
        while not row or row[-1]:
            row.append(int(random.choice(4, p=chain.emissions[state])))
            state = random.choice(2, p=chain.transitions[state])
        rows.append(np.array(row))
    return rows


def pieces_of(rows):
    return [(np.append(0, row), np.zeros((len(row), 0), dtype=np.int64)) for row in rows]


def test_it_finds_a_known_source_again():
    held = samples(SOURCE, 100, seed=2)
    learned = Hmm.learn(
        Inputs(4),
        HmmSettings(states=2, iterations=100, restarts=2),
        pieces_of(samples(SOURCE, 200, seed=1)),
        seed=1,
    ).chain
    length = sum(map(len, held))
    lost = (SOURCE.likelihoods(held) - learned.likelihoods(held)).sum() / length
    alone = np.bincount(np.concatenate(held)) / length
    memory = SOURCE.likelihoods(held).sum() / length - (alone * np.log(alone)).sum()
    assert abs(lost) < 0.01  # nats a symbol
    assert memory > 0.05  # what one gains by knowing that there are two states


def test_the_states_of_a_cadence_are_its_functions():
    # two chords that are both answered by the same third are one state
    texts = [[1, 3, 4], [2, 3, 4], [2, 3, 4], [1, 3, 4]] * 10
    rows = [np.array([*text, 0]) for text in texts]
    model = Hmm.learn(Inputs(5), HmmSettings(states=4, smoothing=0.1, blur=0.1), pieces_of(rows), 1)
    one, other = model.paths([[1, 3, 4, 0], [2, 3, 4, 0]])
    assert one.tolist() == other.tolist()
    assert len(set(one.tolist())) == 4


def test_it_batches_as_its_chain_says():
    model = Hmm.untrained(Inputs(6), HmmSettings(states=5), 1)
    row = [3, 1, 5, 2, 2, 0]
    ids = torch.tensor([[0, *row[:-1]]])
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    logs, _ = model.forward(weights, ids, torch.zeros(1, 6, 0))
    foretold = logs[0, torch.arange(6), torch.tensor(row)].sum()
    assert float(foretold) == pytest.approx(float(model.chain.likelihoods([row])[0]), rel=1e-5)


def test_after_the_boundary_another_piece_begins():
    stream = Hmm.untrained(Inputs(6), HmmSettings(states=5), 1).stream()
    first = stream.step(0)
    stream.step(3)
    np.testing.assert_array_equal(stream.step(0), first)


def test_the_same_seed_learns_the_same_and_nothing_is_impossible():
    pieces = pieces_of([np.array([1, 2, 0])])
    one, same = (Hmm.learn(Inputs(4), HmmSettings(states=3), pieces, 7) for _ in range(2))
    assert all(np.array_equal(one.weights[k], same.weights[k]) for k in one.weights)
    stream = one.stream()
    stream.step(0)
    assert np.isfinite(stream.step(3)).all()  # 3 was never read


def test_it_comes_back_from_its_file(tmp_path):
    model = Hmm.untrained(Inputs(4), HmmSettings(states=3), 1)
    ModelFile(model, "abc_text", [*"<abc"]).save(tmp_path / "h.safetensors")
    again = ModelFile.load(tmp_path / "h.safetensors").model
    np.testing.assert_allclose(again.stream().step(0), model.stream().step(0), atol=2e-3)


def test_a_large_corpus_is_read_fewer_times():
    pieces = pieces_of(samples(SOURCE, 20, seed=3))
    length = sum(len(ids) - 1 for ids, _ in pieces)

    def learned(**settings):
        return Hmm.learn(Inputs(4), HmmSettings(states=3, **settings), pieces, 1).weights

    twice, cut = learned(iterations=2), learned(iterations=9, reading=2 * length)
    assert all(np.array_equal(twice[name], cut[name]) for name in twice)
