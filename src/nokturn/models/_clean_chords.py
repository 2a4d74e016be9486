"""Clean chords: triads and chords of the seventh on every root, in all octaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUALITIES = {  # semitones above the root
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
}


def clean_chords(pitches: int) -> NDArray[np.bool_]:
    """Return which of so many pitches, rising by semitones, belong to each chord, (60, pitches).

    >>> np.flatnonzero(clean_chords(24)[0]).tolist()
    [0, 4, 7, 12, 16, 19]
    """
    roots = np.arange(12)[:, None]
    steps = (np.arange(pitches) - roots) % 12  # above the root
    return np.concatenate([np.isin(steps, quality) for quality in QUALITIES.values()])
