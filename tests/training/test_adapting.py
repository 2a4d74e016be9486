"""A model that goes on learning while it reads knows nothing beforehand, and forgets it after."""

import numpy as np
import pytest

from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.errors import ModelError
from nokturn.evaluation.likelihood import adaptive, likelihood
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram
from nokturn.models.recurrent import Recurrent
from nokturn.models.transformer import Transformer
from nokturn.training.adapting import STRETCH

SYMBOLS = ["", *"abcdefg"]


def stored(folder, *tunes):
    """Return a store of tunes, which are rows of symbols."""
    with StoreWriter(
        folder, encoding="letters", vocabulary=SYMBOLS, channels={}, hints=[]
    ) as store:
        for tune in tunes:
            row = np.array(tune)
            sides = np.zeros((len(row) + 1, 0), dtype=np.int64)
            store.add([(row, sides)], characters=len(row), valid=False)
    return TokenStore(folder)


def untrained(kind, **settings):
    model = kind.untrained(Inputs(len(SYMBOLS)), kind.settings_class(**settings), seed=1)
    return ModelFile(
        model=model, encoding="letters", encoding_settings={}, vocabulary=SYMBOLS, channels={}
    )


@pytest.fixture(params=["recurrent", "transformer"])
def file(request):
    kinds = {"recurrent": Recurrent, "transformer": Transformer}
    return untrained(kinds[request.param], **TINY[request.param])


TINY = {
    "recurrent": {"width": 16, "embedding": 8},
    "transformer": {"width": 16, "heads": 2, "layers": 1},
}
BAR = [1, 3, 5, 3, 2, 4, 6, 7]


def test_the_first_stretch_costs_what_it_costs_without_learning(tmp_path, file):
    first = BAR * (STRETCH // len(BAR) - 1)
    store = stored(tmp_path / "s", first, BAR[:5])  # each shorter than a stretch
    found, known = adaptive(file, store)
    assert found.nats == pytest.approx(likelihood(file, store).nats, rel=1e-5)
    assert known.nats == pytest.approx(likelihood(file, store, ends=False).nats, rel=1e-5)
    assert found.symbols == known.symbols + 2 == len(first) + 5 + 2


def test_what_is_said_again_costs_less(tmp_path, file):
    store = stored(tmp_path / "s", BAR * 200)
    (plain,) = likelihood(file, store).nats
    (adapted,) = adaptive(file, store)[0].nats
    assert adapted < 0.995 * plain


def test_what_comes_later_changes_nothing_before(tmp_path, file):
    head = BAR * (2 * STRETCH // len(BAR))
    random = np.random.default_rng(1)
    ends = [random.integers(1, 8, STRETCH).tolist() for _ in range(2)]
    store = stored(tmp_path / "s", *(head + end for end in ends), head)
    first, second, alone = adaptive(file, store)[1].nats
    # the stretches before are the same, so the two differ by what their own ends cost
    own = adaptive(file, stored(tmp_path / "t", head + ends[0] + ends[1]))[1].nats[0]
    assert alone < first < own
    assert alone < second < own


def test_every_piece_begins_anew_on_any_number_of_threads(tmp_path, file):
    tunes = BAR * 30, [7, 6, 5] * 50, [1, 1, 2] * 40
    forth = adaptive(file, stored(tmp_path / "s", *tunes))[0].nats
    back = adaptive(file, stored(tmp_path / "t", *tunes[::-1]), threads=3)[0].nats
    assert forth.tolist() == back.tolist()[::-1]
    before = {name: array.copy() for name, array in file.model.weights.items()}
    adaptive(file, stored(tmp_path / "u", *tunes))
    assert all((before[name] == array).all() for name, array in file.model.weights.items())


def test_symbols_read_are_told(tmp_path, file):
    told = []
    adaptive(
        file, stored(tmp_path / "s", BAR * 9, BAR), watch=lambda done, of: told.append((done, of))
    )
    assert told == [(73, 82), (82, 82)]


def test_a_bound_does_not_adapt(tmp_path, monkeypatch):
    monkeypatch.setattr(Recurrent, "bounded", True)
    with pytest.raises(ModelError, match=r"knows only a bound of its costs.*without --adaptive"):
        adaptive(untrained(Recurrent, **TINY["recurrent"]), stored(tmp_path / "s", BAR))


def test_counts_do_not_adapt_by_steps(tmp_path):
    with pytest.raises(ModelError, match="does not learn by gradients"):
        adaptive(untrained(Ngram), stored(tmp_path / "s", BAR))
