"""The token store keeps pieces apart and gives back what was put in."""

import numpy as np
import pytest

from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.errors import InputError

SYMBOLS = ["", *"abcdefg|"]


@pytest.fixture
def folder(tmp_path):
    with StoreWriter(
        tmp_path / "store", encoding="letters", vocabulary=SYMBOLS, channels={"clock": 4}
    ) as store:
        store.add([([1, 2, 3], [[0], [1], [2], [3]]), ([2, 3, 4], None)], characters=3, name="jig")
        store.add([([5], None)], characters=9, valid=True, repeats=2)
    return tmp_path / "store"


def test_a_segment_feeds_the_boundary_first_and_predicts_it_last(folder):
    store = TokenStore(folder)
    assert store.inputs(0).tolist() == [0, 1, 2, 3]
    assert store.targets(0).tolist() == [1, 2, 3, 0]
    assert store.channels(0).tolist() == [[0], [1], [2], [3]]
    assert store.inputs(2).tolist() == [0, 5]
    assert store.targets(2).tolist() == [5, 0]


def test_variants_and_splits_are_told_apart(folder):
    store = TokenStore(folder)
    assert [v.tolist() for v in store.variants()] == [[0, 1], [2]]
    assert store.originals(valid=False).tolist() == [0]
    assert store.originals(valid=True).tolist() == [2]
    assert store.pieces["characters"].tolist() == [3, 9]
    assert store.names == ["jig", ""]


def test_the_same_content_has_the_same_digest_and_another_has_not(folder, tmp_path):
    before = TokenStore(folder).digest
    with StoreWriter(folder, encoding="letters", vocabulary=SYMBOLS) as store:
        store.add([([1], None)], characters=1)
    after = TokenStore(folder)
    assert after.digest != before
    assert after.channels(0).shape == (2, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_a_store_that_fails_half_way_leaves_the_one_before(folder, tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        StoreWriter(folder, encoding="letters", vocabulary=SYMBOLS),
    ):
        raise ZeroDivisionError
    assert len(TokenStore(folder)) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


def test_a_damaged_store_is_refused(folder):
    (folder / "ids.bin").write_bytes(np.zeros(3, dtype="<u2").tobytes())
    with pytest.raises(InputError, match=r"has 6 bytes, expected 22: it is damaged"):
        TokenStore(folder)
    (folder / "index.json").write_text("{")
    with pytest.raises(InputError, match="holds no token store"):
        TokenStore(folder)
