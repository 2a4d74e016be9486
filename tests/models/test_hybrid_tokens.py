"""Experts over symbols: what they count, what they leave out, and the hybrid that asks them."""

import numpy as np
import pytest
import torch

from nokturn.errors import ModelError, UsageError
from nokturn.models._token_experts import INSIDE, TokenExperts, TokenExpertsStream, count_of
from nokturn.models.base import Inputs
from nokturn.models.hybrid_tokens import HybridTokens, HybridTokensSettings
from nokturn.settings import build

SIZE = 9
FAMILIES = (((0, 0), (1, 0, 1), (2, 1)), ((3, 0),))
RANDOM = np.random.default_rng(3)


def pieces(count=4, length=40):
    return [np.array([0, *RANDOM.integers(1, SIZE, length), 0]) for _ in range(count)]


def beside(corpus, columns=2):
    return [RANDOM.integers(0, 3, (len(piece) - 1, columns)) for piece in corpus]


def hybrid(corpus, order=6, contexts=()):
    inner = {"width": 12, "embedding": 6, "channel_embedding": 2}
    settings = HybridTokensSettings(settings=inner, order=order, contexts=contexts)
    model = HybridTokens.untrained(Inputs(SIZE, (3, 3)), settings, seed=1)
    return model.primed(corpus, beside(corpus))


def slow_chain(corpus, fed, own, order):
    """Return the probabilities of what follows the last symbol, counted with dictionaries."""
    p = np.full(SIZE, 1 / SIZE)
    for k in TokenExperts([], SIZE, order).orders:
        context = tuple(fed[-k:]) if k else ()
        counts = np.zeros(SIZE)
        whole = [fed[:], *[list(piece) for piece in corpus if own is None or piece is not own]]
        for number, piece in enumerate(whole):
            for at in range(max(k, 1), len(piece)):
                if tuple(piece[at - k : at]) == context:
                    counts[piece[at]] += INSIDE if number == 0 else 1
        d = (counts > 0).sum() + 0.5
        p = (counts + d * p) / (counts.sum() + d)
    return p


@pytest.mark.parametrize("order", [1, 3, 5])
def test_experts_agree_with_counting_by_hand(order):
    corpus, new = pieces(), pieces(1)[0][:-1]
    found = np.exp(TokenExperts(corpus, SIZE, order).predict(new).log_p[:, -2])
    for at in (3, 11, 30):
        expected = slow_chain([p.tolist() for p in corpus], new[: at + 1].tolist(), None, order)
        np.testing.assert_allclose(found[at], expected, atol=2e-5)


def test_a_piece_that_was_counted_is_heard_as_if_it_were_new():
    corpus = pieces()
    piece = corpus[1]
    without = TokenExperts([p for p in corpus if p is not piece], SIZE, 5).predict(piece[:-1])
    among = TokenExperts(corpus, SIZE, 5).predict(piece[:-1], own=piece[1:])
    np.testing.assert_allclose(among.log_p, without.log_p, atol=1e-4)
    np.testing.assert_allclose(among.trust, without.trust, atol=1e-4)


def test_a_piece_that_was_not_counted_loses_nothing():
    experts, new = TokenExperts(pieces(), SIZE, 5), pieces(1)[0]
    again = experts.predict(new[:-1], own=new[1:])
    np.testing.assert_array_equal(again.log_p, experts.predict(new[:-1]).log_p)


def test_experts_read_symbol_by_symbol_say_the_same():
    experts, new = TokenExperts(pieces(), SIZE, 7), pieces(1, 80)[0][:-1]
    whole, stream = experts.predict(new), TokenExpertsStream(experts)
    for at, symbol in enumerate(new.tolist()):
        said = stream.step(symbol)
        np.testing.assert_allclose(said.log_p, whole.log_p[at], atol=1e-4)
        np.testing.assert_allclose(said.trust, whole.trust[at], atol=1e-4)


def test_a_stream_tires_of_what_came_twice():
    phrase = [1, 2, 3, 4, 5, 6, 7, 8]
    experts = TokenExperts([], SIZE, 7)

    def expected(times, tired_after):
        stream = TokenExpertsStream(experts)
        stream.tired_after = tired_after
        said = [stream.step(symbol) for symbol in [0, *phrase * times]][-1]
        return float(np.exp(said.log_p[-1])[1])

    assert expected(2, 2) == expected(2, 0) > 0.9
    assert expected(4, 0) > 0.9
    assert expected(4, 2) < 0.8


def test_what_comes_does_not_change_what_was_expected():
    experts, new = TokenExperts(pieces(), SIZE, 7), pieces(1)[0][:-1]
    other = new.copy()
    other[20:] = 1
    before = experts.predict(new).log_p[:20]
    np.testing.assert_array_equal(before, experts.predict(other).log_p[:20])


def slow_family(family, corpus, sides, at):
    """Return the probabilities of a family of contexts at a place of the last of the pieces."""
    p = np.full(SIZE, 1 / SIZE)
    for last, *columns in family:

        def context(number, t, last=last, columns=columns):
            return (*corpus[number][max(0, t - last + 1) : t + 1], *sides[number][t, columns])

        counts = np.zeros(SIZE)
        for number, piece in enumerate(corpus):
            new = number == len(corpus) - 1
            for t in range(at if new else len(piece) - 1):
                if context(number, t) == context(-1, at):
                    counts[piece[t + 1]] += INSIDE if new else 1
        d = (counts > 0).sum() + 0.5
        p = (counts + d * p) / (counts.sum() + d)
    return p


