"""Variations and what lies between, from a tiny autoencoder trained in the test."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from nokturn.cli.main import nokturn
from nokturn.errors import ModelError, UsageError
from nokturn.generation.phrases import Phrases, apart, turned, varied
from nokturn.models._file import ModelFile
from nokturn.training.runs import resolve
from nokturn.workflows.evaluate import evaluate
from nokturn.workflows.generate import generate
from nokturn.workflows.load import load
from nokturn.workflows.train import train
from nokturn.workflows.vary import Written, interpolate, vary
from nokturn.workflows.wishes import Composed, Said

TUNE = "X:{n}\nT:t\nM:4/4\nL:1/8\nK:C\n{body}|\n"
BARS = ["CDEF GABc", "cBAG FEDC", "G2G2 A2A2", "e2d2 c2G2"]
SMALL = (
    "encoding.name=note_chord", "encoding.durations=false",
    "corpus.transpositions=0", "corpus.keep_duplicates=true",
    "model.name=vae", "model.width=32", "model.embedding=16", "model.latent=8", "model.phrase=20",
    "model.free_bits=4", "model.dropout=0",
    "training.epochs=16", "training.lanes=2", "training.learning_rate=1e-2", "training.ema=0",
    "training.patience=1", "training.threads=1", "training.report_every=16",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("vary")
    for name, body in (("up", BARS[0]), ("down", BARS[1]), ("long", "|".join(BARS))):
        (home / f"{name}.abc").write_text(TUNE.format(n=1, body=body))
    tunes = [TUNE.format(n=n, body=BARS[n % 4]) for n in range(1, 33)]
    (home / "train.abc").write_text("\n".join(tunes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOKTURN_HOME", str(home / "nokturn"))
        for name, more in (("phrases", SMALL), ("grams", ("model.name=ngram",))):
            events = train(home / "train.abc", name=name, set=more, valid=[home / "up.abc"])
            assert list(events)
        yield home


def ids(found):
    encoding = Phrases(ModelFile.load(resolve("phrases"))).encoding
    return [encoding.encode(one.piece).tolist() for one in found if isinstance(one, Written)]


def test_the_same_seed_gives_the_same_variation(home):
    one, two = vary(home / "up.abc", "phrases", amount=1, n=2, seed=7)
    again = next(vary(home / "up.abc", "phrases", amount=1, seed=8))
    assert ids([two]) == ids([again])
    assert two.apart == again.apart
    assert one.piece.recipe["seed"] + 1 == two.piece.recipe["seed"]


def test_by_nothing_a_phrase_is_as_the_model_remembers_it_whatever_the_seed(home):
    one, two = vary(home / "up.abc", "phrases", amount=0, n=2, seed=3)
    assert ids([one]) == ids([two])


def test_both_ends_of_the_way_are_the_two_as_remembered(home):
    found = list(interpolate(home / "up.abc", home / "down.abc", "phrases", steps=3))
    ends = [next(vary(home / f"{name}.abc", "phrases", amount=0)) for name in ("up", "down")]
    assert ids([found[0], found[-1]]) == ids(ends)
    assert [len(one.apart) for one in found] == [2, 2, 2]


def test_of_a_long_piece_the_first_phrase_is_used_and_that_is_said(home):
    said, one = vary(home / "long.abc", "phrases", amount=0.2, seed=1)
    assert isinstance(said, Said)
    assert "its first 20 symbols are used, 4 are left out" in said.text
    assert len(ids([one])[0]) <= 20


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda home: vary(home / "up.abc", "grams"), ModelError, "a ngram; only a vae"),
        (lambda home: vary(home / "up.abc", "phrases", amount=2), UsageError, "--amount 2"),
        (lambda home: vary(home / "up.abc", "phrases", n=0), UsageError, "at least one phrase"),
        (lambda home: vary(home / "up.abc", "phrases", seed=-1), UsageError, "Seeds are 0 to"),
        (
            lambda home: vary(home / "up.abc", "phrases", temperature=9),
            UsageError,
            "It is 0, or 0.05 to 3",
        ),
        (
            lambda home: interpolate(home / "up.abc", home / "up.abc", "phrases", steps=1),
            UsageError,
            "--steps 1",
        ),
    ],
    ids=["no vae", "amount", "count", "seed", "temperature", "steps"],
)
def test_a_wish_that_cannot_be_meant_says_why(home, call, error, words):
    with pytest.raises(error, match=words):
        list(call(home))


def test_the_commands_write_the_formats_that_the_names_say(home, tmp_path):
    words = ["vary", home / "up.abc", "--model", "phrases", "-n", "2", "--seed", "1"]
    words += ["-o", tmp_path / "all.abc", "-o", tmp_path / "one.mid"]
    result = CliRunner().invoke(nokturn, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert len(load(tmp_path / "all.abc")) == 2
    assert (tmp_path / "one-2.mid").exists()
    assert "from up.abc" in result.stderr
    words = ["interpolate", home / "up.abc", home / "down.abc", "--model", "phrases", "--json"]
    result = CliRunner().invoke(nokturn, list(map(str, [*words, "-o", tmp_path / "way.mid"])))
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["recipe"]["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[4]["files"] == [str(tmp_path / "way-5.mid")]


def test_evaluation_tells_that_the_figures_are_bounds_and_what_comes_back(home):
    found = evaluate("phrases", home / "train.abc")
    rebuilt = found.reconstruction
    assert found.bounded
    assert rebuilt.phrases == 32
    assert 0 <= rebuilt.free <= rebuilt.forced <= 1
    assert rebuilt.units == 8
    assert not evaluate("grams", home / "train.abc").bounded
    result = CliRunner().invoke(nokturn, ["evaluate", "phrases", str(home / "up.abc")])
    assert "upper bounds" in result.stdout
    assert "of 8 units of z are active" in result.stdout


def test_an_autoencoder_composes_with_a_seed(home):
    def symbols(seed):
        made = [e for e in generate("phrases", n=1, seed=seed, bars=2) if isinstance(e, Composed)]
        return made[0].piece.score.tracks[0].notes["pitch"].tolist()

    assert symbols(4) == symbols(4)


def test_the_way_between_opposite_descriptions_runs_through_the_middle():
    one = np.array([1.0, 2.0])
    np.testing.assert_allclose(turned(one, -one, 0.5), 0, atol=1e-12)
    np.testing.assert_allclose(turned(one, one, 0.5), one)


def test_the_further_a_step_the_less_is_left():
    z = np.full(64, 1.0)
    near, far = (varied(z, amount, np.random.default_rng(1)) @ z / 64 for amount in (0.1, 0.9))
    assert near > 0.9 > 0.4 > far


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ([], [1], 1.0),
        ([1, 2, 3], [1, 2, 3], 0.0),
        ([1, 2, 3, 4, 5], [2, 3, 4, 5], 0.2),
        ([2, 3, 4, 5], [2, 3, 9, 4, 5], 0.2),
        ([1, 2, 1, 2], [2, 1, 2, 1], 0.5),
    ],
    ids=["nothing", "the same", "one left out", "one put in", "moved by one"],
)
def test_phrases_are_as_far_apart_as_symbols_must_change(one, other, far):
    assert apart(one, other) == pytest.approx(far)
