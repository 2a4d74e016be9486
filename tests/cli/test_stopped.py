"""Ctrl-C in ``nokturn generate``, in a process of its own: whole bars are kept, or it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from nokturn.formats.base import load
from nokturn.workflows.generate import generate

# Ctrl-C comes as soon as five bars of the second piece stand.
PROGRAM = """
import os, signal, sys
from nokturn.cli import generate
from nokturn.cli._frame import run
from nokturn.cli.main import nokturn

def see(self, event):
    if event.variation == 1 and event.bar >= 5 and not seen:
        seen.append(event.bar)
        for _ in range({times}):
            os.kill(os.getpid(), signal.SIGINT)

seen = []
generate.Watch.see = see
code = run(nokturn, {arguments!r})
assert seen and "torch" not in sys.modules
sys.exit(code)
"""


def generated(folder, *out: str, times: int) -> subprocess.CompletedProcess[str]:
    """Write three tunes of 64 bars; Ctrl-C is pressed so often in the second one."""
    arguments = ["generate", "-n", "3", "--bars", "64", "--seed", "5", *out]
    program = PROGRAM.format(times=times, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows ends the process at once")
class TestCtrlC:
    def test_once_keeps_the_whole_bars_of_the_tune_that_is_written(self, tmp_path):
        done = generated(tmp_path, "-o", "tunes.abc", times=1)
        assert done.returncode == 130
        whole, stopped = load(tmp_path / "tunes.abc")
        assert "stopped_at_bar" not in (whole.recipe or {})
        bar = (stopped.recipe or {})["stopped_at_bar"]
        assert 5 <= bar < 64
        last = f"Interrupted: stopped; the last piece ends with bar {bar}."
        assert done.stderr.splitlines()[-1] == last
        assert done.stdout.splitlines()[-1].endswith("tunes.abc")

    def test_once_gives_what_stands_to_a_pipe(self, tmp_path):
        done = generated(tmp_path, "-o", "-", times=1)
        assert done.returncode == 130
        assert done.stdout.count("X:") == 2
        assert done.stdout.rstrip().count("stopped_at_bar") == 1

    def test_twice_ends_at_once_and_keeps_only_what_was_finished(self, tmp_path):
        (tmp_path / "made").mkdir()
        done = generated(tmp_path, "-o", "made/", times=2)
        assert done.returncode == 130
        assert done.stderr.splitlines()[-1] == "Interrupted: stopped."
        files = sorted(tmp_path.rglob("*.*"))
        assert files
        assert sorted(done.stdout.split()) == [str(file) for file in files]
        assert all("-s5" in file.name for file in files)


def test_random_chords_are_stopped_between_two_pieces(tmp_path):
    (tmp_path / "rhythm.abc").write_text("X:1\nL:1/4\nM:4/4\nK:C\nCDEF|GABc|]\n", encoding="utf-8")
    stop = threading.Event()
    events = generate("", rhythm=str(tmp_path / "rhythm.abc"), n=3, seed=1, stop=stop)
    next(events)
    stop.set()
    assert list(events) == []
