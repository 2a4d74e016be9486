"""Trainings that begin with a model: what it knows stays, both licences hold, stopping is free."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from nokturn.corpora._ingest import ingest
from nokturn.encodings._abc_learned import tune as tune_of
from nokturn.encodings.abc_text import ALWAYS, AbcText
from nokturn.errors import UsageError
from nokturn.evaluation.validity import check_text
from nokturn.models._file import ModelFile
from nokturn.training.events import Epoch, Step
from nokturn.training.runs import Run
from nokturn.workflows.learn import remembered
from nokturn.workflows.train import Read, train
from nokturn.workflows.tuning import LEARNING_RATE, Base, chordless

SMALL = (
    "model.width=8", "model.embedding=4", "training.threads=1", "training.lanes=2",
    "training.precision=float32", "corpus.transpositions=0",
)  # fmt: skip
TUNED = SMALL[2:]


def tunes(seed: int, sign: str = "") -> str:
    """Return twelve tunes of chance, with a sign that no other has."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(12):
        bars = ["".join(rng.choice(list("GABcdefg"), 8)) for _ in range(4)]
        found.append(f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\nK:G\n{sign}{'|'.join(bars)}|]\n")
    return "\n".join(found)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a small model, ``first``, and other tunes to go on with."""
    home = tmp_path_factory.mktemp("home")
    (home / "first.abc").write_text(tunes(1))
    (home / "other.abc").write_text(tunes(2, sign='"Gm"'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOKTURN_HOME", str(home / "nokturn"))
        card = ("card.licence=CC0", "card.may_be_shipped=true", "training.epochs=1")
        list(train(home / "first.abc", set=(*SMALL, *card)))
        yield home


def test_it_goes_on_from_what_the_base_knows(home):
    sets = (*TUNED, "training.epochs=2", "card.licence=MIT")
    events = list(train(home / "other.abc", name="tuned", base="first", set=sets))
    read = next(event for event in events if isinstance(event, Read))
    assert not any("left out" in note for note in read.report.notes)
    base, tuned = Base.named("first").file, ModelFile.load(Run.named("tuned").model(0))
    assert (tuned.vocabulary, tuned.encoding) == (base.vocabulary, base.encoding)
    assert tuned.model.settings == base.model.settings
    for name, array in base.model.weights.items():
        np.testing.assert_array_equal(tuned.model.weights[name], array)
    last = ModelFile.load(Run.named("tuned").model(2))
    assert any((last.model.weights[n] != a).any() for n, a in base.model.weights.items())
    assert last.card["licence"] == "MIT; CC0"
    assert last.card["may_be_shipped"] is False  # nobody said that the new tunes may be
    assert last.card["base"] == remembered("tuned")["base"]
    assert last.card["base"]["model"] == "first"
    assert last.card["base"]["sha256"] == base.sha256
    assert last.card["training"]["settings"]["learning_rate"] == LEARNING_RATE
    epochs = [event.epoch for event in events if isinstance(event, Epoch)]
    assert epochs == [0, 1, 2]


def test_stopped_and_resumed_it_ends_with_the_same_bits(home):
    sets = (*TUNED, "training.epochs=3", "training.save_every=0")
    list(train(home / "other.abc", name="whole", base="first", set=sets))
    stop = threading.Event()
    for event in train(home / "other.abc", name="parts", base="first", set=sets, stop=stop):
        if isinstance(event, Step) or (isinstance(event, Epoch) and event.epoch == 1):
            stop.set()
    list(train(name="parts", resume=True))
    whole, parts = (ModelFile.load(Run.named(name).model(3)) for name in ("whole", "parts"))
    for name, array in whole.model.weights.items():
        np.testing.assert_array_equal(parts.model.weights[name], array)
    assert parts.card["base"] == whole.card["base"]


@pytest.mark.parametrize(
    ("base", "sets", "words"),
    [
        ("lofi-chords", (), r"lofi-chords cannot learn on: a ngram has no weights"),
        ("first", ("encoding.name=events",), r"first brings its own encoding"),
        ("first", ("model.width=64",), r"first brings its own model"),
    ],
)
def test_what_cannot_be(home, base, sets, words):
    with pytest.raises(UsageError, match=words):
        list(train(home / "other.abc", name="never", base=base, set=sets))
    assert not Run.named("never").folder.exists()


@pytest.mark.parametrize(
    ("vocabulary", "tune", "notes"),
    [
        pytest.param('GABc"m', '"Gmaj7"GABc', ["'j' is left out"], id="in a chord symbol"),
        pytest.param("GABc", '"Gmaj7"GABc', [], id="no chord symbols at all"),
        pytest.param("GABc", "(3GABc2", ["1 of 2 tunes are left out: it knows no sign like '('"],
                     id="a triplet would be three notes"),
        pytest.param("GABc", "TGABc", ["'T' is left out"], id="a trill"),
    ],
)  # fmt: skip
def test_signs_that_the_base_does_not_know(tmp_path, vocabulary, tune, notes):
    (tmp_path / "tunes.abc").write_text(f"X:1\nL:1/4\nK:G\nGABc|]\n\nX:2\nL:1/4\nK:G\n{tune}|]\n")
    needed = "".join(sorted({*ALWAYS, *vocabulary, "]"}))
    encoding = AbcText().with_vocabulary(["", *needed])
    file = ModelFile(Base.named("folk").file.model, "abc_text", ["", *needed])
    base = Base("it", file, chordless(encoding))
    corpus = base.sifted(ingest([tmp_path / "tunes.abc"]))
    assert len(corpus.report.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, corpus.report.notes, strict=True))
    assert len(corpus.items) == (1 if "left out:" in "".join(corpus.report.notes) else 2)
    texts = [encoding.decode_text(base.encoding.encode(item.piece)) for item in corpus.items]
    assert check_text(tune_of(texts[-1])).valid
