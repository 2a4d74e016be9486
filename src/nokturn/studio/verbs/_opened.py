"""Opened: a piece of the library, read again in a worker."""

from __future__ import annotations

from nokturn.music.piece import Piece
from nokturn.workflows.load import load


def opened(path: str, title: str = "") -> Piece:
    """Return the first piece in a file, under the title that the library has for it."""
    piece = load(path)[0]
    return renamed(piece, title) if title else piece


def renamed(piece: Piece, title: str) -> Piece:
    """Return a piece under another title, which its files bear, too."""
    piece.title = piece.sheet_or_score.title = title
    return piece
