"""Sampling: from the logits of a model to one symbol.

    logits -> temperature -> top-k, top-p, min-p -> one draw

The filters apply to the distribution *after* temperature, in that order, each to what the one
before left. All of it is float64 and takes one random number a symbol, so that the same seed gives
the same piece.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """How to choose among the symbols that a model thinks likely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.9, ge=0.05, le=3.0, allow_inf_nan=False)
    """Below 1 the likely becomes likelier, above 1 the unlikely does; 0.05-3."""
    top_k: int = Field(default=0, ge=0)
    """Only the k likeliest symbols; 0 = all."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Only the likeliest symbols that together hold this probability (nucleus); 1 = all."""
    min_p: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Only symbols with at least this share of the likeliest one's probability; 0 = all."""


def probabilities(
    logits: NDArray[np.float32], sampling: Sampling, banned: Collection[int] = ()
) -> NDArray[np.float64]:
    """Return the distribution that a symbol is drawn from; zeros throughout if all are banned.

    Parameters
    ----------
    logits
        Shape (V,), finite.
    banned
        Symbols that must not be drawn; they are taken out before the filters look.
    """
    scaled = logits.astype(np.float64) / sampling.temperature
    if banned:
        scaled[list(banned)] = -np.inf
    top = scaled.max()
    if top == -np.inf:
        return np.zeros(len(scaled))
    p: NDArray[np.float64] = np.exp(scaled - top)
    if 0 < sampling.top_k < len(p):
        p[np.argsort(-p, kind="stable")[sampling.top_k :]] = 0.0
    p /= p.sum()
    if sampling.top_p < 1.0:
        order = np.argsort(-p, kind="stable")
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= sampling.top_p]] = 0.0
    if sampling.min_p > 0.0:
        p[p < sampling.min_p * p.max()] = 0.0
    p /= p.sum()
    return p


def draw(p: NDArray[np.float64], generator: np.random.Generator) -> int:
    """Return one symbol drawn from a distribution of shape (V,), by one uniform number."""
    cumulative = np.cumsum(p)
    at = int(np.searchsorted(cumulative, generator.random() * cumulative[-1], side="right"))
    return min(at, int(np.flatnonzero(p)[-1]))
