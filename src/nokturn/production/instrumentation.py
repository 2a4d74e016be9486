"""Instrumentation: the same notes for other instruments.

    instrumented(score, {"Melody": program_of("flute"), 2: program_of("cello")})

A track moves by whole octaves to where most of its notes lie within the instrument's range; single
notes that are beyond it still are folded in by octaves. Its weakness: it does not know which
octave of its range an instrument sounds best in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError
from nokturn.music.instruments import RANGES
from nokturn.music.parts import described
from nokturn.music.score import Notes, Score, Track, in_order

OCTAVES = (0, 1, -1, 2, -2, 3, -3, 4, -4)  # as they are tried: the nearest first


def instrumented(score: Score, programs: Mapping[int | str, int]) -> Score:
    """Return a score with other instruments.

    Parameters
    ----------
    programs
        Number of a track (from 1) or part of its name -> General MIDI program 0-127; the key
        ``"all"`` means every track that is not named and no drums.

    Raises
    ------
    UsageError
        There is no such track, or it is drums.
    """
    chosen: dict[int, int] = {}
    for which, program in programs.items():
        for index in _tracks(score, which):
            if which != "all" or index not in chosen:
                chosen[index] = program
    tracks = [
        for_instrument(track, chosen[i]) if i in chosen else track
        for i, track in enumerate(score.tracks)
    ]
    return replace(score, tracks=tracks)


def _tracks(score: Score, which: int | str) -> list[int]:
    pitched = [i for i, track in enumerate(score.tracks) if not track.drums]
    if which == "all":
        return pitched
    if isinstance(which, int):
        found = [i for i in pitched if i == which - 1]
    else:
        found = [i for i in pitched if which.lower() in score.tracks[i].name.lower()]
    if not found:
        raise UsageError(
            f"There is no pitched track {which!r} to give an instrument to.",
            f"There are {described(score)}.",
        )
    return found


def for_instrument(track: Track, program: int) -> Track:
    """Return a track for an instrument, within its range."""
    low, high = RANGES[program]
    pitch = track.notes["pitch"].astype(np.int64)
    if len(pitch) == 0:
        return replace(track, program=program)
    best = min(OCTAVES, key=lambda k: int(_outside(pitch + 12 * k, low, high).sum()))
    notes = track.notes.copy()
    notes["pitch"] = _folded(pitch + 12 * best, low, high)
    return replace(track, notes=_without_doubles(in_order(notes)), program=program)


def _outside(pitch: NDArray[np.int64], low: int, high: int) -> NDArray[np.bool_]:
    outside: NDArray[np.bool_] = (pitch < low) | (pitch > high)
    return outside


def _folded(pitch: NDArray[np.int64], low: int, high: int) -> NDArray[np.int64]:
    """Return pitches moved by octaves into a range; one narrower than an octave may be left."""
    up = np.maximum(0, -((pitch - low) // 12))
    down = np.maximum(0, -((high - pitch) // 12))
    folded: NDArray[np.int64] = pitch + 12 * (up - down)
    return folded


def _without_doubles(notes: Notes) -> Notes:
    """Return notes without those that another one of the same onset and pitch outlasts."""
    order = np.lexsort((-notes["duration"], notes["pitch"], notes["onset"]))
    rows = notes[order]
    new = np.ones(len(rows), dtype=bool)
    same = (rows["onset"][1:] == rows["onset"][:-1]) & (rows["pitch"][1:] == rows["pitch"][:-1])
    new[1:] = ~same
    return in_order(rows[new])
