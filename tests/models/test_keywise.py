"""Rolls key by key: the network that is the same for all keys, and experts that hear one hand."""

import numpy as np
import pytest
import torch

from nokturn.errors import ModelError
from nokturn.models._experts import Experts, count
from nokturn.models._frames import Frames, Layout
from nokturn.models._hands import hands
from nokturn.models._keywise import CHANNELS, LAGS, keywise_rolls
from nokturn.models.base import Inputs
from nokturn.models.hybrid import Hybrid
from nokturn.models.roll import Roll

ROLL = Layout(first=2, pitches=40, separator=1, beat=4)
STRUCK = Layout(first=2, pitches=40, kinds=2, separator=1, beat=4)
GRID = Layout(first=2, pitches=40, voices=3, beat=4)
ROLLS = pytest.mark.parametrize("layout", [ROLL, STRUCK], ids=["roll", "struck"])
AGE = 2 * len(LAGS)  # the channel of ages


def written(frames, layout=ROLL):
    """Return symbols of frames given as pitches, the boundary first and last."""
    rows = [[*(layout.first + np.array(sorted(f)[::-1], dtype=int)).tolist(), 1] for f in frames]
    return np.array([0, *(symbol for row in rows for symbol in row), 0])


def piece(layout, frames=12, seed=0):
    """Return a piece of random frames, the boundary first and last."""
    random = np.random.default_rng(seed)
    ids = [0]
    for _ in range(frames):
        notes = np.sort(random.choice(20, random.integers(0, 4), replace=False) + 5)[::-1]
        kinds = random.integers(0, layout.kinds, len(notes))
        ids += [*(layout.first + notes + kinds * layout.pitches).tolist(), 1]
    return np.array([*ids, 0])


def model_of(kind, layout, **settings):
    names = ("first", "pitches", "kinds", "separator", "voices", "beat")
    base = {name: getattr(layout, name) for name in names}
    made = kind.settings_class(**base, width=16, **settings)
    symbols = Inputs(layout.first + layout.kinds * layout.pitches)
    model = kind.untrained(symbols, made, 1)
    random = np.random.default_rng(2)
    for name in model.weights:
        if name.startswith(("keywise.", "gate")):  # what begins small must matter, too
            model.weights[name] += random.normal(0, 0.2, model.weights[name].shape).astype("f4")
    return model


SETTINGS = [
    pytest.param(Roll, {"keywise": 6}, id="network"),
    pytest.param(Hybrid, {"keywise": 6}, id="network and experts"),
    pytest.param(Hybrid, {"hands": True}, id="hands"),
    pytest.param(Hybrid, {"keywise": 6, "hands": True}, id="all"),
]


@ROLLS
@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
def test_it_streams_as_it_batches_and_the_future_changes_nothing(kind, settings, layout):
    model = model_of(kind, layout, **settings).primed([piece(layout, seed=9)])
    fed = piece(layout)[:-1]
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}

    def logits(ids):
        with torch.no_grad():
            return model.forward(weights, torch.from_numpy(ids)[None], torch.zeros(0))[0][0]

    whole = logits(fed)
    stream = model.stream()
    for t, symbol in enumerate(fed.tolist()):
        here = torch.from_numpy(stream.step(symbol))
        torch.testing.assert_close(here.softmax(-1), whole[t].softmax(-1), atol=1e-5, rtol=1e-3)
    half = len(fed) // 2
    torch.testing.assert_close(logits(fed[:half]), whole[:half], atol=1e-4, rtol=1e-4)


