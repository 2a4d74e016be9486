"""Engrave: the written score as a picture, by verovio.

    engrave(piece)[0]          SVG of the whole piece on one long page
    engrave_png(piece)         the same as PNG
    engrave_for_screen(piece, width=360)[0]   SVG to be put into a web page

Verovio only ever gets MusicXML that we wrote ourselves, never a stranger's file. Title and composer
are set by us, and the few music signs that stand in texts (tempo notes, accidentals of chord
symbols) bring their font along, so that the picture is the same everywhere. For a screen there is
neither: the page has title and font, and notes, rests and measures have ids by which it finds them.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from xml.sax.saxutils import escape

from nokturn.errors import InputError
from nokturn.formats._musicxml_writer import write
from nokturn.music.piece import Piece
from nokturn.rendering.pictures import FONTS, png

A4 = (2100, 2970)  # a page in tenths of a millimetre
HEAD = 190  # of it for title and composer
NARROW = 700  # CSS pixels below which a screen does not hold our lines of four bars
SERIF = "'Tinos', 'Times New Roman', Times, serif"
_OPTIONS: dict[str, Any] = {
    "adjustPageHeight": True,
    "footer": "none",
    "header": "none",
    "lyricSize": 4.0,
    "lyricWordSpace": 1.6,
    "pageMarginBottom": 70,
    "pageMarginLeft": 90,
    "pageMarginRight": 90,
    "scale": 40,
    "smuflTextFont": "none",
    "spacingStaff": 8,
    "spacingSystem": 5,
    "svgViewBox": True,
    "transposeToSoundingPitch": True,
    "xmlIdSeed": 1,  # the same ids, and so the same bytes, for the same piece
}


def engrave(piece: Piece, *, pages: bool = False) -> list[str]:
    """Return the score as SVG, one for each page.

    Parameters
    ----------
    pages
        Break into A4 pages; without, everything is on one page as long as it needs.

    Raises
    ------
    InputError
        The piece cannot be engraved.
    """
    title, composer = piece.title or piece.sheet.title, piece.sheet.composer
    cycle = piece.sheet.subtitles[0] if piece.sheet.subtitles else ""
    page = {
        "breaks": _breaks(piece),
        "pageWidth": A4[0],
        "pageHeight": A4[1] if pages else 60_000,
        "pageMarginTop": HEAD if title or composer else 70,
    }
    drawn = _drawn(piece, page)
    return [_finished(drawn[0], title, cycle, composer)] + [_finished(svg) for svg in drawn[1:]]


def engrave_png(piece: Piece) -> bytes:
    """Return the score as PNG, the whole piece on one page."""
    return png(engrave(piece)[0], zoom=1.8)


def engrave_for_screen(piece: Piece, *, width: int = 960, bars: range | None = None) -> list[str]:
    """Return the score as SVG for a page that brings its own style: one, or several to be stacked.

    A picture is 24,000 pixels high at most. It has no ground, title, style or font of its own, and
    no colour but ``currentColor``: texts in ``font-family="Leipzig"`` need that font from the page,
    the others take the page's serif. Notes and rests have the ids of `written_ids`, measures
    ``m0``, ``m1`` ... by their place in the sheet; what else verovio numbers has none.

    Parameters
    ----------
    width
        Of the page's column in CSS pixels, at least 200; notes keep their size.
    bars
        Indices of the sheet's bars to engrave, a row without gaps; all without. Forty bars at a
        time keep the engraving of long pieces, and of those that still grow, below a fifth of a
        second.

    Raises
    ------
    InputError
        The piece cannot be engraved.
    """
    page = {
        "breaks": _breaks(piece) if width >= NARROW else "auto",
        "pageWidth": max(200, width) * 100 // int(_OPTIONS["scale"]),
        "pageHeight": 60_000,
        "pageMarginBottom": 20,
        "pageMarginLeft": 32,  # numbers of bars stand out to the left
        "pageMarginRight": 8,
        "pageMarginTop": 40,
    }
    return [_bare(svg) for svg in _drawn(piece, page, ids=True, bars=bars)]


def _breaks(piece: Piece) -> str:
    """Return how verovio breaks lines: as we wrote them where they fit, if we did."""
    return "smart" if any(bar.break_after for bar in piece.sheet.bars) else "auto"


def _drawn(
    piece: Piece, page: dict[str, Any], *, ids: bool = False, bars: range | None = None
) -> list[str]:
    """Return the pages of a piece as verovio draws them."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS | page)
    # verovio divides by the beats of a meter, which a free one that comes later does not have
    hidden = "<beats>4</beats><beat-type>4</beat-type>"
    text = write(piece, ids=ids, bars=bars).replace("<senza-misura />", hidden)
    if not toolkit.loadData(text):
        raise InputError("the score cannot be engraved.", "Save it as .musicxml and tell us.")
    return [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]


