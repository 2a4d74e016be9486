"""Make one thing that a piece can be taken away as, or say which there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nokturn.errors import Error, UsageError
from nokturn.music.piece import Piece
from nokturn.studio._worker import Talk
from nokturn.studio.verbs._opened import opened
from nokturn.studio.verbs.edit import at_qpm
from nokturn.workflows.cut import cut
from nokturn.workflows.exports import exports

SIZED = ("abc", "mid", "musicxml", "mxl", "recipe")  # made so quickly that their size can be told


def run(
    talk: Talk | None,
    *,
    path: str,
    title: str,
    folder: str,
    kind: str = "",
    bars: tuple[int, int] | None = None,
    qpm: float | None = None,
) -> dict[str, Any]:
    """Write an export into a folder and return what it is; without a kind, list all there are.

    Parameters
    ----------
    bars
        The first and the last bar, as played, where it is to be a part.
    qpm
        Another tempo.
    """
    piece = opened(path, title)
    part = ""
    if bars is not None:
        piece, part = cut(piece, *bars), f"bars {bars[0]}-{bars[1]}"
    if qpm is not None:
        piece = at_qpm(piece, qpm)
    if not kind:
        return _listed(piece, part)
    found = exports(piece, part=part).get(kind)
    if found is None:
        raise UsageError(f"This piece has no {kind}.", "It has no notes, or no recipe.")
    data = found.make()
    (Path(folder) / "file").write_bytes(data)
    return {"name": found.name, "type": found.media, "bytes": len(data)}


def _listed(piece: Piece, part: str) -> dict[str, Any]:
    return {
        "exports": [
            {"kind": kind, "name": one.name, "about": one.about, "bytes": _size(kind, one.make)}
            for kind, one in exports(piece, part=part).items()
        ]
    }


def _size(kind: str, make: Any) -> int | None:
    """Return how many bytes an export has; None where that is not known at once."""
    if kind not in SIZED:
        return None
    try:
        return len(make())
    except Error:  # drums in ABC: whoever asks for it is told
        return None
