"""Engrave: the written score as a picture, by verovio.

    engrave(piece)[0]          SVG of the whole piece on one long page
    engrave_png(piece)         the same as PNG

Verovio only ever gets MusicXML that we wrote ourselves, never a stranger's file. Title and composer
are set by us, and the few music signs that stand in texts (tempo notes, accidentals of chord
symbols) bring their font along, so that the picture is the same everywhere.
"""

from __future__ import annotations

import base64
import re
from xml.sax.saxutils import escape

from nokturn.errors import InputError
from nokturn.formats.musicxml import MusicXml
from nokturn.music.piece import Piece
from nokturn.rendering.pictures import FONTS, png

A4 = (2100, 2970)  # a page in tenths of a millimetre
HEAD = 190  # of it for title and composer
SERIF = "'Tinos', 'Times New Roman', Times, serif"
_OPTIONS = {
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
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    title, composer = piece.title or piece.sheet.title, piece.sheet.composer
    cycle = piece.sheet.subtitles[0] if piece.sheet.subtitles else ""
    toolkit = verovio.toolkit()
    broken = any(bar.break_after for bar in piece.sheet.bars)
    page = {
        "breaks": "smart" if broken else "auto",  # our lines where they fit
        "pageWidth": A4[0],
        "pageHeight": A4[1] if pages else 60_000,
        "pageMarginTop": HEAD if title or composer else 70,
    }
    toolkit.setOptions(_OPTIONS | page)
    # verovio divides by the beats of a meter, which a free one that comes later does not have
    hidden = "<beats>4</beats><beat-type>4</beat-type>"
    text = MusicXml.dumps(piece).decode().replace("<senza-misura />", hidden)
    if not toolkit.loadData(text):
        raise InputError("the score cannot be engraved.", "Save it as .musicxml and tell us.")
    drawn = [toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1)]
    return [_finished(drawn[0], title, cycle, composer)] + [_finished(svg) for svg in drawn[1:]]


def engrave_png(piece: Piece) -> bytes:
    """Return the score as PNG, the whole piece on one page."""
    return png(engrave(piece)[0], zoom=1.8)


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
