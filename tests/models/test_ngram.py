"""The n-gram: what it says by hand, in any key, of its own piece, and from a file."""

import numpy as np
import pytest
import torch

from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram, NgramSettings


def taught(texts, symbols=6, **settings):
    pieces = [
        (np.array([0, *text, 0]), np.zeros((len(text) + 1, 0), dtype=np.int64)) for text in texts
    ]
    made = NgramSettings(**settings)
    return Ngram.learn(Inputs(symbols), made, pieces, 1)


def test_every_row_is_a_distribution():
    p = taught([[1, 2, 3], [3, 2, 1]]).predict(np.array([0, 1, 5, 2]))
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
    assert p.min() > 0


def test_what_was_read_is_likelier_the_longer_it_agrees():
    model = taught([[1, 2, 3, 4, 5]] * 3 + [[5, 4, 4]])
    agree = [model.predict(np.array([0, *start]))[-1, 4] for start in ([3], [2, 3], [1, 2, 3])]
    assert agree == sorted(agree)
    assert agree[-1] > 0.8


def test_short_contexts_count_in_how_many_others_a_symbol_came():
    # 1 follows only 2, but often; 3 follows three symbols, each once
    model = taught([[2, 1, 2, 1, 2, 1, 2, 1], [2, 3], [4, 3], [5, 3]], inside=0)
    p = model.predict(np.array([0, 1, 1]))[-1]  # 1 1 was never read
    assert p[3] > p[1]


def test_it_learns_within_the_piece():
    model = taught([[1, 2], [2, 1]])
    p = model.predict(np.array([0, 4, 5, 4, 5, 4]))
    assert p[-1, 5] > 0.5
    assert taught([[1, 2], [2, 1]], inside=0).predict(np.array([0, 4, 5, 4, 5, 4]))[-1, 5] < 0.3


def test_one_key_teaches_the_others():
    frames = {"first": 2, "pitches": 40, "separator": 1, "beat": 4}
    tune = [12, 1, 14, 1, 16, 1, 12, 1] * 3
    model = taught([tune], 42, **frames)
    higher = np.array([0, 17, 1, 19, 1, 21, 1])
    assert model.predict(higher)[-1, 17] > 0.5


def test_a_long_piece_is_written_as_it_is_foretold():
    model = taught([[1, 2, 3, 4, 5] * 3, [5, 4, 3] * 4], order=4)
    fed = np.append(0, np.random.default_rng(1).integers(1, 6, 60))
    stream = model.stream()
    rows = [np.exp(stream.step(symbol)) for symbol in fed.tolist()]
    np.testing.assert_allclose(rows, model.predict(fed), rtol=1e-4)


def test_it_comes_back_from_its_file(tmp_path):
    model = taught([[1, 2, 3], [3, 2, 1]])
    file = ModelFile(model, "abc_text", [*"<abcde"])
    file.save(tmp_path / "n.safetensors")
    again = ModelFile.load(tmp_path / "n.safetensors").model
    fed = np.array([0, 1, 2, 3])
    np.testing.assert_array_equal(again.predict(fed), model.predict(fed))
    assert model.weights["corpus"].dtype == np.uint8
    assert model.parameters == 0


@pytest.mark.parametrize("symbols", [[0, 1, 2, 3, 1, 2], [0, 5, 5, 5]])
def test_it_batches_as_it_predicts(symbols):
    model = taught([[1, 2, 3], [3, 2, 1]])
    ids = torch.tensor([symbols])
    whole, state = model.forward({}, ids, torch.zeros(1, len(symbols), 0))
    assert state == ()
    np.testing.assert_allclose(whole[0].exp(), model.predict(np.array(symbols)), rtol=1e-5)