def test_a_pattern_of_three_keys_is_learned_at_every_height():
    from nokturn.training.engine import Engine, Threads
    from nokturn.training.settings import TrainingSettings
    from nokturn.training.shards import Chunk

    def loop(low):
        return written([[low + k, low + k + 7] for k in (0, 4, 9)] * 4)

    model = model_of(Roll, ROLL, keywise=8, dropout=0.0, input_dropout=0.0)
    chunks = [
        Chunk(tune[None, :-1], np.zeros((1, len(tune) - 1, 0)), tune[None, 1:], True, True)
        for tune in map(loop, (4, 6, 9, 15))
    ]
    engine = Engine(model, TrainingSettings(shards=1, lanes=1, ema=0), Threads(1))
    for step in range(100):
        engine.advance([chunks[step % 4]], 1e-2, 0.0)
    weights = {n: torch.from_numpy(a) for n, a in engine.vectors.averaged().items()}
    tune = torch.from_numpy(loop(12))  # a height that was never heard
    with torch.no_grad():
        found = model.forward(weights, tune[None, :-1], torch.zeros(0))[0][0].argmax(-1)
    right = (found == tune[1:])[len(tune) // 2 : -1]
    assert right.float().mean() > 0.85  # of what is learned there


def test_what_is_known_of_each_key():
    found = keywise_rolls(Frames.of(written([[10, 5], [10], [12]])[:-1], ROLL))
    assert found.shape == (4, CHANNELS, 40)
    assert not found[0].any()
    assert np.flatnonzero(found[1, 0]).tolist() == [5, 10]  # sounded in the frame before
    assert np.flatnonzero(found[2, 0]).tolist() == [10]
    assert np.flatnonzero(found[2, 1]).tolist() == []  # and nothing was struck in it
    assert np.flatnonzero(found[2, 2]).tolist() == [5, 10]  # two frames ago
    assert (found[2, AGE, [10]] * 16).tolist() == [2]
    assert (found[2, AGE + 1, [5]] * 16).tolist() == [-1]
    fading = found[3, AGE + 3 :: 2, 10]
    assert (np.diff(fading) < 0).all()
    assert fading.min() > 0
    assert found[3, AGE + 4, 22] == found[3, AGE + 4, 10]  # the octaves of a key


@ROLLS
def test_hands_look_back_only_and_say_the_same_one_by_one(layout):
    symbols = layout.first + layout.kinds * layout.pitches
    experts = Experts(layout, [piece(layout, seed=s) for s in (1, 2)], symbols, hands=True)
    fed = piece(layout, 8, seed=3)[:-1]
    whole = experts.predict(fed)
    assert whole.shape == (len(fed), count(tonal=False, hands=True), symbols)
    np.testing.assert_allclose(whole.sum(-1), 1, atol=1e-5)
    for stop in range(1, len(fed) + 1, 3):
        np.testing.assert_allclose(experts.predict(fed[:stop]), whole[:stop], atol=1e-6)
        np.testing.assert_allclose(experts.predict_last(fed[:stop]), whole[stop - 1], atol=1e-6)


@ROLLS
def test_hands_foretell_a_piece_of_the_corpus_as_if_they_had_not_read_it(layout):
    symbols = layout.first + layout.kinds * layout.pitches
    mine, others = piece(layout, seed=1), [piece(layout, seed=s) for s in (2, 3)]
    with_it = Experts(layout, [mine, *others], symbols, hands=True)
    without = Experts(layout, others, symbols, hands=True)
    np.testing.assert_allclose(
        with_it.predict(mine[:-1], own=mine[1:]), without.predict(mine[:-1]), atol=1e-5
    )


def test_an_accompaniment_is_known_under_another_melody():
    bass = [8, 12, 15, 12]
    learned = written([[39 - k, bass[k % 4]] for k in range(20)])
    fed = written([[38 - 2 * k, bass[k % 4]] for k in range(9)])[:-1]
    said = Experts(ROLL, [learned], 42, hands=True).predict(fed)
    low = [place for place, symbol in enumerate(fed) if symbol >= 2 + 20][4:]  # after a top note
    there = np.arange(len(low))
    wanted = fed[np.array(low) + 1]
    first = count(tonal=False, hands=False)  # of the experts that hear a hand
    hand, frames = (said[low, e][there, wanted].mean() for e in (first, 0))
    assert hand > 0.6 > frames


@pytest.mark.parametrize("up", [5, -3], ids=["a fourth higher", "a third lower"])
def test_a_hand_is_the_same_in_another_key(up):
    tune = piece(ROLL, seed=4)
    moved = np.where(tune >= 2, tune + up, tune)
    here, there = (hands(Frames.of(ids[:-1], ROLL)) for ids in (tune, moved))
    known = Frames.of(tune[:-1], ROLL).frame > 2
    for (base, chain), (other, again) in zip(here[:3], there[:3], strict=True):
        assert (other[known] - base[known] == up).all()
        assert all((a[known] == b[known]).all() for a, b in zip(chain, again, strict=True))


@pytest.mark.parametrize(
    ("kind", "layout", "settings", "said"),
    [
        pytest.param(Roll, GRID, {"keywise": 4}, "keywise is for rolls", id="keys of a grid"),
        pytest.param(Hybrid, GRID, {"hands": True}, "hands is for rolls", id="hands of a grid"),
        pytest.param(
            Hybrid, ROLL, {"hands": True, "output": "sigmoid"}, "notes are ordered", id="hands"
        ),
        pytest.param(
            Roll, ROLL, {"keywise": 4, "output": "sigmoid"}, "independent keys have one", id="keys"
        ),
    ],
)
def test_what_has_no_keys_or_hands_is_refused(kind, layout, settings, said):
    with pytest.raises(ModelError, match=said):
        model_of(kind, layout, **settings)
