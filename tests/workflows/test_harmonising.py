"""Finding chords for the tunes of a file, and the command for it."""

import pytest
from click.testing import CliRunner

from nokturn.cli._frame import run
from nokturn.cli.main import nokturn
from nokturn.errors import InputError
from nokturn.workflows.harmonise import harmonise

TUNES = (
    "X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCEGE|DFBG|C4|]\n\n"
    "X:2\nT:Two\nM:3/4\nL:1/4\nK:Am\nAce|e^GB|A3|]\n"
)


@pytest.fixture
def tunes(tmp_path):
    path = tmp_path / "tunes.abc"
    path.write_text(TUNES)
    return path


def called(*words):
    return CliRunner().invoke(nokturn, ["harmonise", *map(str, words)])


def test_every_tune_of_a_file_gets_chords(tunes):
    one, two = harmonise(tunes)
    assert [bar.voices[0][0].chord for bar in one.sheet.bars] == ["C", "G7", "C"]
    assert [bar.voices[0][0].chord for bar in two.sheet.bars] == ["Am", "E", "Am"]


def test_the_command_writes_abc_into_a_pipe(tunes):
    result = called(tunes, "--tune", 1)
    assert result.exit_code == 0, result.output
    assert '"C"CE GE|"G7"DF BG|"C"C4|]' in result.stdout


def test_the_command_writes_files_with_what_plays_the_chords(tunes, tmp_path):
    out = tmp_path / "out.mid"
    result = called(tunes, "--tune", 1, "--accompany", "-o", out)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out)
    (piece,) = harmonise(out)
    assert len(piece.sheet.voices) == 2


def test_it_learns_from_tunes_that_have_chords(tunes, tmp_path):
    like = tmp_path / "like.abc"
    tune = 'X:{0}\nT:{0}\nM:4/4\nL:1/4\nK:C\n"C"{1}|"Bdim"DFBG|"C"C4|]\n'
    openings = ("CEGE", "CGEG", "EGce", "GECE", "cGEC")
    like.write_text("\n".join(tune.format(n, notes) for n, notes in enumerate(openings * 8, 1)))
    result = called(tunes, "--tune", 1, "--like", like)
    assert result.exit_code == 0, result.output
    assert '"Bdim"DF BG' in result.stdout


def test_tunes_without_chords_teach_none(tunes):
    with pytest.raises(InputError, match=r"none of the 2 tunes .* has a chord symbol"):
        harmonise(tunes, like=[tunes])


def test_a_tune_without_notes_is_named(tmp_path):
    path = tmp_path / "rests.abc"
    path.write_text("X:1\nT:Silence\nM:4/4\nL:1/4\nK:C\nz4|z4|\n")
    with pytest.raises(InputError, match=r"rests\.abc: .*no notes to find chords for"):
        harmonise(path)
    assert run(nokturn, ["harmonise", str(path)]) == 3


def test_standard_output_stands_alone(tunes, tmp_path):
    words = ["harmonise", str(tunes), "-o", "-", "-o", str(tmp_path / "x.abc")]
    assert run(nokturn, words) == 2
    assert not (tmp_path / "x.abc").exists()
