"""Engrave a piece for the screen."""

from __future__ import annotations

from nokturn.studio._worker import Talk
from nokturn.studio.verbs._opened import opened
from nokturn.workflows.show import score_svg


def run(talk: Talk | None, *, path: str, title: str, width: int) -> str:
    """Return the score as SVG."""
    return score_svg(opened(path, title), width=width)
