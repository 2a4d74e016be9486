"""Mixtures: better than their parts, fitted without looking, refused where they cannot be."""

import numpy as np
import pytest

from nokturn.errors import ModelError, UsageError
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.mixture import Mixture
from nokturn.models.ngram import Ngram, NgramSettings
from nokturn.workflows.evaluate import evaluate
from nokturn.workflows.mix import fit, mix
from nokturn.workflows.train import train

TUNE = "X:{n}\nT:t\nM:4/4\nL:1/8\nK:{key}\n{body}\n"
SETS = ("encoding.plain=true", "corpus.transpositions=0", "corpus.keep_duplicates=true")


def tunes(seed, count):
    random = np.random.default_rng(seed)
    bars = ["GABG cdBG", "ABcA d2cB", "gfed cBAG", "B2G2 A2D2"]
    return "\n".join(
        TUNE.format(
            n=n, key="GDA"[n % 3], body="|".join(random.choice(bars, 8 - n % 3).tolist()) + "|"
        )
        for n in range(1, count + 1)
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("mix")
    (home / "train.abc").write_text(tunes(1, 24))
    (home / "valid.abc").write_text(tunes(2, 8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOKTURN_HOME", str(home / "nokturn"))
        network = ("model.width=24", "model.embedding=8", "training.epochs=6")
        for name, model in (("net", network), ("grams", ("model.name=ngram",))):
            events = train(
                home / "train.abc", name=name, set=[*SETS, *model], valid=[home / "valid.abc"]
            )
            list(events)
        yield home


def test_a_mixture_is_better_than_each_part_and_its_model_says_the_same(home):
    made = mix("both", ["net", "grams"], home / "valid.abc")
    assert made.bits_per_character < min(made.alone) + 0.01
    found = evaluate("both", home / "valid.abc")
    assert found.bits_per_character <= made.bits_per_character + 1e-3
    alone = evaluate("grams", home / "valid.abc").bits_per_character
    assert made.alone[1] == pytest.approx(alone, abs=1e-3)
    assert made.unit == found.unit == "character"
    card = ModelFile.load(made.path).card["mixture"]
    assert card["parts"] == ["net", "grams"]


def test_a_mixture_writes(home):
    mix("writer", ["net", "grams"], home / "valid.abc")
    stream = ModelFile.load(home / "nokturn" / "models" / "writer.safetensors").model.stream()
    side = (0,) * 8
    stream.step(0, side)
    branch = stream.copy()
    branch.step(3, side)
    assert np.isfinite(stream.step(1, side)).all()


def test_the_weights_are_those_of_least_cost():
    random = np.random.default_rng(1)
    log_p = np.log(random.dirichlet(np.ones(6), (2, 200)))
    wanted = np.array([random.choice(6, p=row) for row in np.exp(log_p[0])])
    weights = fit([(log_p, wanted)])
    assert weights[0] == pytest.approx(1, abs=0.2)
    assert weights[1] == pytest.approx(0, abs=0.2)


def test_of_one_model_it_is_fitted_how_sure_it_is(home):
    made = mix("calm", ["net"], home / "valid.abc")
    assert made.bits_per_character < made.alone[0] + 0.01
    model = ModelFile.load(made.path).model
    assert model.weights["mix"].tolist() == pytest.approx(made.weights, abs=1e-3)
    alone, calm = (
        ModelFile.load(home / "nokturn/models/net.safetensors").model.stream(),
        model.stream(),
    )
    side = (0,) * 8
    sure, calmed = (stream.step(0, side) for stream in (alone, calm))
    differences = (sure - sure[1]) * made.weights[0]
    np.testing.assert_allclose(calmed - calmed[1], differences, atol=1e-3)


def test_there_is_no_mixture_of_nothing(home):
    with pytest.raises(UsageError, match="nothing to mix"):
        mix("none", [], home / "valid.abc")


def test_models_of_other_symbols_are_refused_by_what_differs(home):
    with pytest.raises(ModelError, match="folk has another vocabulary than net"):
        mix("odd", ["net", "folk"], home / "valid.abc")
    parts = [Ngram.untrained(Inputs(n), NgramSettings(), 1) for n in (5, 6)]
    with pytest.raises(ModelError, match="do not read the same symbols"):
        Mixture.of(parts, [0.5, 0.5])
