"""What reaches the streams: data, words, progress, whatever the encoding."""

from __future__ import annotations

import io
import json

import pytest

from nokturn.cli import _terminal
from nokturn.cli._terminal import Terminal, readable
from nokturn.errors import UsageError


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def watched(monkeypatch) -> Screen:
    """Make stderr a terminal without a NO_COLOR wish (pytest sets its own for each phase)."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    stream = Screen()
    monkeypatch.setattr("sys.stderr", stream)
    return stream


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        pytest.param("utf-8", "✓ ♩=120 A♭", "✓ ♩=120 A♭", id="utf-8 carries all"),
        pytest.param("ascii", "✓ ♩=120 A♭", "ok 1/4=120 Ab", id="ascii is spelled out"),
        pytest.param("cp1252", "Gráinne's █ reel", "Gráinne's # reel", id="redirected Windows"),
        pytest.param("ascii", "Gráinne", "Gr\\xe1inne", id="what has no spelling is escaped"),
        pytest.param("utf-8", "a\x1b[31mred\x9b2J", "a?[31mred?2J", id="a hostile title"),
        pytest.param("utf-8", "caf\udce9.abc", "caf\\udce9.abc", id="a file name of old bytes"),
    ],
)
def test_every_stream_can_carry_what_is_written(encoding, text, written):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert readable(text, stream) == written


def test_data_and_words_go_their_ways(capsys):
    terminal = Terminal()
    terminal.data("tune.abc")
    terminal.say("done")
    assert capsys.readouterr() == ("tune.abc\n", "done\n")


def test_quiet_says_nothing_but_data(capsys):
    terminal = Terminal(quiet=True)
    terminal.say("done")
    terminal.progress("bar", 1, 2)
    terminal.data("tune.abc")
    assert capsys.readouterr() == ("tune.abc\n", "")


def test_a_record_is_one_line_of_json(capsys):
    Terminal(json=True).record(title="two\nlines ♭")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"title": "two\nlines ♭"}


def test_progress_is_plain_and_rare_where_nobody_watches(capsys):
    terminal = Terminal()
    for bar in range(1, 1001):
        terminal.progress("bar", bar, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 11
    assert not any("\r" in line or "\x1b" in line for line in lines)


def test_what_has_no_known_end_is_counted(capsys):
    Terminal().progress("bar", 3, 0, "2 of 4")
    assert capsys.readouterr().err == "bar 3  2 of 4\n"


def test_progress_is_drawn_on_a_screen_and_wiped_away(monkeypatch):
    screen = watched(monkeypatch)
    terminal = Terminal()
    terminal.progress("bar", 32, 32)
    terminal.say("done")
    assert "█" * 24 + " bar 32/32" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[Kdone\n")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_screen_may_ask_for_plain_lines(monkeypatch, name, value):
    screen = watched(monkeypatch)
    monkeypatch.setenv(name, value)
    Terminal().progress("bar", 1, 2)
    assert screen.getvalue() == "bar 1/2\n"


def test_binary_data_never_reach_a_screen(monkeypatch):
    monkeypatch.setattr("sys.stdout", Screen())
    with pytest.raises(UsageError, match=r"binary data on the screen. Name a file with -o"):
        Terminal().raw(b"MThd", binary=True)


def test_a_table_is_aligned():
    rows = [{"name": "folk", "size": 5}, {"name": "my-tunes", "size": 12}]
    lines = _terminal.table(rows, {"name": "NAME", "size": "SIZE"})
    assert lines == ["NAME      SIZE", "folk      5", "my-tunes  12"]
