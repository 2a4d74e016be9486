"""Engrave a text of ABC, such as a tune that is still being written."""

from __future__ import annotations

from nokturn.studio._worker import Talk
from nokturn.workflows.load import read_text
from nokturn.workflows.show import score_svg


def warm() -> None:
    """Have verovio loaded."""
    run(None, abc="X:1\nK:C\nCDEF|\n", width=600)


def run(talk: Talk | None, *, abc: str, width: int) -> str:
    """Return the SVG of the first tune."""
    return score_svg(read_text(abc)[0], width=width)
