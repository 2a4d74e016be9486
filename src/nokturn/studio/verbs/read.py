"""Read a file that somebody gave: its pieces as the library takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nokturn.errors import Error, InputError
from nokturn.music.piece import Piece
from nokturn.studio._shelf import digest
from nokturn.studio._worker import Talk
from nokturn.studio.problems import document, problem
from nokturn.studio.verbs._made import made
from nokturn.workflows.load import load, load_bytes, read_text
from nokturn.workflows.restore import restored

PIECES = 500  # of one file: a book of tunes


def run(talk: Talk | None, *, path: str = "", text: str = "", name: str = "") -> dict[str, Any]:
    """Return the pieces of a file, or of a text, and what is wrong with some of them.

    Parameters
    ----------
    path, text
        One of them.
    name
        What the file was called where it came from.

    Returns
    -------
    ``pieces``, ``problems``, and the ``digest`` of the file; of sound or a picture of ours only the
    ``recipe`` that makes its piece again.
    """
    data = text.encode() if text else load_bytes(path)[0]
    try:
        pieces = read_text(text) if text else load(path)
    except InputError as error:
        error.source = "" if name else error.source  # it stands beside what is said
        return {"pieces": [], "problems": [], "recipe": _recipe(path, error)}
    found: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for number, piece in enumerate(pieces[:PIECES], 1):
        piece.title = piece.title or _named(name, number if len(pieces) > 1 else 0)
        try:
            found.append(made(piece, kind=kind_of(piece)))
        except Error as error:
            problems.append(problem(error))
    if len(pieces) > PIECES:
        what = f"Only the first {PIECES} of {len(pieces)} pieces were taken."
        problems.append(document("limit", 413, what, fix="Divide the file."))
    return {"pieces": found, "problems": problems, "digest": digest(data)}


def _recipe(path: str, error: InputError) -> dict[str, Any]:
    """Return the recipe in what is no music; raises the error where there is none."""
    try:
        return restored(path)
    except Error:
        raise error from None


def kind_of(piece: Piece) -> str:
    """Return what a piece is: one of ours comes back as what it was."""
    made_by = str((piece.recipe or {}).get("model", ""))
    if not piece.recipe:
        return "import"
    return "lofi" if made_by == "lofi" else "tune"


def _named(name: str, number: int) -> str:
    """Return a title after a file's name."""
    stem = " ".join(Path(name).stem.replace("_", " ").split()) or "Untitled"
    return f"{stem} {number}" if number else stem
