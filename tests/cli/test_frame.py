"""The frame of the command line: help, misspellings, errors, exit codes, streams."""

from __future__ import annotations

import errno
import subprocess
import sys

import click
import pytest

from nokturn import errors
from nokturn.cli._frame import Command, Group, run
from nokturn.cli.main import nokturn

HEAVY = ("torch", "numpy", "symusic", "verovio", "soundfile", "matplotlib", "music21", "pydantic")


def group_that(raises: BaseException) -> click.Group:
    """Return a command line whose one command fails in a given way."""
    group = Group(name="nokturn")

    @group.command(cls=Command)
    def play() -> None:
        raise raises

    return group


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NOKTURN_DEBUG", raising=False)


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        pytest.param(
            errors.UsageError("No.", "Do this."), 2, "Error: No.\n       Do this.\n", id="usage"
        ),
        pytest.param(
            errors.InputError("no notes.", source="a.mid"),
            3,
            "Error: a.mid: no notes.\n",
            id="input",
        ),
        pytest.param(errors.LimitError("too long."), 3, "Error: too long.\n", id="limit"),
        pytest.param(errors.ModelError("damaged."), 4, "Error: damaged.\n", id="model"),
        pytest.param(errors.ConstraintError("not met."), 5, "Error: not met.\n", id="constraint"),
        pytest.param(errors.ResourceError("no device."), 6, "Error: no device.\n", id="resource"),
        pytest.param(MemoryError(), 6, "the memory ran out", id="memory"),
        pytest.param(
            OSError(errno.ENOSPC, "x", "a.wav"), 6, "disk is full while writing a.wav", id="disk"
        ),
        pytest.param(KeyboardInterrupt(), 130, "Interrupted: stopped.\n", id="ctrl-c"),
        pytest.param(ZeroDivisionError("boom"), 1, "This is a bug, not your mistake.", id="bug"),
    ],
)
def test_each_failure_has_its_exit_code_and_no_traceback(raised, code, said, capsys):
    assert run(group_that(raised), ["play"]) == code
    out = capsys.readouterr()
    assert said in out.err
    assert "Traceback" not in out.err
    assert out.out == ""


@pytest.mark.parametrize("args", [["play", "--debug"], ["--debug", "play"]], ids=str)
def test_debug_shows_the_traceback(args, capsys):
    group = group_that(errors.InputError("no notes."))
    group.params.append(click.Option(["--debug"], is_flag=True, expose_value=False))
    assert run(group, args) == 3
    assert "Traceback" in capsys.readouterr().err


def test_debug_by_environment(monkeypatch, capsys):
    monkeypatch.setenv("NOKTURN_DEBUG", "1")
    run(group_that(errors.InputError("no notes.")), ["play"])
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_is_kept_in_a_log(tmp_path, capsys):
    run(group_that(ZeroDivisionError("boom")), ["play"])
    (log,) = (tmp_path / "home" / "logs").iterdir()
    assert "ZeroDivisionError: boom" in log.read_text(encoding="utf-8")
    assert log.name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(
            ["convertt", "a"], "no command named 'convertt'. Did you mean convert?", id="command"
        ),
        pytest.param(["convert", "a.abc", "-o", "b.mid", "--forse"], "'--force'", id="option"),
        pytest.param(["convert", "a.abc", "--tune", "0", "-o", "b.mid"], "x>=1", id="range"),
        pytest.param(["convert", "a.abc"], "Missing option '-o'", id="missing option"),
        pytest.param(
            ["convert", "a.abc", "-o", "b.xyz"], "cannot write files ending in '.xyz'", id="ending"
        ),
        pytest.param(
            ["convert", "a.abc", "-o", "-", "-f", "midd"], "Did you mean mid?", id="format"
        ),
    ],
)
def test_a_misspelling_is_answered_with_a_remedy(args, said, capsys):
    assert run(nokturn, args) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("args", [[], ["-h"], ["--help"]], ids=str)
def test_help_begins_with_examples(args, capsys):
    assert run(nokturn, args) == 0
    out = capsys.readouterr().out
    assert out.index("Examples:") < out.index("Options:") < out.index("Commands:")
    assert "nokturn generate" in out


def test_a_command_alone_shows_its_help(capsys):
    run(nokturn, ["perform"])
    said = "".join(capsys.readouterr())
    assert said.startswith("Usage: nokturn perform")
    assert "Error" not in said


def commands() -> list[str]:
    """Return the names of all commands."""
    return nokturn.list_commands(click.Context(nokturn))


@pytest.mark.parametrize("name", commands())
def test_every_command_explains_itself(name, capsys):
    assert run(nokturn, [name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.index("Examples:") < out.index("Options:")
    assert "-h, --help" in out


@pytest.mark.parametrize("name", ["", *commands()])
def test_help_imports_nothing_heavy(name):
    program = (
        "import sys; from nokturn.cli.main import nokturn; from nokturn.cli._frame import run\n"
        f"run(nokturn, {[name, '--help'] if name else ['--help']!r})\n"
        f"print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("heavy: []\n")


def test_a_closed_pipe_is_silent():
    program = (
        "import sys; from nokturn.cli import _frame, _terminal\n"
        "from nokturn.cli.main import nokturn\n"
        "group = _frame.Group(name='nokturn')\n"
        "@group.command(cls=_frame.Command)\n"
        "def write():\n"
        "    for _ in range(100_000):\n"
        "        _terminal.Terminal().data('la la la')\n"
        "sys.exit(_frame.run(group, ['write']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")
