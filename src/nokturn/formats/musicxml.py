"""MusicXML: the exchange format of notation programs.

data = MusicXml.dumps(piece)                     MusicXML 4.0, score-partwise
data = MusicXml.dumps(piece, compressed=True)    the same in a zip container, .mxl
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import ClassVar

from nokturn.errors import InputError, UsageError
from nokturn.formats import _musicxml_writer
from nokturn.formats.base import Format
from nokturn.music.piece import Piece

_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
    '<rootfile full-path="score.musicxml" media-type="application/vnd.recordare.musicxml+xml"/>'
    "</rootfiles></container>\n"
)
_DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same piece


class MusicXml(Format):
    """MusicXML; one piece a file."""

    extensions: ClassVar[tuple[str, ...]] = (".musicxml", ".mxl", ".xml")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it is XML with a score in it, or a zip container."""
        head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        return head.startswith(b"PK\x03\x04") or (head.startswith(b"<") and b"score-" in head)

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read the piece; see `Format.loads`."""
        raise InputError("MusicXML is written, not read, by this version.", source=source)

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece], *, compressed: bool = False) -> bytes:
        """Write the piece; ``compressed`` as .mxl. Raises `UsageError` for several."""
        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        if len(several) != 1:
            raise UsageError(f"A MusicXML file holds one piece, not {len(several)}.")
        data = _musicxml_writer.write(several[0])
        if not compressed:
            return data
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("META-INF/container.xml", _DATE), _CONTAINER)
            info = zipfile.ZipInfo("score.musicxml", _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
        return buffer.getvalue()
