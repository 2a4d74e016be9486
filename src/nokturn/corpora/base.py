"""What every corpus keeps: who made it, under which licence, and how its pieces are had.

    corpus = find("corpora", "oneill_ryan")().load()
    store = build_store(corpus, find("encodings", "abc_text")(), folder, transpositions=11)

A corpus says whether weights learned from it may be passed on (`Source.ship`); its licence and
citation go into the card of every model made of it. To add one, write one module with one class.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from nokturn import registry
from nokturn.corpora._ingest import Corpus, Item, ingest
from nokturn.corpora._split import VALID_SHARE, held_out
from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.encodings.base import Encoding
from nokturn.errors import InputError
from nokturn.music.melody import melody
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.transposition import transpose, transpose_score
from nokturn.settings import Settings

Progress = Callable[[int, int], None]  # pieces done, pieces in all


class Source(registry.Component, Settings):
    """A corpus. The fields of a subclass are its settings.

    Attributes
    ----------
    title
        Its name in words.
    licence
        As stated by those who made it.
    citation
        Whom to thank, for the card of a model.
    ship
        Whether weights learned from it may be passed on.
    """

    title: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]
    ship: ClassVar[bool]

    @abstractmethod
    def files(self) -> Sequence[Path]:
        """Return its files and folders.

        Raises `UsageError` where something must be installed or named first.
        """

    def load(self, *, workers: int | None = None) -> Corpus:
        """Return its pieces and the report of how they were read."""
        return ingest(self.files(), workers=workers)


def shifts(transpositions: int) -> list[int]:
    """Return so many transpositions in semitones, the smallest first; 11 are all other keys.

    >>> shifts(4), len(shifts(11))
    ([1, -1, 2, -2], 11)
    """
    both = [shift for size in range(1, 7) for shift in (size, -size)]
    return both[: max(0, min(11, transpositions))]


def build_store(
    corpus: Corpus,
    encoding: Encoding,
    folder: str | Path,
    *,
    transpositions: int = 0,
    valid: float = VALID_SHARE,
    valid_corpus: Corpus | None = None,
    seed: int = 0,
    keep_duplicates: bool = False,
    keep_versions: bool = False,
    progress: Progress | None = None,
) -> TokenStore:
    """Write a corpus as tokens, divided into pieces to train on and pieces held out.

    Parameters
    ----------
    encoding
        How pieces become ids; it is fitted to the corpus unless it has a vocabulary.
    folder
        Where the store will be.
    transpositions
        How many other keys each piece to train on is there in, 0-11, the nearest first. Text
        learned as it stands has none.
    valid, seed
        Share held out, and the seed of that choice.
    valid_corpus
        Pieces to hold out instead of a share; versions of them are not trained on.
    keep_duplicates
        Keep pieces whose melody another has note for note; without, the first one is kept.
    keep_versions
        Train on versions of what ``valid_corpus`` holds, too, for splits published that way.

    Raises
    ------
    InputError
        Nothing is left to train on.
    """
    items, held = _divided(corpus, valid_corpus, valid, seed, keep_duplicates, keep_versions)
    if not encoding.vocabulary:
        encoding = encoding.fit(item.piece for item in items)
    moves = [] if getattr(encoding, "plain", False) else shifts(transpositions)
    with StoreWriter(
        folder,
        encoding=encoding.name(),
        settings=encoding.model_dump(mode="json"),
        vocabulary=encoding.vocabulary,
        channels=encoding.channels,
        hints=encoding.hints if encoding.channels else (),
    ) as store:
        for done, (item, out) in enumerate(zip(items, held, strict=True), 1):
            pieces = [item.piece, *([] if out else _moved(item.piece, moves))]
            variants = [encoding.encode(piece) for piece in pieces]
            hints = encoding.known_hints(variants[0])
            rows = [(ids, encoding.channels_of(ids, **hints)) for ids in variants]
            characters = encoding.characters(item.piece, variants[0])
            store.add(rows, characters=characters, valid=out, name=item.name)
            if progress:
                progress(done, len(items))
    return TokenStore(folder)


def _moved(piece: Piece, moves: Sequence[int]) -> list[Piece]:
    if isinstance(piece.sheet_or_score, Score):
        moved = [transpose_score(piece.sheet_or_score, move) for move in moves]
        return [Piece(score, source=piece.source) for score in moved]
    return [Piece(transpose(piece.sheet, move), source=piece.source) for move in moves]


def _divided(
    corpus: Corpus,
    valid_corpus: Corpus | None,
    valid: float,
    seed: int,
    keep_duplicates: bool,
    keep_versions: bool,
) -> tuple[list[Item], list[bool]]:
    """Return the pieces that are used, and which are held out; notes go into the report."""
    if valid_corpus is None:
        items = [item for item in corpus.items if keep_duplicates or not item.duplicate]
        groups = np.array([item.group for item in items], dtype=np.int64)
        held = held_out((_content(item) for item in items), groups, share=valid, seed=seed)
        if valid > 0 and not held.any():
            corpus.report.notes.append(
                "nothing is held out: all pieces are versions of one. Figures will be those of "
                "the training pieces."
            )
        return items, held.tolist()
    known = {_content(item) for item in valid_corpus.items}
    train = [item for item in corpus.items if keep_duplicates or not item.duplicate]
    taken = {item.group for item in corpus.items if _content(item) in known}
    taken = set() if keep_versions else taken
    train = [item for item in train if item.group not in taken]
    if not train:
        raise InputError(
            "Nothing is left to train on: every piece is a version of one held out.",
            "Hold out other pieces, or give more to train on.",
        )
    items = [*train, *valid_corpus.items]
    return items, [False] * len(train) + [True] * len(valid_corpus.items)


def _content(item: Item) -> bytes:
    """Return what makes a piece this piece, in any key."""
    return melody(item.piece).steps.tobytes()
