"""A small corpus of made-up tunes over eight letters."""

import numpy as np
import pytest

from nokturn.corpora._store import StoreWriter, TokenStore

SYMBOLS = ["", *"abcdefg|"]


def write_store(folder, pieces=40, seed=0):
    random = np.random.default_rng(seed)
    with StoreWriter(
        folder,
        encoding="letters",
        vocabulary=SYMBOLS,
        channels={"clock": 5, "bars_left": 4},
        hints=["bars_left"],
    ) as store:
        for number in range(pieces):
            bar = random.integers(1, 8, 4)
            tune = np.concatenate([[*np.roll(bar, i % 2), 8] for i in range(random.integers(2, 9))])
            clock = np.concatenate(([0], np.arange(len(tune)) % 5))
            left = np.full(len(clock), 2)
            variants = [(tune, np.stack([clock, left], 1))]
            variants.append((np.where(tune == 8, 8, tune % 7 + 1), variants[0][1]))
            store.add(variants, characters=len(tune), valid=number % 8 == 7)
    return TokenStore(folder)


@pytest.fixture
def write_tokens():
    """Return the function that writes such a corpus."""
    return write_store


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "tokens")
