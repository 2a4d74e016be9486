"""Opened: a piece of the library, read again in a worker."""

from __future__ import annotations

from nokturn.music.piece import Piece
from nokturn.music.sheet import Sheet
from nokturn.workflows.load import load


def opened(path: str, title: str = "") -> Piece:
    """Return the first piece in a file, under the title that the library has for it."""
    piece = load(path)[0]
    if title:
        piece.title = title
        if isinstance(piece.sheet_or_score, Sheet):
            piece.sheet_or_score.title = title
    return piece
