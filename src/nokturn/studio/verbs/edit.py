"""Change a piece: what comes out is a new one, its parent stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nokturn.music.augmentation import at_tempo
from nokturn.music.piece import Piece
from nokturn.music.score import DEFAULT_QPM, Score
from nokturn.music.sheet import Sheet
from nokturn.music.time import Tempo
from nokturn.music.transposition import transpose, transpose_score
from nokturn.studio._worker import Talk
from nokturn.studio.verbs._made import made
from nokturn.studio.verbs._opened import opened, renamed
from nokturn.workflows.cut import cut
from nokturn.workflows.info import describe


def run(
    talk: Talk | None, *, path: str, title: str, parent: str, kind: str,
    semitones: int | None = None, qpm: float | None = None, bars: tuple[int, int] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the changed piece as the library takes it."""
    piece = opened(path, title)
    if semitones is not None:
        before = describe(piece).key
        piece = _transposed(piece, semitones)
        if before:  # "Reel in A dorian, no. 7" is in another key now
            piece = renamed(piece, title.replace(f"in {before}", f"in {describe(piece).key}"))
    if qpm is not None:
        piece = at_qpm(piece, qpm)
    if bars is not None:
        piece = cut(piece, *bars)
        piece = renamed(piece, f"{title}, bars {bars[0]}-{bars[1]}")
    return made(piece, kind=kind, parent=parent)


def _transposed(piece: Piece, semitones: int) -> Piece:
    music = piece.sheet_or_score
    moved = (
        transpose(music, semitones)
        if isinstance(music, Sheet)
        else transpose_score(music, semitones)
    )
    return _again(piece, moved, {"transpose": semitones})


def at_qpm(piece: Piece, qpm: float) -> Piece:
    """Return a piece that begins with so many quarters a minute; its other tempos follow."""
    score = piece.score
    factor = qpm / (score.tempos[0][1] if score.tempos else DEFAULT_QPM)
    music = piece.sheet_or_score
    moved = _marked(music, factor) if isinstance(music, Sheet) else at_tempo(music, factor)
    return _again(piece, moved, {"tempo": qpm})


def _marked(sheet: Sheet, factor: float) -> Sheet:
    """Return a sheet with all its tempo marks so many times as fast, and one at the beginning."""
    if sheet.tempo is None:
        sheet.bars[0].tempos[0] = Tempo(DEFAULT_QPM)
    for bar in sheet.bars:
        bar.tempos = {
            at: replace(tempo, bpm=round(tempo.bpm * factor, 3)) for at, tempo in bar.tempos.items()
        }
    return sheet


def _again(piece: Piece, music: Sheet | Score, edit: dict[str, Any]) -> Piece:
    """Return a piece with other music, whose recipe says what was done to it."""
    recipe = dict(piece.recipe or {})
    recipe["edits"] = [*recipe.get("edits", []), edit]
    return Piece(music, piece.title, piece.source, recipe if piece.recipe else None)
