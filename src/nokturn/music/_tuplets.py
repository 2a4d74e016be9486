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
    span = exact(end - start)
    middle = exact(start + Fraction(span, 2))
    three = span % 720 == 0 and (span // 720) & (span // 720 - 1) == 0  # a dotted value
    if three or middle not in inside:
        for actual in (2, 4, *ACTUAL) if three else ACTUAL:
            for parts in (1, 2):
                if _fits(inside, start, Fraction(span, actual * parts)):
                    return [_stretch(start, end, actual, three)]
    halved = _parts(times, start, end, 3 if three else 2)
    if halved is not None:
        return halved
    for actual in ACTUAL[:3]:
        for parts in (2, 4, 8):
            if _fits(inside, start, Fraction(span, actual * parts)):
                return [_stretch(start, end, actual, three)]
    return None


def _parts(times: Sequence[Ticks], start: Ticks, end: Ticks, parts: int) -> list[Stretch] | None:
    size = Fraction(end - start, parts)
    if size < 30 or size % SMALLEST:
        return None
    found: list[Stretch] = []
    for k in range(parts):
        inside = _solve(times, exact(start + size * k), exact(start + size * (k + 1)))
        if inside is None:
            return None
        found += inside
    return found


def _fits(times: Sequence[Ticks], start: Ticks, unit: Fraction) -> bool:
    return all((time - start) % unit == 0 for time in times)


def _stretch(start: Ticks, end: Ticks, actual: int, three: bool) -> Stretch:
    normal = 3 if three else 2
    if three and actual == 2:
        return Stretch(start, end, 2, 3)
    while normal * 2 < actual:
        normal *= 2
    return Stretch(start, end, actual, normal)
