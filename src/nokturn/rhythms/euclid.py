"""Euclid: k onsets over n steps, as evenly as they go.

    (9, 3) -> x..x..x..     (13, 5) -> x..x.x..x.x..     (8, 5) -> x.xx.xx.

Several layers sound together as a polyrhythm. With ``step = "bar"`` a bar is divided into a layer's
steps (3 against 4); with a note value the layers run on one grid and drift through each other.
Every number may be a range, then it is drawn. Its weakness: it is even, and knows no meter.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, field_validator

from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.rhythms._values import Span, drawn, ticks_of
from nokturn.rhythms.base import RhythmSettings, RhythmSource

PLAIN, ACCENT = 80, 108  # velocities
MOST_STEPS = 128


def pattern(onsets: int, steps: int, rotation: int = 0) -> list[bool]:
    """Return Bjorklund's pattern, turned to the left by so many steps.

    Parameters
    ----------
    onsets
        0 to ``steps``.
    steps
        1 or more.

    Source: Toussaint, "The Euclidean Algorithm Generates Traditional Musical Rhythms", 2005.

    >>> "".join(".x"[hit] for hit in pattern(3, 8))
    'x..x..x.'
    """
    heads, tails = [[True]] * onsets, [[False]] * (steps - onsets)
    while heads and len(tails) > 1:
        shared = min(len(heads), len(tails))
        rest = heads[shared:] or tails[shared:]
        heads = [head + tail for head, tail in zip(heads, tails, strict=False)]
        tails = rest
    row = [hit for part in heads + tails for hit in part]
    turn = rotation % steps
    return row[turn:] + row[:turn]


class EuclidSettings(RhythmSettings):
    """Settings of a Euclidean rhythm; a pair is a range to draw from, ends included."""

    onsets: Annotated[Span, Field(description="k: notes in a cycle")] = 5
    steps: Annotated[Span, Field(description="n: steps in a cycle")] = 16
    rotation: Annotated[Span, Field(description="steps to the left")] = 0
    layers: tuple[tuple[int, int, int], ...] = ()  # more of (onsets, steps, rotation)
    accents: int = Field(default=1, ge=0)  # accented onsets of a cycle, evenly spread
    gate: float = Field(default=1.0, gt=0, le=4)  # duration as a share of the way to the next
    step: Annotated[str, AfterValidator(lambda text: text.strip())] = "1/16"  # or "bar"

    @field_validator("steps")
    @classmethod
    def _few(cls, value: Span) -> Span:
        low, high = (value, value) if isinstance(value, int) else value
        if not (low >= 1 and high <= MOST_STEPS):
            raise ValueError(f"steps are 1 to {MOST_STEPS}")
        return value

    @field_validator("layers")
    @classmethod
    def _fit(cls, value: tuple[tuple[int, int, int], ...]) -> tuple[tuple[int, int, int], ...]:
        for onsets, steps, _ in value:
            if not 1 <= onsets <= steps <= MOST_STEPS:
                raise ValueError(f"{onsets} onsets do not fit into {steps} steps")
        return value

    @field_validator("step")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value != "bar":
            ticks_of(value)
        return value


class Euclid(RhythmSource):
    """Euclidean rhythms, one or several at once."""

    settings_class = EuclidSettings
    settings: EuclidSettings
    source = "Toussaint 2005; Bjorklund 2003"

    def make(self, bars: int, rng: np.random.Generator, *, meter: Meter = COMMON_TIME) -> Rhythm:
        """Return so many bars of it; onsets beyond ``steps`` are as many as fit."""
        layers = self.layers(bars, rng, meter=meter)
        rows: dict[int, tuple[int, int]] = {}
        for layer in layers:
            for onset, duration, velocity in zip(
                layer.onsets, layer.durations, layer.velocities, strict=True
            ):
                long, loud = rows.get(onset, (0, 0))
                rows[onset] = max(long, duration), max(loud, velocity)
        return Rhythm.of(((at, *row) for at, row in rows.items()), layers[0].length)

    def layers(
        self, bars: int, rng: np.random.Generator, *, meter: Meter = COMMON_TIME
    ) -> list[Rhythm]:
        """Return each layer for itself, the first one first."""
        steps = drawn(self.settings.steps, rng)
        onsets = min(max(1, drawn(self.settings.onsets, rng)), steps)
        first = onsets, steps, drawn(self.settings.rotation, rng)
        length = int(meter.bar_ticks) * bars
        return [
            self._layer(*layer, int(meter.bar_ticks)).over(length)
            for layer in (first, *self.settings.layers)
        ]

    def _layer(self, onsets: int, steps: int, rotation: int, bar: int) -> Rhythm:
        """Return one cycle."""
        step = Fraction(bar, steps) if self.settings.step == "bar" else ticks_of(self.settings.step)
        at = np.flatnonzero(pattern(onsets, steps, rotation))
        gaps = np.diff(at, append=at[0] + steps)
        accented = pattern(min(self.settings.accents, onsets), onsets)
        rows = [
            (
                round(int(place) * step),
                max(1, round(int(gap) * step * Fraction(self.settings.gate))),
                ACCENT if accent else PLAIN,
            )
            for place, gap, accent in zip(at, gaps, accented, strict=True)
        ]
        return Rhythm.of(rows, round(steps * step))
