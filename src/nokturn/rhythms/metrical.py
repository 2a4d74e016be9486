"""Metrical: rhythm by the rules of meter and phrase.

    density .5, syncopation 0   ->  x...x.x.x...x.x.      syncopation 1  ->  .x.x..x..x.x.x.x

Each step of the bar has a weight: the bar's beginning most, beats less, halves of beats less again.
Notes fall on heavy steps, or with ``syncopation`` on light ones before them. A phrase repeats its
first bar, changes, and comes to rest on a strong beat. Its weakness: one bar is the largest pattern
that it invents.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter
from nokturn.rhythms.base import RhythmSettings, RhythmSource

STEP = TICKS_PER_QUARTER // 4
SHARPNESS = 2.2  # how much a step's weight counts against chance
SOFT, LOUD = 64, 104  # velocities of the lightest and the heaviest step


class MetricalSettings(RhythmSettings):
    """Settings of a rhythm by rules."""

    density: float = Field(default=0.45, gt=0, le=1)  # share of the steps that have a note
    syncopation: float = Field(default=0.1, ge=0, le=1)  # 0 on heavy steps, 1 on light ones
    accents: float = Field(default=1.0, ge=0, le=1)  # how much louder heavy steps are
    phrase: int = Field(default=4, ge=1, le=32)  # bars
    cadence: bool = True  # a phrase ends with a long note on a strong beat
    variety: float = Field(default=0.3, ge=0, le=1)  # share of a bar that is new in its repeat


def weights(meter: Meter) -> NDArray[np.int64]:
    """Return the weight of each sixteenth of a bar: 4 its beginning ... 0 off every division.

    >>> weights(COMMON_TIME).tolist()
    [4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0]
    """
    steps = -(-int(meter.bar_ticks) // STEP)
    found = np.zeros(steps, dtype=np.int64)
    starts = [int(at) for at in accumulate(meter.beats, initial=0)][:-1]
    for start, beat in zip(starts, meter.beats, strict=True):
        division = int(beat) // 3 if int(beat) % (3 * STEP) == 0 else int(beat) // 2
        for at in range(start, start + int(beat), max(STEP, division)):
            found[at // STEP] = 1
    for nth, start in enumerate(starts):
        half = len(starts) % 2 == 0 and 2 * nth == len(starts)
        found[start // STEP] = 4 if nth == 0 else 3 if half else 2
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
    places = np.unique(rhythm.onsets // STEP)
    last = max(places[-1] + 1, rhythm.length // STEP)
    row = bar[np.arange(last + 1) % len(bar)]
    total = 0
    for place, following in zip(places, [*places[1:], last], strict=True):
        silent = row[place + 1 : following]
        total += max(0, int(silent.max(initial=0)) - int(row[place]))
    return total / len(places)


class Metrical(RhythmSource):
    """Rhythm by rules."""

    settings_class = MetricalSettings
    settings: MetricalSettings
    source = "after Longuet-Higgins and Lee 1984"

    def make(self, bars: int, rng: np.random.Generator, *, meter: Meter = COMMON_TIME) -> Rhythm:
        """Return so many bars of it."""
        bar = int(meter.bar_ticks)
        weight = weights(meter)
        first = self._bar(weight, rng)
        onsets: list[NDArray[np.int64]] = []
        for nth in range(bars):
            within = nth % self.settings.phrase
            ends = within == self.settings.phrase - 1 or nth == bars - 1
            if within == 0 and nth and rng.random() < 0.5:
                first = self._bar(weight, rng)
            steps = first if within % 2 == 0 else self._changed(first, weight, rng)
            if ends and self.settings.cadence:
                steps = _at_rest(steps, weight)
            onsets.append(nth * bar + steps * STEP)
        return self._sounding(np.concatenate(onsets), weight, bar, bars)

    def _bar(self, weight: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the steps of one bar that have notes."""
        count = max(1, round(self.settings.density * len(weight)))
        return self._chosen(np.arange(len(weight)), weight, count, rng)

    def _chosen(
        self,
        among: NDArray[np.int64],
        weight: NDArray[np.int64],
        count: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return so many of some steps, heavy ones likelier, or light ones."""
        towards = SHARPNESS * (1 - 2 * self.settings.syncopation)
        # the largest of weight + Gumbel noise: drawing without putting back
        worth = towards * weight[among] + rng.gumbel(size=len(among))
        return np.sort(among[np.argsort(-worth, kind="stable")[:count]])

    def _changed(
        self, steps: NDArray[np.int64], weight: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return a bar's steps of which some have moved elsewhere."""
        lost = int(rng.binomial(len(steps), self.settings.variety))
        kept = np.sort(rng.permutation(steps)[lost:])
        free = np.setdiff1d(np.arange(len(weight)), kept)
        return np.union1d(kept, self._chosen(free, weight, lost, rng))

    def _sounding(
        self, onsets: NDArray[np.int64], weight: NDArray[np.int64], bar: int, bars: int
    ) -> Rhythm:
        """Return the rhythm: each note lasts until the next, at most a bar."""
        length = bar * bars
        durations = np.minimum(np.diff(onsets, append=length), bar)
        heavy = weight[onsets % bar // STEP] / 4
        middle = (SOFT + LOUD) / 2
        louder = SOFT + (LOUD - SOFT) * heavy
        velocities = np.round(middle + self.settings.accents * (louder - middle))
        return Rhythm(onsets, durations, velocities.astype(np.int64), length)


def _at_rest(steps: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a bar that ends on its last strong beat, and is silent after it."""
    strong = np.flatnonzero(weight >= 3)[-1]
    return np.append(steps[steps < strong], strong)
