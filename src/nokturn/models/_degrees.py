"""What a network over frames is told of the key: on which degrees of the scale notes stand.

    in G major: D5 B4 G4 G2 after D5 C5 F#4 A2  ->  degrees 7 4 0 0, steps 0 -1 +1 -2

A network that is told pitches has to learn everything once for each key, and one that is told
distances from the note before does not know a leading note from a fifth. So its layers also hear
the frame before by degrees, how each voice moved and what it makes with the bass, and its head
hears by degrees what it hears as distances. The key is guessed as the experts guess it (`_tonal`).
Its weakness is theirs: a minor key is heard as its relative major.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.models import _tonal
from nokturn.models._frames import Frames, Layout

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
DEGREES = 13  # the last where there is no note, or no key yet
OCTAVE = 12
STEPS = 2 * OCTAVE + 2  # a voice moves by an octave at most, or is silent
INTERVALS = 4 * OCTAVE + 2  # from the bass, or silent
AGES = 17


def sizes(layout: Layout) -> tuple[int, int]:
    """Return by how much wider it makes what the layers and the head read."""
    if layout.separator:
        return OCTAVE + 2 * DEGREES, 3 * OCTAVE + 4 * DEGREES
    of_voice = DEGREES + STEPS + INTERVALS + AGES
    return layout.voices * of_voice, (3 * layout.voices + 1) * DEGREES


def of_grid(found: Frames, now: Ints, again: Ints) -> tuple[list[Floats], list[Floats]]:
    """Return what layers (F, I) and head (T, J) are told of a grid of voices.

    Parameters
    ----------
    found
        The piece.
    now
        The pitches of the present frame that were read, (T, voices), -1 = none.
    again
        The pitches of the frame that followed the longest earlier match, (F, voices).
    """
    tonic, frame = _tonics(found), found.frame
    lines = np.vstack([np.full((2, found.lines.shape[1]), -1), found.lines[:-1]])
    older, then = lines[:-1], lines[1:]
    steps = np.clip(then - older, -OCTAVE, OCTAVE) + OCTAVE
    moved = np.where((then >= 0) & (older >= 0), steps, STEPS - 1)
    bass = np.where(then >= 0, then, np.iinfo(np.int64).max).min(1, keepdims=True)
    above = np.where(then >= 0, np.minimum(then - bass, INTERVALS - 2), INTERVALS - 1)
    ages = np.minimum(found.ages[: len(then)], AGES - 1)
    layers = [(_degree(then, tonic), DEGREES), (moved, STEPS), (above, INTERVALS), (ages, AGES)]
    heard = np.hstack([then[frame], now, again[frame], found.base[:, None]])
    return [side_by_side(*part) for part in layers], [
        side_by_side(_degree(heard, tonic[frame]), DEGREES)
    ]


def of_roll(
    found: Frames, before: Floats, so_far: Floats, follower: Floats, notes: Ints
) -> tuple[list[Floats], list[Floats]]:
    """Return what layers (F, I) and head (T, J) are told of a roll.

    Parameters
    ----------
    found
        The piece.
    before, follower
        The frame before each, and what followed the longest earlier match, (F, pitches).
    so_far
        The notes of the present frame that were read, (T, pitches).
    notes
        Single notes at each place, (T, 3), -1 = none.
    """
    tonic, frame = _tonics(found), found.frame
    pitches = before.shape[1]
    some = before > 0
    top = np.where(some.any(1), pitches - 1 - some[:, ::-1].argmax(1), -1)
    bass = np.where(some.any(1), some.argmax(1), -1)
    outer = _degree(np.stack([top, bass], axis=1), tonic)
    heard = _degree(np.hstack([notes, found.base[:, None]]), tonic[frame])
    classes = _classes(before, tonic)
    return [classes, side_by_side(outer, DEGREES)], [
        classes[frame],
        _classes(so_far, tonic[frame]),
        _classes(follower, tonic)[frame],
        side_by_side(heard, DEGREES),
    ]


def _tonics(found: Frames) -> Ints:
    """Return the tonic's pitch class before each frame, -1 where nothing was heard, (F,)."""
    tonics, known = _tonal.keys(found)
    return np.where(known, tonics, -1)


def _degree(pitches: Ints, tonic: Ints) -> Ints:
    """Return the degrees of pitches (N, K) in keys (N,), in semitones above the tonic."""
    known = (pitches >= 0) & (tonic >= 0)[:, None]
    return np.where(known, (pitches - tonic[:, None]) % OCTAVE, DEGREES - 1)


def _classes(rolls: Floats, tonic: Ints) -> Floats:
    """Return which degrees (N, 12) sound in rolls (N, pitches), in keys (N,)."""
    found = np.zeros((len(rolls), DEGREES), dtype=np.float32)
    rows, pitches = np.nonzero(rolls)
    found[rows, _degree(pitches[:, None], tonic[rows])[:, 0]] = 1
    return found[:, :OCTAVE]


def side_by_side(numbers: Ints, size: int) -> Floats:
    """Return the numbers (N, K) below ``size`` as ones among zeros, (N, K * size)."""
    count, columns = numbers.shape
    found = np.zeros((count, columns * size), dtype=np.float32)
    found[np.arange(count)[:, None], numbers + size * np.arange(columns)] = 1
    return found
