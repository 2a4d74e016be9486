"""Form: the sections of a track, and who plays in them.

    >>> [section.name for section in FORM]
    ['intro', 'A', 'A', 'B', 'A', 'outro']

A section is a number of whole bars. Arranging, drums and mixing all read the same list, so that
everybody comes in and stops together. `form_of` makes such a list for a length that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from nokturn.errors import UsageError
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

PARTS = ("chords", "bass", "melody", "drums")
MAX_BARS = 10_000


@dataclass(frozen=True)
class Section:
    """A stretch of music.

    Attributes
    ----------
    name
        ``intro``, ``A``, ``B``, ``break`` or ``outro``; sections of one name have the same
        material, varied.
    bars
        Its length.
    energy
        0 (hardly anything happens) to 1 (everything does).
    parts
        Who plays: of `PARTS`.
    """

    name: str
    bars: int
    energy: float = 0.5
    parts: frozenset[str] = frozenset(PARTS)


FORM = (
    Section("intro", 4, 0.2, frozenset({"chords"})),
    Section("A", 8, 0.5),
    Section("A", 8, 0.6),
    Section("B", 8, 0.8),
    Section("A", 8, 0.6),
    Section("outro", 4, 0.2, frozenset({"chords", "bass", "melody"})),
)
CYCLE = ("A", "A", "B", "A", "break")  # between intro and outro, round and round
_QUIET = frozenset({"chords", "bass", "melody"})
_INTROS = (frozenset({"chords"}), frozenset({"chords", "melody"}), frozenset({"chords", "bass"}))
_BREAKS = (frozenset({"chords"}), frozenset({"chords", "melody"}), _QUIET)
_FIRST = (frozenset(PARTS), frozenset(PARTS), frozenset({"chords", "bass", "drums"}))


def bars_of(minutes: float, qpm: float, meter: Meter = COMMON_TIME) -> int:
    """Return the whole bars that come nearest to a time; 1 or more. ``qpm`` is quarters a minute.

    >>> bars_of(2, 80), bars_of(1, 90, Meter(3, 4))
    (40, 30)
    """
    if meter.free:
        raise UsageError("Free meter has no bars to count.", "Give a meter: 4/4.")
    return max(1, round(minutes * qpm * TICKS_PER_QUARTER / int(meter.bar_ticks)))


def form_of(bars: int, rng: np.random.Generator, *, phrase: int = 4) -> tuple[Section, ...]:
    """Return the sections of a whole track.

    Intro, A, A, B, A, break and so on, outro; always an A before the outro. It is as long as asked
    to within half a section; fewer bars than an intro, an A and an outro need are one section.

    Parameters
    ----------
    bars
        About how many, 1 to 10,000; see `bars_of` for minutes.
    phrase
        How many bars the chords take to come round: a section holds them a whole number of times.

    Raises
    ------
    UsageError
        There are no bars, or too many.
    """
    if not 1 <= bars <= MAX_BARS or phrase < 1:
        raise UsageError(f"A form of {bars} bars cannot be made.", f"Ask for 1 to {MAX_BARS:,}.")
    unit = phrase if phrase > 8 else phrase * (8 // phrase)
    if unit + 4 > bars:
        return (loop_of(bars),)
    intro, outro, units = min(
        product((4, 2, 8), (4, 2), range(1, bars // unit + 1)),
        key=lambda way: abs(way[0] + way[1] + way[2] * unit - bars),
    )
    return tuple(_sections(intro, outro, units, unit, rng))


def loop_of(bars: int) -> Section:
    """Return the one section of a loop, everybody playing."""
    return Section("A", bars, 0.6)


def _sections(
    intro: int, outro: int, units: int, unit: int, rng: np.random.Generator
) -> Iterator[Section]:
    names = [CYCLE[k % len(CYCLE)] for k in range(units)]
    if units == 3:
        names[1:] = ["B", "A"]
    elif units > 1:
        names[-1] = "A"
    yield Section("intro", intro, 0.2, _one_of(_INTROS, rng))
    for number, name in enumerate(names):
        late = number / max(1, units)  # a track grows a little
        if name == "break":
            yield Section(name, unit, 0.3, _one_of(_BREAKS, rng))
        elif name == "B":
            yield Section(name, unit, round(0.75 + 0.1 * late, 2))
        else:
            parts = _one_of(_FIRST, rng) if number == 0 and units > 1 else frozenset(PARTS)
            yield Section(name, unit, round(0.5 + 0.2 * late, 2), parts)
    yield Section("outro", outro, 0.25, _QUIET)


def _one_of(sets: tuple[frozenset[str], ...], rng: np.random.Generator) -> frozenset[str]:
    return sets[int(rng.integers(len(sets)))]
