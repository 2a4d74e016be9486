"""Pictures: SVG -> PNG, with fonts of our own, the same on every machine; the recipe inside both.

    png(svg)                                a PNG on white
    with_recipe(data, {"seed": 7})          an SVG or PNG with it; recipe_in(data) finds it again

An SVG holds the recipe as JSON in a ``metadata`` element, a PNG in an ``iTXt`` chunk; programs that
edit pictures often drop both.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from nokturn.music.piece import recipe_of

FONTS = Path(__file__).parent / "fonts"
KEYWORD = "nokturn-recipe"
MAX_RECIPE = 100_000  # characters; what is longer is none of ours
_PNG = b"\x89PNG\r\n\x1a\n"
_METADATA = re.compile(rf'<metadata id="{KEYWORD}">([^<]*)</metadata>')


def png(svg: str, *, zoom: float = 2.0) -> bytes:
    """Return an SVG as a PNG on white.

    Parameters
    ----------
    zoom
        Pixels for each unit of the SVG.
    """
    import resvg_py

    data: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        background="#ffffff",
        zoom=zoom,
        skip_system_fonts=True,
        font_files=[str(path) for path in sorted(FONTS.glob("*.ttf"))],
        serif_family="Tinos",
        sans_serif_family="DejaVu Sans",
        font_family="Tinos",
    )
    return bytes(data)


def with_recipe(picture: bytes, recipe: dict[str, Any] | None) -> bytes:
    """Return a picture of ours, SVG or PNG, with a recipe in it; without one as it is.

    >>> recipe_in(with_recipe(b"<svg></svg>", {"title": "<A> & B"}))
    {'title': '<A> & B'}
    """
    if not recipe:
        return picture
    text = json.dumps(recipe, sort_keys=True, default=str)
    if not picture.startswith(_PNG):
        element = f'<metadata id="{KEYWORD}">{escape(text)}</metadata>'
        return re.sub(rb"<svg[^>]*>", lambda m: m[0] + element.encode(), picture, count=1)
    # uncompressed, no language, no translated keyword; it stands before the end mark
    body = b"iTXt" + KEYWORD.encode() + b"\0\0\0\0\0" + text.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture[:-12] + chunk + picture[-12:]


def recipe_in(picture: bytes) -> dict[str, Any] | None:
    """Return the recipe that an SVG or PNG holds, or None."""
    if picture.startswith(_PNG):
        text = next((body for name, body in _chunks(picture) if name == b"iTXt"), b"")
        keyword, _, rest = text.partition(b"\0")
        found = rest[4:].decode(errors="replace") if keyword.decode("latin-1") == KEYWORD else ""
    else:
        element = _METADATA.search(picture[: 4 * MAX_RECIPE].decode(errors="replace"))
        found = unescape(element[1]) if element else ""
    if not found or len(found) > MAX_RECIPE:
        return None
    return recipe_of(found)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and content of each chunk of a PNG, as far as it is whole."""
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
