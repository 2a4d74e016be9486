"""What is said of files before anything is learned from them."""

import gc
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nokturn.cli.main import nokturn
from nokturn.corpora._ingest import collector_at_rest, shares
from nokturn.errors import InputError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.workflows.check_data import check_data, check_file, check_share, summary

JIG = "X:1\nT:The Jig\nM:6/8\nL:1/8\nK:D\n|:dAF DFA|ded cBA|dAF DFA|B2A d3:|\n"
HIGHER = "X:1\nT:Higher\nM:6/8\nL:1/8\nK:E\n|:eBG EGB|efe dcB|eBG EGB|c2B e3:|\n"
SHORT = "X:2\nT:Short\nM:6/8\nL:1/8\nK:D\ndAF DFA|de|\n"
SCALE = [(240 * k, 240, 60 + (k % 7) * 2, 80) for k in range(16)]


def midi(folder: Path, *tracks: Track) -> list[str]:
    """Return what is said of a MIDI file with these tracks."""
    path = folder / "piece.mid"
    path.write_bytes(Midi.dumps(Piece(Score(list(tracks)))))
    return [row.problem for row in check_data(path)]


def test_every_tune_has_a_row(tmp_path):
    (tmp_path / "tunes.abc").write_text(f"{JIG}\n{SHORT}")
    jig, short = check_data(tmp_path)
    assert (jig.title, jig.number, jig.notes, jig.bars) == ("The Jig", 1, 21, 4)
    assert (jig.key, jig.meter, jig.problem, jig.usable) == ("D", "6/8", "", True)
    assert short.problem.startswith("1 of 2 bars do not add up.")
    assert short.usable


def test_a_copy_in_another_key_is_left_out_and_the_first_is_named(tmp_path):
    (tmp_path / "a.abc").write_text(JIG)
    (tmp_path / "b.abc").write_text(HIGHER)
    first, second = check_data(tmp_path)
    assert first.usable
    assert not second.usable
    assert second.problem == "The same melody as a.abc:1 The Jig: left out."


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        pytest.param([Track.of(SCALE)], "", id="nothing"),
        pytest.param([Track.of(SCALE[:2])], "Only 2 notes.", id="two notes"),
        pytest.param(
            [Track.of([(240 * k, 240, 60 + k % 2, 80) for k in range(16)])],
            "Two pitches only.",
            id="two pitches",
        ),
        pytest.param(
            [
                Track.of(
                    [(240 * k + 37 * k % 101, 200, p, 80) for k, (_, _, p, _) in enumerate(SCALE)]
                )
            ],
            "Unquantised: the notes do not lie on the beat's grid.",
            id="unquantised",
        ),
        pytest.param(
            [Track.of(SCALE), Track.of(SCALE, "Drum Kit")],
            "Its drums are not on channel 10",
            id="drums by name",
        ),
        pytest.param(
            [
                Track.of(SCALE),
                Track.of([(240 * k, 60, (36, 42, 38, 42)[k % 4], 90) for k in range(16)]),
            ],
            "Its drums are not on channel 10",
            id="drums by their keys",
        ),
        pytest.param(
            [Track.of([*SCALE, *((960 * k, 960, 30 + k, 70) for k in range(4))])],
            "All parts are on one track",
            id="all on one track",
        ),
    ],
)
def test_problems_of_files_that_sound(tmp_path, tracks, said):
    (found,) = midi(tmp_path, *tracks)
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_what_cannot_be_read_is_a_row_with_the_reason(tmp_path):
    (tmp_path / "a.abc").write_text(JIG)
    (tmp_path / "b.mid").write_bytes(b"MThd nonsense")
    (tmp_path / "c.abc").write_text("X:1\nT:Empty\nK:D\n")
    found = {Path(row.file).name: row for row in check_data(tmp_path)}
    assert found["a.abc"].usable
    for name in ("b.mid", "c.abc"):
        assert not found[name].usable
        assert found[name].problem
        assert not found[name].problem.startswith(name[:1].upper() + name[1:])
    assert summary(list(found.values())) == (
        "3 files, 1 piece to learn from; 2 with a problem, 2 left out."
    )


def test_the_command_prints_a_table_or_json(tmp_path):
    (tmp_path / "tunes.abc").write_text(f"{JIG}\n{SHORT}")
    told = CliRunner().invoke(nokturn, ["data", "check", str(tmp_path)])
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].split() == ["FILE", "TITLE", "NOTES", "BARS", "KEY", "METER", "USE", "PROBLEM"]
    assert lines[1].split()[:3] == ["tunes.abc:1", "The", "Jig"]
    assert "1 file, 2 pieces to learn from" in told.stderr
    few = CliRunner().invoke(nokturn, ["data", "check", str(tmp_path), "--problems", "--json"])
    (row,) = map(json.loads, few.stdout.splitlines())
    assert (row["number"], row["usable"]) == (2, True)


def test_nothing_to_learn_from_is_an_error(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"nothing")
    told = CliRunner().invoke(nokturn, ["data", "check", str(tmp_path)])
    assert isinstance(told.exception, InputError)
    assert "There is no piece to learn from" in str(told.exception)
    assert "a.mid" in told.stdout


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "latin-1"])
def test_a_book_looked_through_in_shares_has_the_rows_that_it_has_whole(
    coding, tmp_path, monkeypatch
):
    tunes = [JIG, SHORT, "X:3\nT:No key\n", "X:4\nT:Nothing in it\nK:C\n", "X:5\nK:é\nA|\n"] * 9
    book = tmp_path / "book.abc"
    book.write_bytes("\r\n".join(["% a book", "M:3/4", *tunes]).encode(coding))
    whole = check_file(book)
    monkeypatch.setattr("nokturn.corpora._ingest.SHARE_BYTES", 300)
    parts = [check_share(share) for share in shares(book)]
    assert len(parts) > 4
    assert sum(bool(rows) for rows in parts) > 4
    joined = check_file(book)
    assert joined[:27] == whole[:27]
    assert [row.number for row in joined] == [*range(1, 28), *[0] * 18]
    assert sorted(row.problem for row in joined) == sorted(row.problem for row in whole)
    assert check_data(book, workers=2) == check_data(book, workers=0)


def test_a_large_file_without_a_tune_has_one_row(tmp_path, monkeypatch):
    (tmp_path / "none.abc").write_text("no music here\n" * 50)
    monkeypatch.setattr("nokturn.corpora._ingest.SHARE_BYTES", 100)
    assert [row.problem for row in check_data(tmp_path)] == ["There is no piece in it."]


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_as_it_was_after_reading(was_on, tmp_path):
    (tmp_path / "jig.abc").write_text(JIG)
    (gc.enable if was_on else gc.disable)()
    try:
        check_data(tmp_path, tmp_path / "jig.abc")
        with collector_at_rest():
            assert not gc.isenabled()
        assert gc.isenabled() == was_on
    finally:
        gc.enable()
