"""Cells: short groups of notes, drawn at random and repeated.

    2-5 notes, each .5, 1 or 1.5 quarters after the one before, held for 0-2 quarters more;
    the cell comes 1-4 times, then the next

Chance works on four levels, with one generator: how long a cell is, how far its notes stand apart,
how long they are held, how often it is repeated; with ``recall`` an earlier cell may come back, and
with ``vary`` a repeat may change in one note. Its weakness: it hears no meter; ``whole`` makes each
cell end on a beat.

The defaults are Gromko's tables.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from pydantic import Field, field_validator

from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter
from nokturn.rhythms.base import RhythmSettings, RhythmSource

PLAIN, FIRST = 76, 98  # velocities: of a note, and of a cell's first

Cell = list[tuple[int, int]]  # ticks to the next note, ticks that it is held


class CellSettings(RhythmSettings):
    """Settings of random cells; offsets and extensions are in quarters."""

    notes: tuple[int, int] = (2, 5)
    offsets: tuple[float, ...] = (0.5, 0.5, 0.5, 1, 1.5)
    extensions: tuple[float, ...] = (0, 0, 0.5, 1, 1.5, 2)
    repeats: tuple[int, int] = (1, 4)
    vary: float = Field(default=0.0, ge=0, le=1)  # chance that a repeat changes in one note
    recall: float = Field(default=0.0, ge=0, le=1)  # chance that an earlier cell comes back
    whole: bool = False  # cells end on a beat

    @field_validator("notes", "repeats")
    @classmethod
    def _rising(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= value[0] <= value[1] <= 64:
            raise ValueError("expected two numbers between 1 and 64, the lower one first")
        return value

    @field_validator("offsets")
    @classmethod
    def _forward(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not all(1 / 16 <= quarters <= 16 for quarters in value):
            raise ValueError("expected quarters between 1/16 and 16")
        return value

    @field_validator("extensions")
    @classmethod
    def _longer(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not all(0 <= quarters <= 16 for quarters in value):
            raise ValueError("expected quarters between 0 and 16")
        return value


class Cells(RhythmSource):
    """Random cells."""

    settings_class = CellSettings
    settings: CellSettings
    source = "Gromko, random rhythm"

    def make(self, bars: int, rng: np.random.Generator, *, meter: Meter = COMMON_TIME) -> Rhythm:
        """Return so many bars of it."""
        length = int(meter.bar_ticks) * bars
        rows: list[tuple[int, int, int]] = []
        known: list[Cell] = []
        at = 0
        while at < length:
            cell = self._next(known, rng, meter)
            for _ in range(int(rng.integers(*self.settings.repeats, endpoint=True))):
                for nth, (step, held) in enumerate(cell):
                    if at < length:
                        row = at, min(held, length - at), PLAIN if nth else FIRST
                        rows.append(row)
                    at += step
                if rng.random() < self.settings.vary:
                    cell = self._varied(cell, rng)
        return Rhythm.of(rows, length)

    def _next(self, known: list[Cell], rng: np.random.Generator, meter: Meter) -> Cell:
        """Return a new cell, or one that was heard."""
        if known and rng.random() < self.settings.recall:
            return known[int(rng.integers(len(known)))]
        count = int(rng.integers(*self.settings.notes, endpoint=True))
        cell = [self._note(rng) for _ in range(count)]
        if self.settings.whole:
            beat = int(meter.beats[0])
            step, held = cell[-1]
            missing = -sum(step for step, _ in cell) % beat
            cell[-1] = step + missing, held + missing
        known.append(cell)
        return cell

    def _note(self, rng: np.random.Generator) -> tuple[int, int]:
        step = _ticks(self.settings.offsets[int(rng.integers(len(self.settings.offsets)))])
        more = _ticks(self.settings.extensions[int(rng.integers(len(self.settings.extensions)))])
        return step, step + more

    def _varied(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """Return the cell with one note that is cut in two, or with two that become one."""
        at = int(rng.integers(len(cell)))
        step, held = cell[at]
        if len(cell) > self.settings.notes[0] and at + 1 < len(cell) and rng.random() < 0.5:
            joined = step + cell[at + 1][0]
            return [*cell[:at], (joined, max(held, joined)), *cell[at + 2 :]]
        half = step // 2
        if half < _ticks(0.125):
            return cell
        return [*cell[:at], (half, half), (step - half, held - half), *cell[at + 1 :]]


def _ticks(quarters: float) -> int:
    return round(Fraction(quarters) * TICKS_PER_QUARTER)
