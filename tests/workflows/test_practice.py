"""What a network's free writing is said to be like: right bars, copied runs."""

import numpy as np
import pytest

from nokturn.corpora._ingest import ingest
from nokturn.corpora._store import TokenStore
from nokturn.corpora.base import build_store
from nokturn.encodings.abc_text import AbcText
from nokturn.encodings.events import Events
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram, NgramSettings
from nokturn.workflows.sample import Practice

TUNES = """X:1
M:6/8
L:1/8
K:G
GAB cde|dBG A2B|cBA GAB|A3 G3|

X:2
M:4/4
L:1/8
K:D
DFAd fdAF|GBdg bgdB|A2ce aece|f2d2 d4|
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> TokenStore:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "tunes.abc").write_text(TUNES)
    corpus = ingest([folder / "tunes.abc"])
    return build_store(corpus, AbcText(), folder / "tokens", valid=0)


def taught(store: TokenStore, order: int) -> ModelFile:
    """Return counts of the last ``order`` characters of the two tunes."""
    inputs = Inputs(len(store.vocabulary), tuple(store.channel_sizes.values()))
    rows = [k % len(store) for k in range(100)]  # again and again, so that it knows them well
    pieces = [(store.piece(k), store.channels(k).astype("int64")) for k in rows]
    return ModelFile(
        model=Ngram.learn(inputs, NgramSettings(order=order, inside=0), pieces, seed=1),
        encoding=store.encoding,
        encoding_settings=store.settings,
        vocabulary=store.vocabulary,
        channels=store.channel_sizes,
        hints=store.hints,
    )


def test_a_model_that_knows_two_tunes_by_heart_copies(store: TokenStore) -> None:
    practice = Practice(store)
    known = practice.figures(taught(store, 12))
    assert known["valid_bars"] > 0.7
    assert known["copied"] > 0.3
    guessed = practice.figures(taught(store, 1))
    assert guessed["valid_bars"] < known["valid_bars"]
    assert guessed.get("copied", 0.0) < known["copied"]
    assert practice.figures(taught(store, 12)) == known  # the same seeds each time


def test_what_is_no_abc_has_no_figures(store: TokenStore) -> None:
    encoding = Events().fit([])
    inputs = Inputs(len(encoding.vocabulary), tuple(encoding.channels.values()))
    row = np.array([0, 1, 2, 0])
    told = [(row, np.zeros((3, len(encoding.channels)), dtype=np.int64))]
    file = ModelFile(
        model=Ngram.learn(inputs, NgramSettings(order=2, inside=0), told, seed=1),
        encoding="events",
        encoding_settings=encoding.model_dump(mode="json"),
        vocabulary=list(encoding.vocabulary),
        channels=encoding.channels,
    )
    assert Practice(store).figures(file) == {}
