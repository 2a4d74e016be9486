"""Comparisons: one split, one table, files to look at and hear."""

import csv

import pytest
from click.testing import CliRunner

from nokturn.cli.main import nokturn
from nokturn.errors import UsageError
from nokturn.workflows.compare import Comparison, compare

BARS = ["GABG cdBG", "ABcA d2cB", "gfed cBAG", "B2G2 A2D2"]


def tunes(count):
    texts = []
    for n in range(count):
        body = "|".join(BARS[(n * k + k) % 4] for k in range(1, 9))
        texts.append(f"X:{n + 1}\nT:t{n}\nM:4/4\nL:1/8\nK:{'GDA'[n % 3]}\n{body}|\n")
    return "\n".join(texts)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "nokturn"))
    (tmp_path / "train.abc").write_text(tunes(20))
    (tmp_path / "net.toml").write_text("[model]\nwidth = 16\nembedding = 8\n")
    (tmp_path / "grams.toml").write_text('[model]\nname = "ngram"\n')
    (tmp_path / "moves.toml").write_text(
        '[encoding]\nname = "intervals"\n[model]\nname = "ngram"\n'
    )
    return tmp_path


def test_recipes_stand_in_one_table(home):
    out = home / "table"
    recipes = [home / f"{name}.toml" for name in ("net", "grams", "moves")]
    events = compare(*recipes, corpus=[home / "train.abc"], time="2s", samples=2, out=out)
    *_, last = events
    assert isinstance(last, Comparison)
    assert [row.recipe for row in last.rows] == ["random-chords", "net", "grams", "moves"]
    chance, _, grams, moves = last.rows
    assert chance.bits_per_note > moves.bits_per_note
    assert grams.valid is not None
    assert moves.valid is None
    assert grams.bits_per_note > 0
    assert 0 <= grams.silence < 1
    assert grams.copied > 0  # twenty tunes of four bars: nothing else can come out
    with (out / "comparison.csv").open() as file:
        assert [row["model"] for row in csv.DictReader(file)] == [
            "random_chords", "recurrent", "ngram", "ngram",
        ]  # fmt: skip
    page = (out / "comparison.html").read_text()
    assert page.count("<audio") == sum(bool(row.sample) for row in last.rows) >= 1
    assert (out / "grams.mp3").stat().st_size > 1000


def test_the_command_prints_the_table(home):
    words = ["compare", home / "grams.toml", "--corpus", home / "train.abc", "-n", 1,
             "-o", home / "table"]  # fmt: skip
    result = CliRunner().invoke(nokturn, list(map(str, words)))
    assert result.exit_code == 0, result.output
    head, chance, row = result.stdout.splitlines()[:3]
    assert chance.startswith("random-chords")
    assert head.split()[:4] == ["recipe", "bits", "per", "note"]
    assert row.startswith("grams")


def test_two_recipes_of_one_name_are_refused(home):
    with pytest.raises(UsageError, match="each with a name of its own"):
        list(compare(home / "net.toml", home / "net.toml", corpus=[home / "train.abc"]))
