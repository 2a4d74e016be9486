"""MusicXML, version 4.0: what notation programs exchange; plain, or compressed as ``.mxl``.

    data = MusicXml.dumps(piece)                      text, score-partwise
    data = MusicXml.dumps(piece, compressed=True)     the same in a zip, an .mxl file

Own writer and reader. What a Sheet has and MusicXML has not: notes whose length no sign has are
split and tied, a key with explicit accidentals loses its name, of a part's voices only the first
one's name is kept. What the reader leaves out: layout, cue notes, changes of clef, figured bass.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import ClassVar

from nokturn.errors import UsageError
from nokturn.formats._musicxml_reader import read
from nokturn.formats._musicxml_writer import write
from nokturn.formats.base import Format
from nokturn.music.piece import Piece

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container>
 <rootfiles>
  <rootfile full-path="score.musicxml" media-type="application/vnd.recordare.musicxml+xml"/>
 </rootfiles>
</container>
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same piece makes the same bytes


class MusicXml(Format):
    """MusicXML; one piece a file."""

    extensions: ClassVar[tuple[str, ...]] = (".musicxml", ".mxl", ".xml")

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it is XML with a score in it, or a zip that names its container first."""
        if data.startswith(b"PK\x03\x04"):
            return b".npy" not in data[:80] and (b"META-INF" in data or b"xml" in data)
        head = data.replace(b"\0", b"")
        return b"<score-partwise" in head or b"<score-timewise" in head

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read the piece; see `Format.loads`. With ``strict`` measures that do not add up are
        refused.
        """
        return [read(data, source=source, strict=strict)]

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece], *, compressed: bool = False) -> bytes:
        """Write the piece; with ``compressed`` as an .mxl file. `UsageError` for several."""
        several = [pieces] if isinstance(pieces, Piece) else list(pieces)
        if len(several) != 1:
            raise UsageError(
                f"A MusicXML file holds one piece, not {len(several)}.", "Write each alone."
            )
        data = write(several[0]).encode()
        return _zipped(data) if compressed else data


def _zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("META-INF/container.xml", _CONTAINER.encode()),
            ("score.musicxml", data),
        ):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
