"""The same music a little faster, slower, louder or softer: more to learn from.

    at_tempo(score, 1.05), with_velocity(score, scale=0.9, offset=4)

Notes stay on their beats: what changes is how fast the beats go by.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nokturn.music.score import DEFAULT_QPM, Score, Track


def at_tempo(score: Score, factor: float) -> Score:
    """Return a score so many times as fast, all tempo changes with it.

    >>> at_tempo(Score([], tempos=[(0, 100.0)]), 1.1).tempos
    [(0, 110.0)]
    """
    tempos = score.tempos
    if not tempos or tempos[0][0] > 0:
        tempos = [(0, DEFAULT_QPM), *tempos]
    return replace(score, tempos=[(tick, round(qpm * factor, 6)) for tick, qpm in tempos])


def with_velocity(score: Score, *, scale: float = 1.0, offset: float = 0.0) -> Score:
    """Return a score whose velocities are multiplied and moved, kept within 1-127, drums too."""
    return replace(score, tracks=[_louder(track, scale, offset) for track in score.tracks])


def _louder(track: Track, scale: float, offset: float) -> Track:
    notes = track.notes.copy()
    notes["velocity"] = np.clip(np.rint(notes["velocity"] * scale + offset), 1, 127)
    return replace(track, notes=notes)
