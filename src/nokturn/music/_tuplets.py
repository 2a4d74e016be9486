"""Find the tuplets of a voice in a bar: stretches whose times no plain note values hold.

    0 160 320 480   ->  (0, 480, 3:2)          0 320 640 960  ->  (0, 960, 3:2), of quarters
    0 240 320 400 480  ->  (240, 480, 3:2)

The largest stretch whose times are all thirds (fifths, sevenths ...) is one tuplet, unless a note
begins in its middle: then each half is looked at alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from nokturn.music.time import Meter, Ticks, exact

SMALLEST = 15
ACTUAL = (3, 5, 7, 9, 11, 13, 15)
IN_DOTTED = (2, 4, 5, 7, 8, 10, 11, 13)  # thirds are no tuplets of a dotted value


class Stretch(NamedTuple):
    """A tuplet from ``start`` to ``end``: ``actual`` notes in the time of ``normal``."""

    start: Ticks
    end: Ticks
    actual: int
    normal: int


def plain(ticks: Ticks) -> bool:
    """Whether 128ths reach a time."""
    return ticks % SMALLEST == 0


def tuplets(times: Sequence[Ticks], meter: Meter, start: Ticks, end: Ticks) -> list[Stretch] | None:
    """Return the tuplets for the times (in order) at which something begins or ends.

    ``start`` and ``end`` bound the bar, in ticks from a full bar's beginning. None where the times
    fit no tuplets.
    """
    found: list[Stretch] = []
    for low, high in _stretches(times, meter, start, end):
        inside = _solve(times, low, high)
        if inside is None:
            return None
        found += inside
    return found


def _stretches(
    times: Sequence[Ticks], meter: Meter, start: Ticks, end: Ticks
) -> list[tuple[Ticks, Ticks]]:
    """Return the stretches to look at: the whole bar where it halves to beats, else beats."""
    lengths = meter.beats
    whole = exact(sum(lengths))
    binary = len(lengths) in (1, 2, 4) and len(set(lengths)) == 1
    if start == 0 and end == whole and binary and not meter.compound:
        return [(0, end)]
    found: list[tuple[Ticks, Ticks]] = []
    at: Ticks = 0
    k = 0
    while at < end:
        length = lengths[k % len(lengths)]
        two = exact(at + 2 * length)
        if _pair(times, at, length) and two <= end and at >= start and not meter.compound:
            found.append((at, two))
            k += 1
            at = exact(at + length)
        elif at + length > start:
            found.append((max(at, start), min(exact(at + length), end)))
        at = exact(at + length)
        k += 1
    return found


def _pair(times: Sequence[Ticks], at: Ticks, length: Ticks) -> bool:
    """Whether two beats are one tuplet: nothing begins between them, thirds of both do."""
    low, high = bisect_right(times, at), bisect_left(times, at + 2 * length)
    inside = times[low:high]
    third = Fraction(2 * length, 3)
    return bool(inside) and all((time - at) % third == 0 for time in inside)


def _solve(times: Sequence[Ticks], start: Ticks, end: Ticks) -> list[Stretch] | None:
    inside = times[bisect_right(times, start) : bisect_left(times, end)]
    if all(plain(time) for time in inside):
        return []
    count = Fraction(end - start, 720)
    dotted = count.denominator == 1 and not int(count) & (int(count) - 1)
    parts = 3 if dotted else 2
    size = Fraction(end - start, parts)
    if not any(start + size * k in inside for k in range(1, parts)):
        found = _one(inside, start, end, IN_DOTTED if dotted else ACTUAL, (1, 2))
        if found:
            return [found]
    divided = _parts(times, start, size, parts)
    if divided is not None:
        return divided
    found = _one(inside, start, end, ACTUAL[:3], (1, 2, 4, 8))
    return [found] if found else None


def _one(
    times: Sequence[Ticks],
    start: Ticks,
    end: Ticks,
    kinds: tuple[int, ...],
    divisions: tuple[int, ...],
) -> Stretch | None:
    """Return the first tuplet whose notes, perhaps divided, hold all the times."""
    for actual in kinds:
        stretch = Stretch(start, end, actual, _normal(actual, end - start))
        for parts in divisions:
            written = Fraction(end - start, stretch.normal * parts)
            unit = Fraction(end - start, actual * parts)
            if written >= SMALLEST and all((time - start) % unit == 0 for time in times):
                return stretch
    return None


def _normal(actual: int, span: Ticks) -> int:
    """Return in the time of how many notes so many stand: 3:2, 5:4, 7:4; of a dotted span 4:3."""
    normal = 3 if span % 720 == 0 else 2
    while normal * 2 < actual:
        normal *= 2
    return normal


def _parts(
    times: Sequence[Ticks], start: Ticks, size: Fraction, parts: int
) -> list[Stretch] | None:
    if size < 2 * SMALLEST or size % SMALLEST:
        return None
    found: list[Stretch] = []
    for k in range(parts):
        inside = _solve(times, exact(start + size * k), exact(start + size * (k + 1)))
        if inside is None:
            return None
        found += inside
    return found
