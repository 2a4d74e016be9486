"""From bytes to a tree, trusting nothing: .mxl archives and XML.

An archive is unpacked in memory, one member, counted while it grows; no name in it is ever opened
on disk. XML comes through expat: an entity declaration is refused (they make a kilobyte a
gigabyte), the DOCTYPE that MusicXML files carry is not fetched, depth and number of elements are
bounded.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers import expat

from nokturn.errors import InputError, LimitError

MAX_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 1000
MAX_ELEMENTS = 2_000_000
MAX_DEPTH = 40
CONTAINER = "META-INF/container.xml"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError)


def tree(data: bytes, source: str) -> Element:
    """Return the root element of a plain or compressed MusicXML file.

    Raises `InputError` where it is damaged or not what it says, `LimitError` for too much of it.
    """
    if data.startswith(b"PK"):
        data = _unpack(data, source)
    return parse(data, source)


def _unpack(data: bytes, source: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > MAX_MEMBERS:
                raise LimitError(f"{len(names)} files in the archive.", source=source)
            name = _score_name(archive, names, source)
            return _member(archive, name, source)
    except (*_BROKEN, NotImplementedError) as error:
        raise InputError(f"the .mxl archive is damaged: {error}.", source=source) from error


def _score_name(archive: zipfile.ZipFile, names: list[str], source: str) -> str:
    """Return which member is the score: the one that the container names, else the first."""
    if CONTAINER in names:
        root = parse(_member(archive, CONTAINER, source), source)
        for element in root.iter("rootfile"):
            name = element.get("full-path", "")
            kind = element.get("media-type", "xml")
            if name in names and "xml" in kind:
                return name
    endings = (".musicxml", ".xml")
    for name in names:
        if name.lower().endswith(endings) and not name.startswith("META-INF/"):
            return name
    raise InputError("there is no score in the .mxl archive.", source=source)


def _member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    with archive.open(name) as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise LimitError("more than 64 MB when unpacked.", source=source)
    return content


def parse(data: bytes, source: str) -> Element:
    """Return the root element of XML text; names lose their namespace prefix."""
    builder = _Builder(source)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise InputError(
            f"this is not well-formed XML: {what}.",
            source=source,
            line=error.lineno,
            column=error.offset + 1,
        ) from error
    except (LookupError, ValueError) as error:
        raise InputError(f"its text encoding is not known: {error}.", source=source) from error
    assert builder.root is not None
    return builder.root


class _Builder:
    """Makes elements of what expat reports, within limits."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser: Any = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.open) >= MAX_DEPTH:
            what = "elements" if self.count > MAX_ELEMENTS else "levels of elements"
            limit = MAX_ELEMENTS if self.count > MAX_ELEMENTS else MAX_DEPTH
            raise LimitError(
                f"more than {limit:,} {what}.",
                source=self.source,
                line=self.parser.CurrentLineNumber,
            )
        element = Element(tag.rpartition(":")[2], attributes)
        if element.tag == "measure":  # so that errors can say where
            element.set("line", str(self.parser.CurrentLineNumber))
        if self.open:
            self.open[-1].append(element)
        else:
            self.root = element
        self.open.append(element)

    def _end(self, _tag: str) -> None:
        self.open.pop()

    def _text(self, text: str) -> None:
        element = self.open[-1]
        if not len(element):
            element.text = (element.text or "") + text

    def _entity(self, name: str, *_rest: Any) -> None:
        raise InputError(
            f"it declares the entity {name!r}, which no score needs; I do not read such files.",
            source=self.source,
            line=self.parser.CurrentLineNumber,
        )
