"""What every corpus keeps: who made it, under which licence, and how its pieces are had.

    corpus = find("corpora", "oneill_ryan")().load()
    store = build_store(corpus, find("encodings", "abc_text")(), folder, transpositions=11)

A corpus says whether weights learned from it may be passed on (`Source.ship`); its licence and
citation go into the card of every model made of it. To add one, write one module with one class.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nokturn import registry
from nokturn.corpora._findings import drums_only, findings, remedy_for_drums
from nokturn.corpora._ingest import Corpus, Item, ingest
from nokturn.corpora._report import IngestReport
from nokturn.corpora._split import VALID_SHARE, held_out
from nokturn.corpora._store import StoreWriter, TokenStore
from nokturn.corpora._variants import Augment, variants
from nokturn.encodings.base import Encoding
from nokturn.errors import InputError
from nokturn.music.melody import melody
from nokturn.music.piece import Piece
from nokturn.settings import Settings

FEW = 2_000  # pieces whose sheets are kept from the fitting of an encoding to its use
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

    def valid_files(self) -> Sequence[Path]:
        """Return the files that it holds out itself; none = a share of all pieces is."""
        return ()

    def load(self, *, workers: int | None = None) -> Corpus:
        """Return its pieces and the report of how they were read."""
        return ingest(self.files(), workers=workers)


def build_store(
    corpus: Corpus,
    encoding: Encoding,
    folder: str | Path,
    *,
    transpositions: int | Sequence[int] = 0,
    augment: Augment | None = None,
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
        How many other keys each piece to train on is there in, 0-11, the nearest first; or which
        semitones it is moved by. What its instruments cannot play is left out, and text learned
        as it stands has none.
    augment
        Copies of each piece to train on in other tempos and loudnesses; None = none.
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
        Nothing is left to train on, or the encoding keeps nothing of any piece.
    """
    kept = _divided(corpus, valid_corpus, valid, seed, keep_duplicates, keep_versions)
    kept = _that_it_keeps(kept, encoding, corpus.report)
    learned = [item.piece for item, out in kept if not out]
    corpus.report.notes += findings(learned, encoding)
    plain = getattr(encoding, "plain", False)

    def copies(piece: Piece, out: bool) -> list[Piece]:
        return [] if out or plain else variants(piece, transpositions, augment, seed)

    def heard() -> Iterator[Piece]:
        for item, out in kept:
            yield (piece := _passing(item.piece, len(kept)))
            if encoding.fits_copies:
                yield from copies(piece, out)

    if not encoding.vocabulary:
        encoding = encoding.fit(heard())
    refused: list[InputError] = []
    with StoreWriter(
        folder,
        encoding=encoding.name(),
        settings=encoding.model_dump(mode="json"),
        vocabulary=encoding.vocabulary,
        channels=encoding.channels,
        hints=encoding.hints if encoding.channels else (),
    ) as store:
        for done, (item, out) in enumerate(kept, 1):
            piece = _passing(item.piece, len(kept))
            try:
                rows = _rows(encoding, [piece, *copies(piece, out)])
            except InputError as error:
                refused.append(error)
                continue
            characters = encoding.characters(piece, rows[0][0])
            store.add(rows, characters=characters, valid=out, name=item.name)
            if progress:
                progress(done, len(kept))
        _note_refused(refused, len(kept), corpus.report)
    return TokenStore(folder)


def _passing(piece: Piece, pieces: int) -> Piece:
    """Return a piece that is let go with all that was made of it, where they are too many."""
    return piece if pieces <= FEW else replace(piece)


Kept = list[tuple[Item, bool]]  # pieces, and whether each is held out


def _that_it_keeps(kept: Kept, encoding: Encoding, report: IngestReport) -> Kept:
    """Return the pieces of which an encoding keeps anything; the rest is noted in the report."""
    if "drums" in encoding.keeps:
        return kept
    pitched = [(item, out) for item, out in kept if not drums_only(item.piece)]
    lost, share = len(kept) - len(pitched), 1 - len(pitched) / max(1, len(kept))
    if not lost:
        return kept
    who = f"{lost:,} of {len(kept):,} pieces ({share:.0%})"
    reason = f"hold nothing but drums, and the encoding {encoding.name()} keeps none"
    if all(out for _, out in pitched):
        raise InputError(f"Nothing is left to train on: {who} {reason}.", remedy_for_drums())
    report.notes.append(f"{who} {reason}: they are left out. {remedy_for_drums()}")
    return pitched


def _rows(
    encoding: Encoding, pieces: Sequence[Piece]
) -> list[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
    """Return ids and channels of a piece and its variants; what it cannot tell apart, once."""
    different = {ids.tobytes(): ids for ids in map(encoding.encode, pieces)}
    first, *_ = different.values()
    hints = encoding.known_hints(first)
    return [(ids, encoding.channels_of(ids, **hints)) for ids in different.values()]


def _note_refused(refused: Sequence[InputError], pieces: int, report: IngestReport) -> None:
    """Say which pieces an encoding refused; raise where it refused all."""
    if not refused:
        return
    if len(refused) == pieces:
        raise refused[0]
    report.notes.append(
        f"{len(refused):,} of {pieces:,} pieces ({len(refused) / pieces:.0%}) cannot be encoded "
        f"and are left out, the first because: {refused[0]}"
    )


def _divided(
    corpus: Corpus,
    valid_corpus: Corpus | None,
    valid: float,
    seed: int,
    keep_duplicates: bool,
    keep_versions: bool,
) -> Kept:
    """Return the pieces that are used, and which are held out; notes go into the report."""
    if valid_corpus is None:
        items = [item for item in corpus.items if keep_duplicates or not item.duplicate]
        groups = np.array([item.group for item in items], dtype=np.int64)
        held = held_out((_content(item) for item in items), groups, share=valid, seed=seed)
        if valid > 0 and not held.any():
            corpus.report.notes.append(
                "nothing is held out: all pieces are versions of one. Figures will be those of "
                "the training pieces. Give other pieces, or hold some out with --valid FILE."
            )
        return list(zip(items, held.tolist(), strict=True))
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
    return [(item, False) for item in train] + [(item, True) for item in valid_corpus.items]


def _content(item: Item) -> bytes:
    """Return what makes a piece this piece, in any key."""
    return melody(item.piece).steps.tobytes()
