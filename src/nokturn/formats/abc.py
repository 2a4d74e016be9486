"""ABC, version 2.1: the text format of folk music.

    X:1
    T:The Kesh
    M:6/8
    K:G
    |:GAG GAB|ABA ABd|edd gdd|edB dBA:|

Own reader and writer. A lenient reading mends what it can and says where, line and column; a strict
one refuses it. Nothing in a file makes the reader open another one. What it does not keep: layout
directives, quarter tones, macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from nokturn.errors import InputError
from nokturn.formats._abc_reader import read_tunes
from nokturn.formats._abc_writer import write_tune
from nokturn.formats.base import Format
from nokturn.music.piece import Piece

_SIGN = re.compile(rb"(?:^|[\r\n])(?:X:|K:|%abc)")


class Abc(Format):
    """ABC text; any number of tunes a file."""

    extensions: ClassVar[tuple[str, ...]] = (".abc",)

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether a line begins with ``X:``, ``K:`` or ``%abc``."""
        head = data.removeprefix(b"\xef\xbb\xbf")
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            head = head.replace(b"\0", b"")[2:]
        return not head.lstrip().startswith((b"<", b"MThd", b"PK")) and bool(_SIGN.search(head))

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read every tune; see `Format.loads`.

        A tune among several that cannot be read is left out and told in the first piece's repairs;
        with ``strict``, or where no tune is left, its error is raised.
        """
        pieces, errors = read_tunes(data, source=source, strict=strict)
        if errors and (strict or not pieces):
            raise errors[0]
        if not pieces:
            raise InputError(
                "there is no tune in it.",
                "A tune begins with a line X:1 and has a line K: before its notes.",
                source=source,
            )
        pieces[0].repairs += [f"left out: {error}" for error in errors]
        return pieces

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Write the pieces as canonical ABC, an empty line between them."""
        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        return "\n".join(write_tune(p, number) for number, p in enumerate(several, 1)).encode()
