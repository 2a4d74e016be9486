"""Reconstruction: what comes back of phrases that a variational autoencoder has put into numbers.

    found = reconstruction(ModelFile.load("tunes-vae.safetensors"), TokenStore(tokens))
    found.free, found.active

A phrase is read, described by the mean of its z, and written again, the likeliest symbol each time:
*forced* where the true symbols are read along, *free* where what was written itself is. Only exact
symbols at their exact places count, so one symbol too many spoils the rest of a phrase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nokturn.corpora._store import TokenStore
from nokturn.encodings.base import Encoding, Tracker, restore
from nokturn.models._file import ModelFile
from nokturn.models.base import Stream
from nokturn.models.vae import Vae

ACTIVE = 0.01  # variance of a unit's mean over phrases that makes it active


@dataclass(frozen=True)
class Reconstruction:
    """What comes back of phrases.

    Attributes
    ----------
    phrases
        How many were read.
    forced, free
        Share of exact symbols; 0-1.
    whole
        Share of the phrases that come back without a mistake, written freely.
    divergence
        Mean divergence of a phrase's z from the standard normal, in nats.
    active, units
        How many numbers of z tell phrases apart (Burda et al., 2015, arXiv:1509.00519), of how
        many.
    """

    phrases: int
    forced: float
    free: float
    whole: float
    divergence: float
    active: int
    units: int


def reconstruction(file: ModelFile, store: TokenStore) -> Reconstruction:
    """Return what comes back of the pieces of a store, as they stand; the model must be a vae."""
    assert isinstance(file.model, Vae), "only a vae has something to write phrases from"
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    segments = np.flatnonzero(store.segments["variant"] == 0)
    with threadpool_limits(limits=1):  # many threads only slow such small products down
        found = [_piece(file.model, encoding, store.piece(int(k))) for k in segments]
    mean, deviation, right = (np.concatenate(parts) for parts in zip(*found, strict=True))
    symbols, forced, free = right.sum(0).tolist()
    divergences = (mean**2 + deviation**2 - 1 - 2 * np.log(deviation)).sum(1) / 2
    return Reconstruction(
        phrases=len(right),
        forced=forced / symbols,
        free=free / symbols,
        whole=float((right[:, 2] == right[:, 0]).mean()),
        divergence=float(divergences.mean()),
        active=int((mean.var(0) > ACTIVE).sum()),
        units=mean.shape[1],
    )


def _piece(
    model: Vae, encoding: Encoding, symbols: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return means and deviations of a piece's phrases, and its counts.

    Counts (K, 3) are symbols, those right when forced, those right when free.
    """
    mean, deviation = model.latents(symbols[1:])
    tracker, size = encoding.tracker(), model.settings.phrase
    counts = []
    for number, z in enumerate(mean):
        part = symbols[number * size : (number + 1) * size + 1].tolist()  # and what came before
        free = _right(model.with_latent(z), tracker.copy(), part, forced=False)
        forced = _right(model.with_latent(z), tracker, part, forced=True)
        counts.append((len(part) - 1, forced, free))
    return mean, deviation, np.array(counts)


def _right(stream: Stream, tracker: Tracker, symbols: list[int], *, forced: bool) -> int:
    """Return how many symbols after the first come back; the tracker is brought forward."""
    right, read = 0, symbols[0]
    for true in symbols[1:]:
        said = int(stream.step(read, tracker.step(read)).argmax())
        right += said == true
        read = true if forced else said
    return right
