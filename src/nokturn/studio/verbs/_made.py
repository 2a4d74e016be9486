"""Made: a piece as the library takes it, with what lists tell of it.

Written music that ABC can hold is kept as ABC, everything else as MIDI: files that people can open
with other programs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nokturn.errors import Error
from nokturn.music.piece import Piece
from nokturn.music.score import Score, notes_of
from nokturn.workflows.info import describe
from nokturn.workflows.load import read_text
from nokturn.workflows.save import kind_named
from nokturn.workflows.stage import aligned

MODEL = 100  # characters of its name
INCIPIT = 48  # notes: six bars of a reel, told apart in a picture as wide as a thumb


def made(piece: Piece, *, kind: str, parent: str = "") -> dict[str, Any]:
    """Return a piece as plain data: file, and what is known of it.

    Parameters
    ----------
    kind
        tune, lofi or import.
    parent
        Id of the piece that it was made from.
    """
    data, ending = _file(piece)
    told = describe(piece)
    recipe = piece.recipe or {}  # which may come from anybody
    seed = recipe.get("seed")
    return {
        "title": told.title, "data": data, "ending": ending, "kind": kind, "parent": parent,
        "key": told.key, "meter": told.meter, "tempo_qpm": round(told.tempo, 3),
        "bars": _bars(piece), "seconds": round(told.seconds, 3),
        "model": str(recipe.get("model", ""))[:MODEL], "seed": seed if type(seed) is int else None,
        "recipe": piece.recipe,
        "incipit": incipit(piece.score),
    }  # fmt: skip


def _bars(piece: Piece) -> int:
    """Return how many bars are played, repeats and all: what was asked for, and the ruler shows."""
    bars = aligned(piece).bars()
    return bars[-1].number if bars else 0


def _file(piece: Piece) -> tuple[bytes, str]:
    if piece.written:
        try:
            data = kind_named("abc").dumps([piece])
            read_text(data.decode())
            return data, ".abc"
        except Error:  # drums, a hundred voices ...: more than ABC holds
            pass
    return kind_named("mid").dumps([piece]), ".mid"


def incipit(score: Score) -> str:
    """Return the first notes for a small picture; see `nokturn.studio.library.Item.incipit`."""
    played = [track.notes for track in score.tracks if not track.drums and len(track.notes)]
    notes = np.concatenate(played or [track.notes for track in score.tracks] or [notes_of([])])
    if not len(notes):
        return ""
    notes = notes[np.argsort(notes["onset"], kind="stable")][:INCIPIT]
    first = notes["onset"][0]
    whole = max(1, int((notes["onset"] + notes["duration"]).max() - first))
    starts = (notes["onset"] - first) * 255 // whole
    lengths = np.clip(notes["duration"] * 255 // whole, 1, 255 - np.minimum(starts, 254))
    columns = np.stack([starts, lengths, notes["pitch"]], axis=1)
    return columns.astype(np.uint8).tobytes().hex()
