"""Evaluate: how well a model foretells music that it has not seen.

    evaluate("folk", "held-out.abc").bits_per_character

Each piece is read from its beginning with nothing remembered, and everything that the encoding
writes counts, the end of the piece too. Bits a character may be compared between models whose
encodings keep the same things; bits a note between all that see the same notes.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nokturn.corpora._ingest import ingest
from nokturn.corpora.base import build_store
from nokturn.encodings.base import restore
from nokturn.evaluation.likelihood import likelihood
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.training.runs import resolve


@dataclass(frozen=True)
class Evaluation:
    """What a model makes of files.

    Attributes
    ----------
    nats_per_symbol, nats_per_character, bits_per_character, bits_per_note
        Mean cost; a note is one that is written, so repeats count once.
    accuracy
        Share of symbols that were the first guess.
    pieces, symbols, characters, notes
        Counts.
    rejected
        Files and pieces that could not be read.
    """

    model: str
    nats_per_symbol: float
    nats_per_character: float
    bits_per_character: float
    bits_per_note: float
    accuracy: float
    pieces: int
    symbols: int
    characters: int
    notes: int
    rejected: int


def evaluate(model: str, *paths: str | Path, threads: int = 1) -> Evaluation:
    """Return how well a model foretells the music in files and folders.

    Parameters
    ----------
    model
        Its name, ``name@epoch`` or file.
    paths
        ABC, MIDI, MusicXML, or folders of them.
    threads
        How many pieces at once; the figures do not depend on it.

    Raises
    ------
    ModelError
        There is no such model, or it is damaged.
    InputError
        Nothing in the files can be used.
    """
    file = ModelFile.load(resolve(model))
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    corpus = ingest(paths)
    with tempfile.TemporaryDirectory(prefix="nokturn-") as folder:
        store = build_store(
            corpus, encoding, Path(folder) / "tokens", valid=0.0, keep_duplicates=True
        )
        found = likelihood(file, store, threads=threads)
        del store  # Windows removes no file that is mapped
    notes = sum(written_notes(item.piece) for item in corpus.items)
    nats = float(found.nats.sum())
    return Evaluation(
        model=model,
        nats_per_symbol=found.nats_per_symbol,
        nats_per_character=nats / max(1, found.characters),
        bits_per_character=found.bits_per_character,
        bits_per_note=nats / math.log(2) / max(1, notes),
        accuracy=found.accuracy,
        pieces=len(found.nats),
        symbols=found.symbols,
        characters=found.characters,
        notes=notes,
        rejected=corpus.report.refused_pieces + corpus.report.count("rejected"),
    )


def written_notes(piece: Piece) -> int:
    """Return how many notes are written in a piece, each of a chord for itself."""
    voices = (voice for bar in piece.sheet.bars for voice in bar.voices)
    return sum(len(event.pitches) for voice in voices for event in voice)
