"""Tunes through the workflow and the command: names, recipes, wishes, words."""

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from nokturn.cli._terminal import Terminal
from nokturn.cli.main import nokturn
from nokturn.errors import InputError, ModelError, UsageError
from nokturn.formats.base import load
from nokturn.music.time import Meter, Tempo
from nokturn.workflows.generate import generate
from nokturn.workflows.save import save
from nokturn.workflows.wishes import Composed, Said, Writing


def composed(**wishes: object) -> list[Composed]:
    return [event for event in generate(**wishes) if isinstance(event, Composed)]


def test_a_tune_has_a_title_a_tempo_and_a_recipe() -> None:
    piece = composed(key="Ador", meter="6/8", bars=32, seed=7)[0].piece
    assert piece.title == "Jig in A dorian, no. 7"
    assert piece.sheet.tempo == Tempo(112, 720)
    recipe = piece.recipe or {}
    assert (recipe["model"], recipe["seed"], recipe["key"], recipe["bars"]) == (
        "folk", 7, "Ador", 32,
    )  # fmt: skip
    assert len(recipe["sha256"]) == 64


def test_variations_have_the_following_seeds() -> None:
    pieces = [event.piece for event in composed(n=3, seed=5)]
    assert [(piece.recipe or {})["seed"] for piece in pieces] == [5, 6, 7]


@pytest.mark.parametrize(
    ("tempo", "mark"),
    [("110", Tempo(110)), ("3/8=120", Tempo(120, 720)), (96.5, Tempo(96.5)), ("92,5", Tempo(92.5))],
)
def test_tempo_is_in_quarters_unless_it_names_the_beat(tempo: object, mark: Tempo) -> None:
    assert composed(seed=1, bars=8, tempo=tempo)[0].piece.sheet.tempo == mark


