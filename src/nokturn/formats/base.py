"""What every format keeps: bytes -> pieces and back; and the way from a file name to a format.

A reader never trusts a file: it raises `InputError` (with line and column where there are lines) or
`LimitError`, or it mends and says what it mended in ``Piece.repairs``; nothing else escapes from
it, memory and time stay bounded, and no other file is opened.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import ClassVar

from nokturn import registry
from nokturn.errors import InputError
from nokturn.music.piece import Piece

MAX_FILE_BYTES = 64 * 1024 * 1024
SOUNDS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb")  # how WAV, FLAC, OGG, MP3 begin


class Format(registry.Component):
    """A file format.

    Attributes
    ----------
    extensions
        File name endings, with the dot, the usual one first.
    """

    extensions: ClassVar[tuple[str, ...]]

    @classmethod
    @abstractmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether data (its first 4 KB are enough) look like this format."""

    @classmethod
    @abstractmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read every piece in the data; at least one.

        Parameters
        ----------
        source
            Name for messages and for ``Piece.source``.
        strict
            Refuse what would be mended otherwise.

        Raises
        ------
        InputError
            What is wrong and where; `LimitError` for too much of anything.
        """

    @classmethod
    @abstractmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Write the pieces; formats that hold one piece a file refuse more with `UsageError`."""


@cache  # looking for modules takes longer than reading a MIDI file
def all_formats() -> tuple[type[Format], ...]:
    """Return every format there is."""
    return tuple(registry.find("formats", name) for name in registry.names("formats"))


def loads(data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
    """Read pieces from data of any known format, recognised by its content.

    Raises `InputError` where no format recognises it.
    """
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{len(data) >> 20} MB is too large; 64 MB is the limit.", source=source)
    for kind in all_formats():
        if kind.recognises(data[:4096]):
            return kind.loads(data, source=source, strict=strict)
    what = "it begins with neither MIDI, ABC nor MusicXML"
    if not data.strip():
        what = "it is empty"
    elif data.startswith(SOUNDS):
        what = "it is sound, and only what is written can be read"
    raise InputError(f"this is not music that I can read: {what}.", source=source)


def load(path: str | Path, *, strict: bool = False) -> list[Piece]:
    """Read all pieces in a file. Raises `InputError` where that fails."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError("the file is larger than 64 MB.", source=path.name)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.", "Check the name.") from error
    return loads(data, source=path.name, strict=strict)
