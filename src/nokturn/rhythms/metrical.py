"""Metrical: rhythm by the rules of meter and phrase.

    density .5, syncopation 0   ->  x...x.x.x...x.x.      syncopation 1  ->  .x.x..x..x.x.x.x

Each step of the bar has a weight: the bar's beginning most, beats less, halves of beats less again.
Notes fall on heavy steps, or with ``syncopation`` on light ones before them. A phrase repeats its
first bar, changes, and comes to rest on a strong beat. Its weakness: one bar is the largest pattern
that it invents.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.music.accents import accented, weights
from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, SIXTEENTH, Meter
from nokturn.rhythms.base import RhythmSettings, RhythmSource

SHARPNESS = 2.2  # how much a step's weight counts against chance


class MetricalSettings(RhythmSettings):
    """Settings of a rhythm by rules."""

    density: float = Field(default=0.45, gt=0, le=1)  # share of the steps that have a note
    syncopation: float = Field(default=0.1, ge=0, le=1)  # 0 on heavy steps, 1 on light ones
    accents: float = Field(default=1.0, ge=0, le=1)  # how much louder heavy steps are
    phrase: int = Field(default=4, ge=1, le=32)  # bars
    cadence: bool = True  # a phrase ends with a long note on a strong beat
    variety: float = Field(default=0.3, ge=0, le=1)  # share of a bar that is new in its repeat


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
            onsets.append(nth * bar + steps * SIXTEENTH)
        return self._sounding(np.concatenate(onsets), meter, bars)

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

    def _sounding(self, onsets: NDArray[np.int64], meter: Meter, bars: int) -> Rhythm:
        """Return the rhythm: each note lasts until the next, at most a bar."""
        bar = int(meter.bar_ticks)
        durations = np.minimum(np.diff(onsets, append=bar * bars), bar)
        rhythm = Rhythm(onsets, durations, np.zeros_like(onsets), bar * bars)
        return accented(rhythm, meter, self.settings.accents)


def _at_rest(steps: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a bar that ends on its last strong beat, and is silent after it."""
    strong = np.flatnonzero(weight >= 3)[-1]
    return np.append(steps[steps < strong], strong)
