"""Load: pieces from a file, or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from nokturn.errors import InputError, UsageError
from nokturn.formats import base
from nokturn.music.piece import Piece


def load(source: str | Path, *, strict: bool = False) -> list[Piece]:
    """Read every piece in a file; ``"-"`` is standard input, its format found by its content.

    Parameters
    ----------
    strict
        Refuse what would be mended otherwise.

    Raises
    ------
    InputError
        It cannot be read, or is not music.
    UsageError
        Standard input is a keyboard.
    """
    data, name = load_bytes(source)
    return base.loads(data, source=name, strict=strict)


def read_text(text: str, source: str = "<text>") -> list[Piece]:
    """Read every piece in a text, ABC as people write it.

    Raises `InputError`: it cannot be read, or holds no tune.
    """
    pieces = base.loads(text.encode(), source=source)
    if not pieces:
        raise InputError("there is no tune in this text.", "Write some ABC.", source=source)
    return pieces


def load_bytes(source: str | Path) -> tuple[bytes, str]:
    """Return what a file or standard input holds, and its name for messages.

    No more than a little beyond the size limit is read, whatever the file claims to be.
    """
    if str(source) == "-":
        return read_stdin(), "<stdin>"
    path = Path(source)
    try:
        with path.open("rb") as file:
            return file.read(base.MAX_FILE_BYTES + 1), path.name
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.", "Check the name.") from error


def read_stdin() -> bytes:
    """Read all of standard input; refuses to wait for a keyboard, and more than the limit."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "'-' reads from a pipe, and there is none.",
            "For example:  nokturn generate -o - | nokturn convert - -o tune.svg",
        )
    return sys.stdin.buffer.read(base.MAX_FILE_BYTES + 1)
