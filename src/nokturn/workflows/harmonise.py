"""Harmonise: melodies of a file with chords found for them.

    for piece in harmonise("tune.abc", like=["tunes/"]): print(piece.sheet.bars[0])

Without tunes to learn from, a table of what chords do in major, minor, dorian and mixolydian keys
does. Tunes with chord symbols (``like``) teach the chords of their style on top of it; reading a
thousand takes seconds, so nothing is trained beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora._ingest import ingest
from nokturn.errors import InputError
from nokturn.generation.accompany import accompanied
from nokturn.generation.harmonise import Harmoniser, harmonised
from nokturn.music.piece import Piece
from nokturn.music.sheet import Sheet
from nokturn.workflows.convert import read_tunes


def harmonise(
    source: str | Path,
    *,
    like: Sequence[str | Path] = (),
    tune: int = 0,
    accompany: bool = False,
) -> list[Piece]:
    """Return the pieces of a file with chord symbols; those that they had are replaced.

    Parameters
    ----------
    source
        ABC, MIDI, MusicXML ...; ``"-"`` is standard input.
    like
        Files and folders of tunes with chord symbols to learn from.
    tune
        Only the tune of that number, from 1; 0 = all.
    accompany
        Add an instrument that plays the chords.

    Raises
    ------
    InputError
        A file cannot be read, a piece has no notes or only drums, or no tune of ``like`` has a
        chord symbol.
    """
    pieces = read_tunes(source, tune=tune)
    harmoniser = Harmoniser.learned(_marked(like)) if like else Harmoniser()
    return [_with_chords(piece, harmoniser, accompany) for piece in pieces]


def _with_chords(piece: Piece, harmoniser: Harmoniser, accompany: bool) -> Piece:
    try:
        sheet = harmonised(piece.sheet, harmoniser)
    except InputError as error:
        source = f"{piece.source}: {piece.title}".strip(": ")
        raise InputError(error.message, error.hint, source=source) from error
    if accompany:
        sheet = accompanied(sheet)
    return Piece(sheet, title=piece.title, source=piece.source, repairs=piece.repairs)


def _marked(paths: Sequence[str | Path]) -> list[Sheet]:
    """Return the written tunes that have chord symbols."""
    pieces = [item.piece for item in ingest(paths).items if not item.duplicate]
    sheets = [piece.sheet for piece in pieces if piece.written and _has_chords(piece.sheet)]
    if not sheets:
        raise InputError(
            f"none of the {len(pieces)} tunes to learn chords from has a chord symbol.",
            'In ABC they stand in quotation marks: "Gm7" before a note.',
        )
    return sheets


def _has_chords(sheet: Sheet) -> bool:
    return any(event.chord for bar in sheet.bars for voice in bar.voices for event in voice)
