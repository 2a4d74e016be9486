"""Is it a copy? A planted phrase is found, in another key too, and named."""

from __future__ import annotations

import json
import random

import pytest
from click.testing import CliRunner

import nokturn
from nokturn.cli.main import nokturn as command
from nokturn.errors import InputError, UsageError
from nokturn.workflows.originality import USUAL

HEAD = "X:{n}\nT:{title}\nM:4/4\nL:1/8\nK:{key}\n"


def bars(seed: int, count: int) -> str:
    """Return bars of random notes and lengths."""
    chance = random.Random(seed)
    return "".join("".join(chance.choices("DEFGABcdefg", k=8)) + "|" for _ in range(count))


def tune(body: str, title: str, n: int = 1, key: str = "C") -> str:
    return HEAD.format(n=n, title=title, key=key) + body + "\n"


@pytest.fixture
def books(tmp_path):
    """A folder with two books of forty tunes in all."""
    folder = tmp_path / "books"
    folder.mkdir()
    for book in (0, 1):
        every = [tune(bars(20 * book + k, 16), f"Tune {20 * book + k}", k + 1) for k in range(20)]
        (folder / f"{book}.abc").write_text("\n".join(every))
    return folder


def looked_up(tmp_path, books, text: str) -> list[nokturn.workflows.originality.Originality]:
    (tmp_path / "new.abc").write_text(text)
    return nokturn.originality(tmp_path / "new.abc", against=[books])


def test_eight_bars_of_another_tune_are_found_and_named(tmp_path, books):
    (found,) = looked_up(tmp_path, books, tune(bars(99, 4) + bars(33, 8) + bars(98, 4), "Mine"))
    assert found.longest >= 64
    assert (found.source, found.bar) == ("1.abc:14 Tune 33", 1)
    assert not found.copy
    assert found.words.startswith(f"{found.longest} of its 128 notes stand in a row in 1.abc:14")
    assert "more than tunes of people mostly share" in found.words


def test_a_tune_in_another_key_is_a_copy(tmp_path, books):
    higher = bars(7, 16).translate(str.maketrans("DEFGABcdefg", "EFGABcdefga"))
    (found,) = looked_up(tmp_path, books, tune(higher, "Mine", key="D"))
    assert found.copy
    assert (found.longest, found.share) == (128, 1)
    assert found.words == (
        "A copy: 128 of its 128 notes stand in a row in 0.abc:8 Tune 7, from bar 1."
    )


def test_other_tunes_are_none(tmp_path, books):
    text = "\n".join(tune(bars(100 + k, 16), f"New {k}", k + 1) for k in range(10))
    every = looked_up(tmp_path, books, text)
    assert [row.number for row in every] == list(range(1, 11))
    assert not any(row.copy or row.longest > USUAL for row in every)


def test_nothing_in_common_is_said(tmp_path, books):
    (found,) = looked_up(tmp_path, books, tune("A3 b3 A2|b7 A|A5 b3|", "Mine"))
    assert found.words == "No four notes in a row stand anywhere else."
    assert (found.longest, found.source) == (0, "")


def test_a_file_is_not_set_beside_itself(books):
    every = nokturn.originality(books / "0.abc", against=[books])
    assert len(every) == 20
    assert not any(row.copy for row in every)
    with pytest.raises(InputError, match="nothing to set beside it but itself"):
        nokturn.originality(books, against=[books / "1.abc"])


def test_what_is_missing_is_said(tmp_path, books):
    with pytest.raises(UsageError, match="what it may be taken from"):
        nokturn.originality(books, against=[])
    with pytest.raises(InputError, match="There is no"):
        nokturn.originality(tmp_path / "none.abc", against=[books])


def test_the_command_says_it_in_words_or_as_json(tmp_path, books):
    new = tmp_path / "new.abc"
    new.write_text(tune(bars(7, 16), "Mine") + "\n" + tune(bars(99, 16), "Ours", 2))
    told = CliRunner().invoke(command, ["originality", str(new), "--against", str(books)])
    first, second = told.stdout.splitlines()
    assert first.startswith("new.abc:1 Mine: A copy: 128 of its 128 notes")
    assert second.startswith("new.abc:2 Ours: ")
    assert "2 pieces, 1 copied." in told.stderr
    arguments = ["originality", str(new), "--against", str(books), "--json"]
    rows = [json.loads(line) for line in CliRunner().invoke(command, arguments).stdout.splitlines()]
    assert [row["copy"] for row in rows] == [True, False]
    assert rows[0]["source"] == "0.abc:8 Tune 7"
