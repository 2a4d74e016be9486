"""Tunes by the built-in model: right in every bar, as asked for, the same for the same seed."""

import numpy as np
import pytest

from nokturn.encodings._abc_learned import tune
from nokturn.encodings.abc_tokens import AbcTokens
from nokturn.errors import ConstraintError, InputError
from nokturn.evaluation.validity import check_text
from nokturn.formats._abc_reader import read_tune
from nokturn.formats._abc_writer import write_tune
from nokturn.generation.compose import compose, played_bars, primer_text
from nokturn.generation.sampling import Sampling
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.ngram import Ngram, NgramSettings
from nokturn.music.perform import perform
from nokturn.music.pitch import Key
from nokturn.music.time import Meter
from nokturn.training import runs


@pytest.fixture(scope="module")
def folk() -> ModelFile:
    return ModelFile.load(runs.BUILT_IN / "folk.safetensors")


def texts(folk: ModelFile, **wishes: object) -> list[str]:
    return [write_tune(made.piece) for made in compose(folk, **wishes)]


def test_every_tune_is_right(folk: ModelFile) -> None:
    for text in texts(folk, n=20, seed=1):
        check = check_text(text)
        assert check.valid, (check, text)


@pytest.mark.parametrize(
    ("key", "meter", "bars"),
    [
        ("Ador", "6/8", 32),
        ("D", "4/4", 16),
        ("Bb", "3/4", 24),
        ("Em", "2/4", 8),
        ("F#m", "9/8", 32),
        ("G", "2/2", 64),
    ],
)
def test_key_meter_and_bars_are_those_asked_for(
    folk: ModelFile, key: str, meter: str, bars: int
) -> None:
    beats, unit = (int(n) for n in meter.split("/"))
    wanted = Meter(beats, unit)
    for made in compose(folk, key=Key.parse(key), meter=wanted, bars=bars, n=2, seed=5):
        sheet = made.piece.sheet
        assert (sheet.key, sheet.meter) == (Key.parse(key), wanted)
        score = perform(sheet, as_written=True)
        text = write_tune(made.piece)
        assert played_bars(text) == bars
        assert abs(score.length / wanted.bar_ticks - bars) < 1  # but for a pickup
        assert f"M:{meter}\n" in text


@pytest.fixture(scope="module")
def by_word() -> ModelFile:
    """Counts over whole symbols of ABC, of two tunes in two keys each."""
    bodies = {
        "M:6/8\nL:1/8\n": "GAB cde|dBG A2B|cBA GAB|A3 G3:|\n",
        "M:4/4\nL:1/8\n": "GABc dedB|cBAG A2G2|GABc d2e2|dBAF G4|\n",
    }
    texts = [f"{head}K:{key}\n{body}" for head, body in bodies.items() for key in ("G", "C")]
    encoding = AbcTokens(least=1).fit([read_tune(tune(text)) for text in texts])
    rows = [np.pad(encoding.encode_text(text)[0].astype(np.int64), 1) for text in texts]
    inputs = Inputs(len(encoding.vocabulary), tuple(encoding.channels.values()))
    pieces = [(row, encoding.channels_of(row[1:-1])) for row in rows]
    return ModelFile(
        model=Ngram.learn(inputs, NgramSettings(order=6, inside=0), pieces, seed=1),
        encoding="abc_tokens",
        encoding_settings=encoding.model_dump(mode="json"),
        vocabulary=list(encoding.vocabulary),
        channels=encoding.channels,
        hints=list(encoding.hints),
    )


@pytest.mark.parametrize("meter", ["6/8", "4/4"])
@pytest.mark.parametrize("key", ["G", "C"])
def test_tunes_of_whole_words_are_those_asked_for(by_word: ModelFile, key: str, meter: str) -> None:
    wanted = Meter(*(int(n) for n in meter.split("/")))
    sure = Sampling(temperature=0.3)
    made = next(compose(by_word, key=Key.parse(key), meter=wanted, bars=8, seed=3, sampling=sure))
    assert (made.piece.sheet.key, made.piece.sheet.meter) == (Key.parse(key), wanted)
    assert played_bars(write_tune(made.piece)) == 8


def test_the_same_seed_gives_the_same_tune_whatever_its_neighbours(folk: ModelFile) -> None:
    assert texts(folk, n=4, seed=7)[2] == texts(folk, n=1, seed=9)[0]


def test_other_seeds_give_other_tunes(folk: ModelFile) -> None:
    assert len(set(texts(folk, n=5, seed=1))) == 5


def test_a_tune_is_not_one_note_for_ever(folk: ModelFile) -> None:
    for made in compose(folk, n=5, seed=20):
        pitches = perform(made.piece.sheet).tracks[0].notes["pitch"]
        assert len(np.unique(pitches)) >= 5


def test_a_primer_is_how_the_tune_begins(folk: ModelFile) -> None:
    made = next(compose(folk, primer="M:6/8\nK:G\nGAB cde|", bars=16, seed=2))
    assert "K:G\nGAB cde|" in write_tune(made.piece)


def test_notes_alone_are_a_primer_in_the_key_asked_for(folk: ModelFile) -> None:
    made = next(compose(folk, primer="GABc d2g2|", key=Key.parse("G"), meter=Meter(4, 4), seed=2))
    assert "M:4/4\nL:1/8\nK:G\nGABc d2g2|" in write_tune(made.piece)


def test_unknown_signs_of_a_primer_are_told(folk: ModelFile) -> None:
    made = next(compose(folk, primer='M:6/8\nK:G\n"X♯?"GAB cde|', bars=8, seed=2))
    assert set(made.replaced) <= set("♯?X")


def test_a_primer_that_is_no_abc_is_refused(folk: ModelFile) -> None:
    with pytest.raises(InputError, match="primer"):
        list(compose(folk, primer="X:1\nK:G\n"))


def test_what_cannot_be_is_said(folk: ModelFile) -> None:
    with pytest.raises(ConstraintError, match=r"in 25 attempts: .*\. Lower the temperature"):
        list(
            compose(folk, primer="M:6/8\nK:G\nGAB cde|GAB c|GAB cde|", bars=8, sampling=Sampling())
        )


def test_played_bars_count_repeats_and_no_pickup() -> None:
    assert played_bars("M:6/8\nL:1/8\nK:G\nD|:GABcde|G3G2D:|\n") == 4


def test_a_primer_is_put_into_canonical_text(folk: ModelFile) -> None:
    from nokturn.encodings.base import restore

    encoding = restore(folk.encoding, folk.encoding_settings, folk.vocabulary)
    text = "X:9\nT:Name\nM:6/8\nK:G\nG>AB cde | d6 |]"
    assert primer_text(text, encoding, None, None) == "M:6/8\nL:1/8\nK:G\nG3/2A/B cde|d6|"
