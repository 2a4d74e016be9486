"""Take some tracks of every piece of a corpus: its melodies, all but the drums, the basses.

    corpus = picked(corpus, "melody")

A piece of which nothing is left is refused, as a file that cannot be read is. Versions are looked
for anew, in what is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator

from nokturn.corpora._ingest import Corpus, Item, mark_versions
from nokturn.encodings.base import written
from nokturn.errors import InputError
from nokturn.music.parts import WAYS, Choice, pick
from nokturn.music.piece import Piece
from nokturn.music.sheet import Sheet


def tracks(value: object) -> str | tuple[Choice, ...]:
    """Return a choice of tracks as a recipe or a command line may say it.

    >>> tracks("melody"), tracks("1, bass"), tracks([1, "program 33"])
    ('melody', (1, 'bass'), (1, 'program 33'))
    """
    if isinstance(value, str) and value in WAYS:
        return value
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    choices = list(value) if isinstance(value, (list, tuple)) else [value]
    choices = [int(c) if isinstance(c, str) and re.fullmatch(r"\d+", c) else c for c in choices]
    sound = [c for c in choices if (type(c) is int and c > 0) or (isinstance(c, str) and c)]
    if not choices or len(sound) < len(choices):
        raise ValueError(
            f"it is one of {', '.join(WAYS)}, or a list of track numbers from 1, "
            "'program 33', families such as 'bass', and names"
        )
    return tuple(sound)


Tracks = Annotated[str | tuple[Choice, ...], BeforeValidator(tracks)]


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
