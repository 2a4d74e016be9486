"""Pictures: SVG -> PNG, with fonts of our own, the same on every machine."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent / "fonts"


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
