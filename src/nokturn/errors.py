"""Every error that a user of Nokturn can cause, in one tree, each with its exit code.

    Error                    1   a bug: everything below is somebody's mistake that we can explain
    ├── UsageError           2   the command or call cannot be meant so: unknown option, wrong range
    ├── InputError           3   a file cannot be read, is not music, or is empty
    │   └── LimitError       3   a file asks for more than the limits allow
    ├── ModelError           4   a model is missing, damaged or does not fit
    ├── ConstraintError      5   the music asked for could not be made in the tries allowed
    └── ResourceError        6   memory, disk or device ran out

An error says what was found, where, what was expected, and what to do now; the last sentence is the
remedy. ``hint`` holds that sentence where it stands apart from the message.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Error(Exception):
    """What went wrong, for a musician: ``message``, and ``hint`` = what to do now."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(Error):
    """The command or call cannot be meant so."""

    exit_code = 2


class InputError(Error):
    """A file or text cannot be read as music.

    Parameters
    ----------
    message, hint
        As in `Error`.
    source
        File name or ``"<text>"``; put in front of the message where it is known.
    line, column
        Position in the source, counted from 1; 0 = not known.
    """

    exit_code = 3

    def __init__(
        self, message: str, hint: str = "", *, source: str = "", line: int = 0, column: int = 0
    ) -> None:
        super().__init__(message, hint)
        self.source = source
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = position(self.source, self.line, self.column)
        return f"{place}: {super().__str__()}" if place else super().__str__()


class LimitError(InputError):
    """A file asks for more notes, bars, seconds or bytes than the limits allow."""


class ModelError(Error):
    """A model is missing, damaged, or does not fit what is asked of it."""

    exit_code = 4


class ConstraintError(Error):
    """The key, meter or length asked for could not be met in the number of tries allowed."""

    exit_code = 5


class ResourceError(Error):
    """Memory, disk or device ran out."""

    exit_code = 6


def position(source: str = "", line: int = 0, column: int = 0) -> str:
    """Return where something is, in words.

    >>> position("jig.abc", 7, 12)
    'jig.abc, line 7, column 12'
    """
    parts = [source] if source else []
    if line:
        parts.append(f"line {line}")
    if column:
        parts.append(f"column {column}")
    return ", ".join(parts)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a misspelt name: the nearest known one, and all that are known.

    >>> did_you_mean("midilike", ["abc_text", "midi_like"])
    'Did you mean midi_like? Known: abc_text, midi_like.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f"Did you mean {near[0]}? " if near else ""
    return f"{guess}Known: {', '.join(names)}." if names else f"{guess}None is known."
