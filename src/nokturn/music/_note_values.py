"""Divide time in a bar into note values that can be read: at bar, half-bar and beat.

    4/4: five eighths from the second beat  ->  480 + 480 + 240 ticks, tied
    6/8: a quarter across the beat          ->  240 + 240

A value may start off the beat by half its length (syncopation), but the middle of 4/4 shows. Rests
are divided more finely than notes. Irregular meters show their groups.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from nokturn.music.time import Meter, Ticks, exact

SMALLEST = 15  # ticks in a 128th


def _units(ticks: Ticks) -> tuple[int, int]:
    """Return (n, unit) with ticks = n * unit, n odd, for what 128ths can hold; else (0, 0).

    >>> _units(720), _units(160)
    ((3, 240), (0, 0))
    """
    count = Fraction(ticks, SMALLEST)
    if count.denominator != 1 or count <= 0:
        return 0, 0
    n = int(count)
    power = n & -n
    return n // power, power * SMALLEST


def legal(ticks: Ticks) -> bool:
    """Whether one note, with up to two dots, lasts so long."""
    return _units(ticks)[0] in (1, 3, 7)


def in_tuplet(written: Ticks) -> list[Ticks]:
    """Return a written duration inside a tuplet as legal values, the longest first.

    >>> in_tuplet(600)
    [480, 120]
    """
    if legal(written):
        return [written]
    value = Fraction(4 * 1920)
    while value > written:
        value /= 2
    rest = exact(written - value)
    return [exact(value), *(in_tuplet(rest) if rest > SMALLEST / 4 else [rest] * (rest > 0))]


@lru_cache(maxsize=65536)
def divided(start: Ticks, end: Ticks, meter: Meter, rest: bool) -> tuple[Ticks, ...]:
    """Return the values of a note or rest from ``start`` to ``end`` of a bar; they sum to it."""
    if _readable(start, end, meter, rest):
        return (exact(end - start),)
    cut = _cut(start, end, meter)
    if cut is None:
        return (exact(end - start),)
    return divided(start, cut, meter, rest) + divided(cut, end, meter, rest)


@lru_cache(maxsize=1024)
def _beats(meter: Meter) -> tuple[tuple[Ticks, ...], bool]:
    """Return where the beats of a bar begin and end, and whether they are all alike and simple."""
    lengths = meter.beats
    ends = tuple(accumulate(lengths, initial=0))
    simple = len(set(lengths)) == 1 and _units(lengths[0])[0] == 1
    return ends, simple


def _readable(start: Ticks, end: Ticks, meter: Meter, rest: bool) -> bool:
    length = exact(end - start)
    if not legal(length):
        return False
    ends, simple = _beats(meter)
    if not simple:
        return _in_groups(start, end, ends, rest)
    beat = ends[1]
    halves = 2 * beat if (len(ends) - 1) % 2 == 0 and len(ends) > 3 else 0
    if rest:
        odd, unit = _units(length)
        even = halves or len(ends) == 3
        return odd == 1 and start % unit == 0 and (length <= beat or bool(even))
    if halves and start // halves != (end - SMALLEST) // halves:
        odd, _ = _units(length)
        on = beat if odd == 1 else halves
        if start % on and (odd == 1 or end % on):
            return False
    return _aligned(start, end)


def _aligned(start: Ticks, end: Ticks) -> bool:
    """Whether a value begins (or, dotted, ends) where it may: no more than half itself off."""
    odd, unit = _units(exact(end - start))
    if odd == 1:
        return unit <= SMALLEST or start % (unit // 2) == 0
    if odd == 3:
        return start % (2 * unit) == 0 or end % (2 * unit) == 0
    return start % (8 * unit) == 0


def _in_groups(start: Ticks, end: Ticks, ends: tuple[Ticks, ...], rest: bool) -> bool:
    """Whether a value can be read among beats of three, or of unlike lengths."""
    group = max(place for place in ends if place <= start)
    stop = min((place for place in ends if place > start), default=end)
    if end > stop:
        return not rest and start in ends and end in ends
    if start == group and end == stop:
        return True
    odd, unit = _units(exact(end - start))
    offset = exact(start - group)
    if unit >= 240 or (odd == 1 and unit == 480):
        return offset % 240 == 0 and (not rest or unit <= 240 or offset == 0)
    if rest:
        return odd == 1 and offset % unit == 0
    return _aligned(offset, exact(end - group))


def _cut(start: Ticks, end: Ticks, meter: Meter) -> Ticks | None:
    """Return the strongest place between start and end; None where only dust lies between."""
    ends, simple = _beats(meter)
    beats = len(ends) - 1
    levels: list[tuple[Ticks, ...]] = [ends]
    if beats % 2 == 0 and beats > 2 and len(set(meter.beats)) == 1:
        levels.insert(0, ends[::2])
    for level in levels:
        inside = [place for place in level if start < place < end]
        if inside:
            # from a beat on, as far as beats go; else to the next beat
            return inside[-1] if start in level and simple is False else inside[0]
    base = max((place for place in ends if place <= start), default=0)
    size = 1920
    while size >= SMALLEST:
        if size != 480 or simple or ends[1] != 720:
            place = base + (exact(start - base) // size + 1) * size
            if start < place < end:
                return exact(place)
        size //= 2
    return None