# what verovio's own style says, and its ids: a strict page takes no style from inside a picture
_STYLE = re.compile(r"<style.*?</style>", re.S)
_STRANGE_ID = re.compile(r' id="(?!(?:m\d+|n\d+-[^"]*|[0-9A-F]{4,5}-[^"]*)")[^"]*"')
_LINE = re.compile(r"<(ellipse|path|polygon|polyline|rect) ")
_EMPTY = re.compile(r'\s*<g class="[^"]*Milestone[^"]*" />|\s*<desc>.*?</desc>')
_GROUPS = (
    (re.compile(r'<g( id="[^"]*")? class="(ending|fing|reh|tempo)"'), 'font-weight="bold"'),
    (re.compile(r'<g( id="[^"]*")? class="(dir|dynam|mNum)"'), 'font-style="italic"'),
    (re.compile(r'<g( id="[^"]*")? class="([^"]*placeholder[^"]*)"'), 'visibility="hidden"'),
)


def _bare(svg: str) -> str:
    """Return a picture of verovio's without its style, in the page's colour."""
    svg = _STYLE.sub("", svg)
    svg = _STRANGE_ID.sub("", svg)
    svg = _LINE.sub(r'<\1 stroke="currentColor" ', svg)
    svg = svg.replace('color="black"', 'fill="currentColor"', 1)
    for group, look in _GROUPS:
        svg = group.sub(rf"\g<0> {look}", svg)
    return re.sub(r"\n\s*", "\n", _EMPTY.sub("", svg))


def _finished(svg: str, title: str = "", subtitle: str = "", composer: str = "") -> str:
    """Return an SVG with its head, its ground and the font of the signs in its texts."""
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    head = '<rect width="100%" height="100%" style="fill: #ffffff; stroke: none"/>'
    if title:
        size = min(26.0, 1.55 * width / max(1, len(title)))
        head += (
            f'<text x="{width / 2:g}" y="46" font-family="{SERIF}" font-size="{size:.4g}" '
            f'text-anchor="middle" fill="#000">{escape(title)}</text>'
        )
    if subtitle:
        size = min(14.0, 1.1 * width / len(subtitle))  # it leaves room for the composer
        head += (
            f'<text x="{width / 2:g}" y="68" font-family="{SERIF}" font-size="{size:.4g}" '
            f'text-anchor="middle" fill="#000">{escape(subtitle)}</text>'
        )
    if composer:
        head += (
            f'<text x="{width - 40:g}" y="68" font-family="{SERIF}" font-size="14" '
            f'text-anchor="end" fill="#000">{escape(composer)}</text>'
        )
    if 'font-family="Leipzig"' in svg:
        font = base64.b64encode((FONTS / "Leipzig.ttf").read_bytes()).decode()
        source = f"url(data:font/ttf;base64,{font})"
        head += f"<style>@font-face {{ font-family: Leipzig; src: {source}; }}</style>"
    return re.sub(r"(<svg [^>]*>)", lambda match: match[1] + head, svg, count=1)