@pytest.mark.parametrize(
    ("wishes", "error", "words"),
    [
        ({"key": "H"}, UsageError, "'H' is not a key. Use A-G"),
        ({"meter": "6"}, UsageError, "--meter: '6' is not a meter; write it like 6/8"),
        ({"meter": "none"}, UsageError, "without meter"),
        ({"tempo": "fast"}, UsageError, "--tempo: 'fast' is not a tempo"),
        ({"tempo": "5000"}, UsageError, "Use 10 to 1000"),
        ({"bars": 0}, UsageError, "1 to 256 bars"),
        ({"temperature": 9}, UsageError, "--temperature 9"),
        ({"seed": -1}, UsageError, "Seeds are 0 to 2147483647"),
        ({"model": "fold"}, ModelError, "Did you mean folk"),
        ({"primer": "nothing.abc"}, InputError, "cannot read nothing.abc"),
    ],
)
def test_wishes_that_cannot_be_meant(wishes: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        list(generate(**wishes))


def test_bars_drawn_again_are_told() -> None:
    said = [event.text for event in generate(n=1, seed=2, bars=16) if isinstance(event, Said)]
    assert any("drawn again" in text for text in said)


def test_the_command_writes_four_files_and_their_recipe(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(nokturn, ["generate", "--key", "G", "--bars", "8", "--seed", "4"])
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in tmp_path.iterdir())
    assert [Path(name).suffix for name in written] == [".abc", ".mid", ".mp3", ".svg"]
    for ending in (".abc", ".mid"):
        path = next(tmp_path.glob(f"*{ending}"))
        assert (load(path)[0].recipe or {})["seed"] == 4
        assert str(path) in result.stdout


def test_the_command_never_writes_over_a_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    args = ["generate", "--bars", "8", "--seed", "4", "-o", "tune.abc"]
    assert CliRunner().invoke(nokturn, args).exit_code == 0
    before = Path("tune.abc").read_bytes()
    refused = CliRunner().invoke(nokturn, args).exception
    assert isinstance(refused, UsageError)
    assert "tune.abc exists already" in str(refused)
    assert CliRunner().invoke(nokturn, [*args, "--force"]).exit_code == 0
    assert Path("tune.abc").read_bytes() == before  # the same command, the same bytes


def test_json_is_an_object_a_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    args = ["generate", "-n", "2", "--bars", "8", "--seed", "4", "--json", "-o", "."]
    result = CliRunner().invoke(nokturn, args)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == 2
    assert all(row["files"] for row in rows)


def test_a_soundfont_that_is_not_there_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("NOKTURN_SOUNDFONT", str(tmp_path / "none.sf2"))
    piece = composed(seed=1, bars=8)[0].piece
    with pytest.raises(InputError, match=r"none.sf2: cannot read the SoundFont"):
        save(piece, tmp_path / "tune.wav")
    assert not (tmp_path / "tune.wav").exists()


def test_writing_tells_of_every_bar() -> None:
    events = list(generate(key="Ador", meter="4/4", bars=16, n=2, seed=7, tempo=100))
    shown = [event for event in events if isinstance(event, Writing)]
    assert {event.variation for event in shown} == {0, 1}
    assert {event.of for event in shown} == {16}
    assert shown[0].abc.startswith("X:1\nM:")
    piece = shown[3].piece()
    assert (piece.title, piece.sheet.meter) == ("Reel in A dorian, no. 7", Meter(4, 4))
    assert piece.sheet.tempo == Tempo(100)
    assert (piece.recipe or {})["stopped_at_bar"] == shown[3].bar


def test_stopping_keeps_the_bars_that_stand() -> None:
    stop, made = threading.Event(), []
    for event in generate(bars=32, n=4, seed=7, stop=stop):
        if isinstance(event, Composed):
            made.append(event.piece)
        elif isinstance(event, Writing) and event.variation == 1 and event.bar >= 4:
            bar = event.bar
            stop.set()
    whole, stopped = made
    assert "stopped_at_bar" not in (whole.recipe or {})
    assert (stopped.recipe or {})["stopped_at_bar"] == bar
    assert stopped.sheet.bars[-1].line == "final"


def test_in_another_rhythm_what_stands_has_it_too() -> None:
    events = list(generate(bars=8, seed=3, rhythm="euclid"))
    shown = [event.piece() for event in events if isinstance(event, Writing)]
    made = next(event.piece for event in events if isinstance(event, Composed))
    onsets = [piece.score.tracks[0].notes["onset"].tolist() for piece in (shown[2], made)]
    assert onsets[0] == onsets[1][: len(onsets[0])]


def test_a_person_sees_the_bar_that_is_written(tmp_path: Path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(Terminal, "watched", True)
    monkeypatch.setattr(Terminal, "progress", lambda _self, *words: seen.append(words))
    args = ["generate", "--bars", "8", "--seed", "4", "-n", "2", "-o", str(tmp_path / "tune.abc")]
    assert CliRunner().invoke(nokturn, args).exit_code == 0
    assert ("bar", 8, 8, "ETA 0 s  2 of 2") in seen
    seen.clear()
    monkeypatch.setattr(Terminal, "watched", False)
    assert CliRunner().invoke(nokturn, [*args, "--force"]).exit_code == 0
    assert not seen


def test_an_instrument_plays_what_is_written():
    made = generate(bars=4, seed=3, instrument="flute")
    (piece,) = [event.piece for event in made if isinstance(event, Composed)]
    assert [track.program for track in piece.score.tracks] == [73]
    assert piece.recipe["instrument"] == "flute"


def test_an_instrument_that_is_none_is_said():
    with pytest.raises(UsageError, match="There is no instrument 'flut'"):
        next(generate(instrument="flut"))


def test_a_beginning_that_leaves_no_bar_to_write_is_refused():
    primer = "X:1\nM:4/4\nL:1/8\nK:G\n" + "GABc d2g2|" * 4
    with pytest.raises(UsageError, match="beginning has 4 bars already, and the tune is to have 4"):
        next(generate(bars=4, primer=primer))
    assert next(generate(bars=5, primer=primer, seed=1))
