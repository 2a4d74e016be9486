"""Take some tracks of every piece of a corpus: its melodies, all but the drums, the basses.

    corpus = picked(corpus, "melody")

A piece of which nothing is left is refused, as a file that cannot be read is. Versions are looked
for anew, in what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator

from nokturn.corpora._ingest import Corpus, Item, mark_versions
from nokturn.encodings.base import written
from nokturn.errors import InputError
from nokturn.music.parts import Choice, choice_of, pick
from nokturn.music.piece import Piece
from nokturn.music.sheet import Sheet

Tracks = Annotated[str | tuple[Choice, ...], BeforeValidator(choice_of)]


def picked(corpus: Corpus, wanted: str | Sequence[Choice]) -> Corpus:
    """Return the corpus with the tracks asked for; "all" returns it as it is.

    Raises
    ------
    InputError
        Nothing is left of any piece: it says so of the first.
    """
    if wanted == "all":
        return corpus
    items: list[Item] = []
    refusals: dict[str, list[str]] = {}
    for item in corpus.items:
        try:
            items.append(replace(item, piece=_picked(item.piece, wanted), duplicate=False))
        except InputError as error:
            refusals.setdefault(item.source, []).append(str(error))
    if not items:
        first = next(iter(refusals.values()))[0]
        raise InputError(f"Nothing is left of all {len(corpus.items)} pieces. {first}")
    for file in corpus.report.files:
        lost = refusals.get(file.path, [])
        file.refusals += lost
        file.pieces -= len(lost)
    mark_versions(items, corpus.report)
    return Corpus(items, corpus.report)


def _picked(piece: Piece, wanted: str | Sequence[Choice]) -> Piece:
    music = piece.sheet_or_score
    if isinstance(music, Sheet) and len(music.voices) < 2 and wanted in ("melody", "no-drums"):
        return piece
    score = pick(written(piece), wanted, piece.source)
    return Piece(score, piece.title, piece.source, piece.recipe, piece.repairs)
