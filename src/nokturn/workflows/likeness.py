"""Likeness: how near what a model writes comes to music, for models that foretell nothing.

    found = likeness(ModelFile.load("gan.safetensors"), held_out)
    found.pitch_class, found.distinct

Some pieces are written and their statistics set beside those of held-out pieces. It is no
likelihood and not to be compared with one; and two sets may share all histograms and no music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nokturn.corpora._store import TokenStore
from nokturn.encodings.base import restore
from nokturn.errors import ConstraintError
from nokturn.evaluation.statistics import distances, statistics, variety
from nokturn.generation.free import compose_freely
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece

PIECES, SEED = 16, 1
RUNS = 500  # of the top lines, that are looked at for variety


@dataclass(frozen=True)
class Likeness:
    """What a model writes beside held-out pieces.

    Attributes
    ----------
    pieces, held_out
        How many were written (0 where the model writes no notes), and set beside them.
    distance
        Mean of the next five; 1 where nothing is written.
    pitch_class, interval, duration, onset, texture
        Jensen-Shannon divergence of the histograms in bits, 0 (the same) to 1.
    variety, held_variety
        Share of runs of eight pitches in the top lines that are different; small where a model
        writes the same again and again.
    notes_a_quarter, held_notes_a_quarter
        Mean number of notes.
    """

    pieces: int
    held_out: int
    distance: float
    pitch_class: float
    interval: float
    duration: float
    onset: float
    texture: float
    variety: float
    held_variety: float
    notes_a_quarter: float
    held_notes_a_quarter: float


def likeness(
    file: ModelFile, held: Sequence[Piece], *, n: int = PIECES, seed: int = SEED
) -> Likeness:
    """Return how near n pieces that a model writes come to these."""
    try:
        new = [made.piece for made in compose_freely(file, n=n, seed=seed)]
    except ConstraintError:  # a model that has learned too little writes nothing
        new = []
    mine, theirs = statistics(new), statistics(held)
    apart = distances(mine, theirs) if new else dict.fromkeys(mine.histograms, 1.0)
    return Likeness(
        pieces=len(new),
        held_out=len(held),
        distance=float(np.mean(list(apart.values()))),
        pitch_class=apart["pitch class"],
        interval=apart["interval"],
        duration=apart["duration"],
        onset=apart["onset"],
        texture=apart["texture"],
        variety=variety(new, RUNS),
        held_variety=variety(held, RUNS),
        notes_a_quarter=mine.notes_a_quarter,
        held_notes_a_quarter=theirs.notes_a_quarter,
    )


def held_out(store: TokenStore) -> list[Piece]:
    """Return the held-out pieces of a store, or all where none is, as its encoding keeps them."""
    encoding = restore(store.encoding, store.settings, store.vocabulary, store.channel_sizes)
    chosen = store.originals(valid=True)
    if not len(chosen):
        chosen = store.originals(valid=False)
    return [encoding.decode(store.piece(k)) for k in chosen]
