"""Weights of symbols in the loss: what is rare counts more, what is frequent (rests, mostly) less.

    weights = balanced(store, 0.5, transpose_share=0.6)      (V,), 1 in the mean

A symbol's weight is its frequency to the power -balance, so 0 leaves the loss as it is and with 1
every symbol weighs as much as any other in sum. Only the loss is weighed, never a figure; a network
so trained foretells rare symbols too often, which is the price.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore


def balanced(store: TokenStore, power: float, *, transpose_share: float) -> NDArray[np.float32]:
    """Return the weight of each symbol, (V,); the mean over all symbols trained on is 1.

    Parameters
    ----------
    store
        What is trained on.
    power
        0-1: how far frequencies are evened out.
    transpose_share
        Of the pieces met in another key.
    """
    counts = frequencies(store, transpose_share)
    least = counts[counts > 0].min(initial=counts.max(initial=1.0))
    weights = np.maximum(counts, least) ** -power
    weights *= counts.sum() / max((counts * weights).sum(), 1e-30)
    return np.asarray(weights, dtype=np.float32)


def frequencies(store: TokenStore, transpose_share: float) -> NDArray[np.float64]:
    """Return how often each symbol is to be predicted in a pass over the corpus, (V,)."""
    counts = np.zeros(len(store.vocabulary))
    for piece, variants in zip(store.pieces, store.variants(), strict=True):
        if piece["valid"]:
            continue
        other = transpose_share / (len(variants) - 1) if len(variants) > 1 else 0.0
        for segment in variants:
            original = store.segments["variant"][segment] == 0
            share = 1 - other * (len(variants) - 1) if original else other
            targets = store.targets(int(segment))
            counts += piece["repeats"] * share * np.bincount(targets, minlength=len(counts))
    return counts
