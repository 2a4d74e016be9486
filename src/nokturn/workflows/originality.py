"""Originality: is it a copy? What pieces share with others, note for note, in any key.

    for row in originality("new.abc", against=["my-tunes/"]): print(row.words)

What counts as shared, and how much people's own tunes share, stands in
`nokturn.evaluation.originality`. Weakness: one changed note ends a run, so a thin disguise halves
it; and only the melody is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nokturn.corpora._ingest import Item, ingest
from nokturn.errors import InputError, UsageError
from nokturn.evaluation.originality import Shared, TuneIndex
from nokturn.music.melody import melody

USUAL = 13  # notes: nine of ten tunes of people share no longer run with the others
WHOLE = 0.9  # of its notes, from which on a piece is a copy


@dataclass(frozen=True)
class Originality:
    """What a piece shares with others.

    Attributes
    ----------
    file, number, title
        Which piece it is; its number in the file from 1.
    notes
        Of its melody; tied notes are one.
    longest
        Notes in a row that it shares, intervals and durations the same; 0 = none of four.
    source, bar
        The piece that they stand in, ``tunes.abc:17 The Title``, and from which bar of it, counted
        as they stand from 1; 0 = unknown.
    share
        Of its runs of eight notes, those that occur elsewhere; 0-1.
    """

    file: str
    number: int
    title: str
    notes: int
    longest: int
    source: str
    bar: int
    share: float

    @property
    def copy(self) -> bool:
        """Whether it is in essence another piece."""
        return self.longest > USUAL and self.longest >= WHOLE * self.notes

    @property
    def words(self) -> str:
        """Say it in a sentence or two."""
        if not self.longest:
            return "No four notes in a row stand anywhere else."
        where = f"{self.source}, from bar {self.bar}" if self.bar else self.source
        run = f"{self.longest} of its {self.notes} notes stand in a row in {where}"
        rest = f"{self.share:.0%} of its runs of eight notes stand elsewhere."
        if self.copy:
            return f"A copy: {run}."
        if self.longest > USUAL:
            return f"{run}: more than tunes of people mostly share. {rest}"
        return f"{run}: no more than tunes of people share. {rest}"


def originality(
    *paths: str | Path, against: Sequence[str | Path], workers: int | None = None
) -> list[Originality]:
    """Return what each piece in files and folders shares with the pieces in others.

    Parameters
    ----------
    paths
        What is new.
    against
        What it may be taken from, such as all that a model learned from. Files of ``paths`` that
        lie there, too, are left out.
    workers
        Processes that read; see `nokturn.corpora._ingest.ingest`.

    Raises
    ------
    UsageError
        Nothing is named.
    InputError
        There is no such file or no piece in them, or nothing is left to set beside them.
    """
    if not paths or not against:
        raise UsageError(
            "Name what is new, and what it may be taken from.",
            "For example: nokturn originality new.abc --against my-tunes/",
        )
    new = ingest(paths, workers=workers)
    mine = {Path(item.source).resolve() for item in new.items}
    known = ingest(against, workers=workers)
    others = [item for item in known.items if Path(item.source).resolve() not in mine]
    if not others:
        raise InputError(
            "There is nothing to set beside it but itself.",
            "Name other files after --against: those that the model learned from.",
        )
    index = TuneIndex((item.piece for item in others), names=[item.name for item in others])
    return [_row(item, index.compare(item.piece)) for item in new.items]


def _row(item: Item, shared: Shared) -> Originality:
    return Originality(
        file=item.source,
        number=item.number,
        title=item.piece.title,
        notes=len(melody(item.piece)),
        longest=shared.longest,
        source=shared.name,
        bar=shared.bar,
        share=shared.share,
    )
