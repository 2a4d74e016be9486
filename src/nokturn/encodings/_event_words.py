"""Symbols of the events encoding, and what each means.

    position_6 program_40 velocity_80 pitch_60 duration_12      family, underscore, value

Family after family, the vocabulary follows from the settings, so that a corpus without trombones
can be followed by a tune with one; but of meters only those that are met. `Words` holds what arrays
need of it: the family and the value of each id, and the first id of each family.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.encodings.base import BOUNDARY_NAME
from nokturn.music.score import Score
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, WHOLE, Meter

FAMILIES = (
    BOUNDARY_NAME,
    "bar",
    "position",  # in the bar, in steps
    "meter",
    "tempo",  # quarters a minute
    "program",
    "velocity",
    "pitch",
    "drum",  # a pitch of the drum channel
    "duration",  # in steps
)
BAR, POSITION, METER, TEMPO, PROGRAM, VELOCITY, PITCH, DRUM, DURATION = range(1, len(FAMILIES))
LONGEST_BAR = 12 * TICKS_PER_QUARTER  # 12/4, 6/2 and 3/1 are met, longer bars hardly ever
MOST_METERS = 64
SLOWEST, FASTEST = 30, 320  # quarters a minute
Ids = NDArray[np.int64]
Family = NDArray[np.int8]  # small, for it is compared all the time


def meters_met(scores: Iterable[Score]) -> list[Meter]:
    """Return the meters of scores that get a symbol, the most frequent, and 4/4 in any case.

    A symbol that was never met would be drawn now and then all the same, and a bar of 2/32 is felt
    by the whole piece.
    """
    met: Counter[Meter] = Counter()
    for score in scores:
        met.update({Meter(meter.numerator, meter.denominator) for _, meter in score.meters})
    fitting = [m for m, _ in met.most_common() if 0 < m.bar_ticks <= LONGEST_BAR]
    kept = {COMMON_TIME, *fitting[:MOST_METERS]}
    return sorted(kept, key=lambda meter: (meter.denominator, meter.numerator))


def tempos(count: int) -> list[int]:
    """Return the tempos that have a symbol, ``count`` of them from a tempo to its double.

    They are those of a scale around 120, so that 60, 120 and 240 are met exactly.

    >>> tempos(12)[:5], tempos(12)[-6:]
    ([30, 32, 34, 36, 38], [240, 254, 269, 285, 302, 320])
    """
    if not count:
        return []
    low, high = (round(count * np.log2(edge / 120)) for edge in (SLOWEST, FASTEST))
    exact = 120 * 2 ** (np.arange(low, high + 1) / count)
    return list(dict.fromkeys(exact.round().astype(int).tolist()))


def velocities(count: int) -> list[int]:
    """Return the velocities that have a symbol.

    >>> velocities(8)
    [16, 32, 48, 64, 80, 96, 112, 127]
    """
    return sorted({min(127, round(128 * k / count)) for k in range(1, count + 1)})


def vocabulary(
    steps_per_quarter: int,
    *,
    meters: Sequence[Meter],
    tempo: int,
    program: bool,
    velocity: int,
    longest: int,
) -> list[str]:
    """Return the symbols by id; without ``meters``, bars are of 4/4."""
    bars = [bar_steps(meter, steps_per_quarter) for meter in (COMMON_TIME, *meters)]
    values: list[Sequence[object]] = [
        range(max(bars)),
        [f"{meter.numerator}/{meter.denominator}" for meter in meters],
        tempos(tempo),
        range(128) if program else [],
        velocities(velocity),
        range(128),
        range(128),
        range(1, longest + 1),
    ]
    families = zip(FAMILIES[POSITION:], values, strict=True)
    names = [f"{family}_{value}" for family, group in families for value in group]
    return [BOUNDARY_NAME, "bar", *names]


@dataclass(frozen=True)
class Words:
    """What the symbols mean, as tables by id.

    Attributes
    ----------
    names
        The vocabulary.
    family, value
        Of each id, (V,); the value of a meter is the length of its bar in steps.
    first
        First id of each family, as if every family had one.
    meters, meter_ids
        Id -> meter, meter -> id.
    common
        Length of a bar of 4/4 in steps.
    loud
        Id of the nearest velocity for each of 0-127; empty where none is kept.
    """

    names: tuple[str, ...]
    family: Family = field(compare=False)
    value: Ids = field(compare=False)
    first: Ids = field(compare=False)
    meters: dict[int, Meter] = field(compare=False)
    meter_ids: dict[Meter, int] = field(compare=False)
    common: int = field(compare=False)
    loud: Ids = field(compare=False)

    @staticmethod
    def of(names: tuple[str, ...], steps_per_quarter: int) -> Words:
        """Make the tables from a vocabulary."""
        split = [name.partition("_")[::2] for name in names]
        family = np.array([FAMILIES.index(name) for name, _ in split], dtype=np.int8)
        found = {i: _meter(text) for i, (name, text) in enumerate(split) if name == "meter"}
        bars = {i: bar_steps(meter, steps_per_quarter) for i, meter in found.items()}
        value = np.array([bars.get(i) or int(text or 0) for i, (_, text) in enumerate(split)])
        first = np.searchsorted(family, np.arange(len(FAMILIES)))
        common = bar_steps(COMMON_TIME, steps_per_quarter)
        loud = value[family == VELOCITY]
        if len(loud):
            loud = first[VELOCITY] + nearest_of(loud, np.arange(128))
        ids = {meter: i for i, meter in found.items()}
        return Words(names, family, value, first, found, ids, common, loud)

    def values_of(self, family: int) -> Ids:
        """Return the values of a family, rising as its ids do."""
        values: Ids = self.value[self.family == family]
        return values


def _meter(text: str) -> Meter:
    beats, unit = text.split("/")
    return Meter(int(beats), int(unit))


def bar_steps(meter: Meter, steps_per_quarter: int) -> int:
    """Return the length of a bar in steps, at least 1."""
    return max(1, round(meter.bar_ticks * 4 * steps_per_quarter / WHOLE))


def nearest_of(values: NDArray[Any], wanted: NDArray[Any]) -> Ids:
    """Return the index of the nearest value for each that is wanted.

    >>> nearest_of(np.array([10, 20]), np.array([1, 14, 99])).tolist()
    [0, 0, 1]
    """
    apart: Ids = np.abs(wanted[:, None] - values).argmin(1)
    return apart
