"""Evaluate: how well a model foretells music that it has not seen.

    evaluate("folk", "held-out.abc").bits_per_character

Each piece is read from its beginning with nothing remembered, and everything that the encoding
writes counts, the end of the piece too. Bits a character may be compared between models whose
encodings keep the same things; bits a note between all that see the same notes. A model without
likelihood (a GAN) is judged by the statistics of what it writes instead: a `Likeness`.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._ingest import ingest
from nokturn.corpora._store import TokenStore
from nokturn.corpora.base import build_store
from nokturn.encodings.base import Encoding, restore
from nokturn.evaluation.likelihood import adaptive as adapting
from nokturn.evaluation.likelihood import likelihood
from nokturn.evaluation.reconstruction import Reconstruction, reconstruction
from nokturn.models._file import ModelFile
from nokturn.models._frames import Layout
from nokturn.models.base import Adversarial
from nokturn.models.vae import Vae
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.training.runs import resolve
from nokturn.workflows.likeness import Likeness, held_out, likeness

if TYPE_CHECKING:
    from nokturn.training.metrics import Likelihood

JUDGED = 50_000  # frames of independent keys whose notes are counted


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
    nats
        Cost of all symbols, the ends of the pieces too.
    nats_by_piece
        The cost of each piece, in the order in which they were read.
    interval
        95 % of ``nats_per_symbol``, drawn anew from the pieces a thousand times (bootstrap).
    frames, nats_per_frame, nats_per_cell, frame_interval
        Of an encoding of frames (rolls, voices on a grid) only, else None: how many, and what a
        frame and a symbol in it cost where the length of each piece is known, as published figures
        have it (first frame included); 95 % of the cost of a frame, drawn anew from the pieces.
        None, too, where the figures are a bound.
    adaptive
        Whether the model went on learning from each piece while it read it.
    unit
        What ``bits_per_character`` is of: ``"symbol"`` where the symbols are no text.
    bounded
        Whether all these figures are upper bounds of the cost, as a vae's are.
    reconstruction
        Of a vae only, else None: what comes back of the phrases.
    foretold
        Which notes of frames are foretold from the frames before, on the first frames of the
        pieces: see `nokturn.training.judging`. Beside it what silence would have (``silent_f1``,
        ``silent_accuracy``) and each frame once more (``again_f1``), and the ``threshold``.
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
    nats: float
    nats_by_piece: list[float]
    interval: tuple[float, float]
    frames: int | None = None
    nats_per_frame: float | None = None
    nats_per_cell: float | None = None
    frame_interval: tuple[float, float] | None = None
    bounded: bool = False
    adaptive: bool = False
    reconstruction: Reconstruction | None = None
    foretold: dict[str, float] | None = None
    unit: str = "character"


def evaluate(
    model: str,
    *paths: str | Path,
    threads: int = 1,
    adaptive: bool = False,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation | Likeness:
    """Return how well a model foretells the music in files and folders.

    Parameters
    ----------
    model
        Its name, ``name@epoch`` or file.
    paths
        ABC, MIDI, MusicXML, or folders of them.
    threads
        How many pieces at once; the figures do not depend on it.
    adaptive
        Whether the model goes on learning from each piece while it reads it, and forgets it after
        (`nokturn.training.adapting`). What is ``foretold`` is not asked then.
    watch
        Is told how many symbols of how many are read where the model adapts, which takes long.

    Raises
    ------
    ModelError
        There is no such model, it is damaged, or it cannot adapt.
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
        if isinstance(file.model, Adversarial):
            pieces = held_out(store)
            del store
            return likeness(file, pieces)
        sizes = store.segments["stop"] - store.segments["start"]
        framed = encoding.layout and not file.model.bounded
        by_frame: dict[str, Any] = {}
        if adaptive:
            found, known = adapting(file, store, threads=threads, watch=watch)
            if framed:
                by_frame = _by_frame(known, store, encoding)
        else:
            found = likelihood(file, store, threads=threads)
            if framed:
                known = likelihood(file, store, threads=threads, ends=False)
                by_frame = _by_frame(known, store, encoding)
                by_frame["foretold"] = _foretold(file, store, Layout(**encoding.layout), threads)
        rebuilt = reconstruction(file, store) if isinstance(file.model, Vae) else None
        del store  # Windows removes no file that is mapped
    notes = sum(note_count(item.piece) for item in corpus.items)
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
        unit=encoding.unit,
        notes=notes,
        rejected=corpus.report.refused_pieces + corpus.report.count("rejected"),
        nats=nats,
        nats_by_piece=found.nats.tolist(),
        interval=bootstrap(found.nats, sizes),
        bounded=file.model.bounded,
        adaptive=adaptive,
        reconstruction=rebuilt,
        **by_frame,
    )


def _by_frame(found: Likelihood, store: TokenStore, encoding: Encoding) -> dict[str, Any]:
    """Return what frames cost where the lengths of the pieces are known."""
    layout = encoding.layout
    frames = np.array([_frames(store.inputs(k)[1:], layout) for k in range(len(store))])
    nats = float(found.nats.sum())
    return {
        "frames": int(frames.sum()),
        "nats_per_frame": nats / max(1, int(frames.sum())),
        "nats_per_cell": nats / max(1, found.symbols),
        "frame_interval": bootstrap(found.nats, frames),
    }


def _foretold(file: ModelFile, store: TokenStore, layout: Layout, threads: int) -> dict[str, float]:
    """Return which notes of frames are foretold, and what silence and repeating would have."""
    import torch

    from nokturn.training import judging
    from nokturn.training.engine import Threads

    weights = {name: torch.from_numpy(array) for name, array in file.model.weights.items()}
    workers = Threads(threads)
    try:
        model, found = judging.judged(
            file.model, weights, store, range(len(store)), layout,
            calibrate=False, most=JUDGED, written=judging.MANY,
        )  # fmt: skip
    finally:
        workers.close()
    silence, again = judging.baselines(store, range(len(store)), layout, JUDGED)
    return {
        **found.row(),
        "threshold": model.threshold,
        "silent_f1": silence.f1,
        "silent_accuracy": silence.accuracy,
        "again_f1": again.f1,
    }


def _frames(symbols: NDArray[Any], layout: Mapping[str, int]) -> int:
    if layout.get("separator"):
        return int((symbols == layout["separator"]).sum())
    return len(symbols) // layout.get("voices", 1)


def bootstrap(
    costs: NDArray[np.float64], sizes: NDArray[Any], *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return 95 % of the mean cost, when so many pieces are drawn anew from these.

    Parameters
    ----------
    costs, sizes
        Of each piece, (P,).
    """
    random = np.random.default_rng(seed)
    chosen = random.integers(0, len(costs), (draws, len(costs)))
    means = costs[chosen].sum(1) / np.maximum(1, np.asarray(sizes)[chosen].sum(1))
    low, high = np.quantile(means, [0.025, 0.975]).tolist()
    return low, high


def note_count(piece: Piece) -> int:
    """Return how many notes a piece has: as written, repeats once; or where it is a Score, all."""
    if isinstance(piece.sheet_or_score, Score):
        return piece.sheet_or_score.note_count
    voices = (voice for bar in piece.sheet.bars for voice in bar.voices)
    return sum(len(event.pitches) for voice in voices for event in voice)
