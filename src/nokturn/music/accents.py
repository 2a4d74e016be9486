"""Accents: how heavy each place of a bar is, and what follows from it.

    4/4 in sixteenths:  4 0 1 0 2 0 1 0 3 0 1 0 2 0 1 0

The bar's beginning weighs most, its middle next, then the beats, then their halves (in compound
meters their thirds). Loudness and syncopation are read from that. Its weakness: all bars are alike.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, SIXTEENTH, Meter

SOFT, LOUD = 64, 104  # velocities of the lightest and the heaviest place


def weights(meter: Meter) -> NDArray[np.int64]:
    """Return the weight of each sixteenth of a bar: 4 its beginning ... 0 off every division.

    >>> weights(COMMON_TIME).tolist()
    [4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0]
    """
    steps = -(-int(meter.bar_ticks) // SIXTEENTH)
    found = np.zeros(steps, dtype=np.int64)
    starts = [int(at) for at in accumulate(meter.beats, initial=0)][:-1]
    for start, beat in zip(starts, meter.beats, strict=True):
        division = int(beat) // 3 if int(beat) % (3 * SIXTEENTH) == 0 else int(beat) // 2
        for at in range(start, start + int(beat), max(SIXTEENTH, division)):
            found[at // SIXTEENTH] = 1
    for nth, start in enumerate(starts):
        half = len(starts) % 2 == 0 and 2 * nth == len(starts)
        found[start // SIXTEENTH] = 4 if nth == 0 else 3 if half else 2
    return found


def syncopation(rhythm: Rhythm, meter: Meter = COMMON_TIME) -> float:
    """Return how syncopated a rhythm is: 0 = no note leads over a heavier step that is silent.

    The mean, over notes, of how much heavier the heaviest silent step until the next note is.
    Source: Longuet-Higgins and Lee, "The Rhythmic Interpretation of Monophonic Music", 1984.

    >>> syncopation(Rhythm.of([(0, 960, 80), (960, 960, 80)], 1920))
    0.0
    >>> syncopation(Rhythm.of([(0, 720, 80), (720, 1200, 80)], 1920))
    1.0
    """
    if not len(rhythm):
        return 0.0
    bar = weights(meter)
    places = np.unique(rhythm.onsets // SIXTEENTH)
    last = max(places[-1] + 1, rhythm.length // SIXTEENTH)
    row = bar[np.arange(last + 1) % len(bar)]
    total = 0
    for place, following in zip(places, [*places[1:], last], strict=True):
        silent = row[place + 1 : following]
        total += max(0, int(silent.max(initial=0)) - int(row[place]))
    return total / len(places)


def accented(rhythm: Rhythm, meter: Meter = COMMON_TIME, amount: float = 1.0) -> Rhythm:
    """Return a rhythm as loud as its places are heavy; with an amount of 0 all notes are alike.

    >>> accented(Rhythm.of([(0, 480, 80), (480, 120, 80), (600, 120, 80)], 1920)).velocities
    array([104,  84,  64])
    """
    row = weights(meter)
    heavy = row[rhythm.onsets // SIXTEENTH % len(row)] / row.max()
    middle = (SOFT + LOUD) / 2
    louder = SOFT + (LOUD - SOFT) * heavy
    velocities = np.round(middle + amount * (louder - middle)).astype(np.int64)
    return replace(rhythm, velocities=velocities)
