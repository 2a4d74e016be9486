"""Make a piece again by its recipe, which may take as long as making it took."""

from __future__ import annotations

from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.verbs._made import made
from nokturn.studio.verbs.read import kind_of
from nokturn.workflows.restore import remade


def run(talk: Talk | None, *, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the piece as the library takes it."""
    piece = remade(recipe)
    return made(piece, kind=kind_of(piece))
