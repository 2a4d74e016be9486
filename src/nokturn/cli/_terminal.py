"""Terminal: what a command says, and where: data on stdout, everything else on stderr.

    terminal.data("/home/ana/tune.abc")     # stdout: what the next program in a pipe reads
    terminal.say("✓ saved")                 # stderr: for people; silent with --quiet
    terminal.progress("bar", 9, 32)         # a bar in a terminal, a line now and then elsewhere

Where a stream is not a terminal (or ``NO_COLOR``, ``TERM=dumb``, ``--quiet``) lines stay plain: no
colour, no carriage return, a progress line at most every tenth of the way or every 10 seconds.
Symbols that a stream's encoding cannot carry are spelled out. Text from files may hold anything, so
control characters never reach the screen.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, TextIO

from nokturn.errors import UsageError

SPELLED = {"✓": "ok", "✗": "x", "█": "#", "░": ".", "♩": "1/4", "♭": "b", "♯": "#", "·": "-"}
SPELLED |= {"…": "...", "—": "-", "–": "-", "→": "->"}
# Everything below the space but tab and line feed, and the C1 controls (0x9b opens an ANSI code).
_CONTROLS = {code: "?" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_REDRAW_S = 0.1
_LINE_S = 10.0
_WIDTH = 24


class Terminal:
    """The streams of one command.

    Parameters
    ----------
    quiet
        Say nothing but errors.
    json
        Data are JSON objects, one a line.
    """

    def __init__(self, *, quiet: bool = False, json: bool = False) -> None:
        self.quiet = quiet
        self.json = json
        self._bar_shown = False
        self._next_fraction = 0.0
        self._last_s = 0.0

    def data(self, text: str) -> None:
        """Write a line of data to stdout."""
        self.clear()
        write_line(sys.stdout, text)

    def record(self, **fields: Any) -> None:
        """Write one JSON object as a line of data."""
        self.clear()
        sys.stdout.write(json.dumps(fields, ensure_ascii=True, default=str) + "\n")
        sys.stdout.flush()

    def raw(self, data: bytes, *, binary: bool) -> None:
        """Write bytes to stdout; binary data are refused where stdout is a screen."""
        if binary and sys.stdout.isatty():
            raise UsageError(
                "this would put binary data on the screen.",
                "Name a file with -o, or send the output into a file or a program.",
            )
        self.clear()
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def say(self, text: str = "") -> None:
        """Write a line for people to stderr."""
        if not self.quiet:
            self.clear()
            write_line(sys.stderr, text)

    @property
    def watched(self) -> bool:
        """Whether somebody looks at the progress, and not only a file of it."""
        return not self.quiet and lively(sys.stderr)

    def progress(self, what: str, done: float, total: float, note: str = "") -> None:
        """Show how far a job is: ``what`` is counted, ``note`` is said beside it.

        A ``total`` of 0 is one that nobody knows.
        """
        text = f"{what} {done:g}/{total:g}  {note}" if total else f"{what} {done:g}  {note}"
        fraction = min(done / total, 1.0) if total else 0.0
        now = time.monotonic()
        if self.quiet:
            return
        if lively(sys.stderr):
            if now - self._last_s >= _REDRAW_S or fraction >= 1.0 or not self._bar_shown:
                self._last_s = now
                self._draw(fraction, text.rstrip())
            return
        if fraction < self._next_fraction and now - self._last_s < _LINE_S:
            return
        self._last_s, self._next_fraction = now, fraction + 0.1
        write_line(sys.stderr, text.rstrip())

    def clear(self) -> None:
        """Take the progress bar off the screen."""
        if self._bar_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._bar_shown = False

    def _draw(self, fraction: float, text: str) -> None:
        full = round(fraction * _WIDTH)
        bar = "█" * full + "░" * (_WIDTH - full)
        line = readable(f"{bar} {text}", sys.stderr)
        sys.stderr.write("\r\x1b[K" + line[: _columns() - 1])
        sys.stderr.flush()
        self._bar_shown = True


def lively(stream: TextIO) -> bool:
    """Return whether a stream is a screen that may be drawn on."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def readable(text: str, stream: TextIO) -> str:
    """Return the text as a stream can carry it: symbols spelled out, controls made harmless."""
    text = text.translate(_CONTROLS)
    encoding = getattr(stream, "encoding", None) or "ascii"
    if not _carries(text, encoding):
        text = "".join(c if _carries(c, encoding) else SPELLED.get(c, c) for c in text)
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def write_line(stream: TextIO, text: str) -> None:
    """Write a line in a way that every stream can carry."""
    stream.write(readable(text, stream) + "\n")
    stream.flush()


def _carries(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):  # not a real terminal
        return 80


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> list[str]:
    """Return rows as aligned lines under a heading.

    Parameters
    ----------
    columns
        Key in a row -> heading.

    >>> table([{"name": "folk", "size": "4.9 MB"}], {"name": "NAME", "size": "SIZE"})
    ['NAME  SIZE', 'folk  4.9 MB']
    """
    cells = [list(columns.values())]
    cells += [[str(row.get(key, "")) for key in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells
    ]


def size_words(size: int) -> str:
    """Return a number of bytes in words.

    >>> size_words(312), size_words(4_900_000)
    ('312 B', '4.9 MB')
    """
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def time_words(seconds: float) -> str:
    """Return a duration in words.

    >>> time_words(43), time_words(605), time_words(7320)
    ('43 s', '10 min', '2 h 2 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