def test_contexts_of_side_inputs_agree_with_counting_by_hand():
    corpus = pieces(5)
    sides = beside(corpus)
    experts = TokenExperts(corpus[:-1], SIZE, 4, FAMILIES, sides[:-1])
    found = np.exp(experts.predict(corpus[-1][:-1], sides=sides[-1]).log_p)
    for number, family in enumerate(FAMILIES):
        for at in (4, 17, 39):
            expected = slow_family(family, corpus, sides, at)
            np.testing.assert_allclose(found[at, number - 2], expected, atol=2e-5)


def test_contexts_of_side_inputs_leave_the_piece_itself_out():
    corpus = pieces()
    sides = beside(corpus)
    others = TokenExperts(corpus[1:], SIZE, 4, FAMILIES, sides[1:])
    among = TokenExperts(corpus, SIZE, 4, FAMILIES, sides)
    fed, own = corpus[0][:-1], corpus[0][1:]
    without, with_own = others.predict(fed, sides=sides[0]), among.predict(fed, own, sides[0])
    np.testing.assert_allclose(with_own.log_p, without.log_p, atol=1e-4)
    np.testing.assert_allclose(with_own.trust, without.trust, atol=1e-4)


@pytest.mark.parametrize("tired_after", [0, 1])
def test_contexts_of_side_inputs_are_streamed_as_read_whole(tired_after):
    corpus = pieces(5)
    sides = beside(corpus)
    experts = TokenExperts(corpus[:-1], SIZE, 4, FAMILIES, sides[:-1])
    whole, stream = experts.predict(corpus[-1][:-1], sides=sides[-1]), TokenExpertsStream(experts)
    stream.tired_after = tired_after
    worst = 0.0
    for at, symbol in enumerate(corpus[-1][:-1].tolist()):
        said = stream.step(symbol, sides[-1][at].tolist())
        worst = max(worst, float(np.abs(said.log_p - whole.log_p[at]).max()))
        worst = max(worst, float(np.abs(said.trust - whole.trust[at]).max()))
    assert (worst < 1e-4) == (not tired_after)


@pytest.mark.parametrize("contexts", [(), (((0, 1), (1, 1)),), FAMILIES])
def test_the_hybrid_streams_as_it_reads_whole(contexts):
    model = hybrid(pieces(), contexts=contexts)
    model.weights["weigh"][:] = RANDOM.normal(0, 0.1, model.weights["weigh"].shape)
    ids = pieces(1)[0][:-1]
    channels = RANDOM.integers(0, 3, (1, len(ids), 2))
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    whole, _ = model.forward(weights, torch.from_numpy(ids)[None], torch.from_numpy(channels))
    stream = model.stream()
    steps = [stream.step(int(s), c) for s, c in zip(ids, channels[0].tolist(), strict=True)]
    np.testing.assert_allclose(np.stack(steps), whole[0].numpy(), atol=2e-3)


def test_other_weights_keep_the_experts_and_another_corpus_does_not():
    model = hybrid(pieces())
    known = model.experts
    assert model.with_weights(dict(model.weights)).experts is known
    other = model.weights | {"corpus": model.weights["corpus"].copy()}
    assert model.with_weights(other).experts is not known


def test_padding_changes_nothing():
    model, (short,) = hybrid(pieces(), contexts=FAMILIES), pieces(1, 20)
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    ids = np.zeros((2, 30), dtype=np.int64)
    targets = np.full((2, 30), -100)
    long = pieces(1, 29)[0]
    ids[0], targets[0] = long[:30], long[1:31]
    ids[1, :21], targets[1, :21] = short[:-1], short[1:]
    nothing = np.zeros((2, 30, 2), dtype=np.int64)
    both = model.cost(weights, *map(torch.from_numpy, (ids, nothing, targets)))
    one = [a[1:, :21] for a in (ids, nothing, targets)]
    alone = model.cost(weights, *map(torch.from_numpy, one))
    torch.testing.assert_close(both.nats[1], alone.nats[0])


def test_a_hybrid_of_a_hybrid_is_refused():
    settings = build(HybridTokensSettings, {"network": "ngram"})
    with pytest.raises(ModelError, match=r"not made of ngram. Take recurrent"):
        HybridTokens.untrained(Inputs(SIZE), settings, seed=1)


def test_contexts_of_side_inputs_that_there_are_not_are_refused():
    settings = HybridTokensSettings(contexts=(((1, 0, 2),),))
    with pytest.raises(ModelError, match=r"name side input 2, and the encoding has 2, counted"):
        HybridTokens.untrained(Inputs(SIZE, (3, 3)), settings, seed=1)


def test_an_empty_context_is_refused():
    with pytest.raises(UsageError, match="contexts"):
        build(HybridTokensSettings, {"contexts": [[[]]]}, "model")


def test_pieces_too_long_for_so_many_symbols_are_refused():
    model = HybridTokens.untrained(Inputs(30_000), HybridTokensSettings(order=6), seed=1)
    with pytest.raises(ModelError, match=r"a piece of 1,000 symbols out of 30,000 is too much"):
        model.primed([np.zeros(1001, dtype=np.int64)])


def test_how_many_experts_there_are():
    assert count_of(24) == 6
    assert count_of(1) == 2
    assert count_of(1, FAMILIES) == 4
