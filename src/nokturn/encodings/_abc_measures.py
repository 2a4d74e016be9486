"""The arithmetic of the bar clock: lengths, meters and places in a bar as small whole numbers.

    unit_length("1/8"), fraction("3/")   ->   WHOLE / 8, (3, 2)

Lengths are whole numbers of a 504th of a tick, so that tuplets and broken rhythms need no
fractions. All that is asked again and again is kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate

from nokturn.music.time import WHOLE as WHOLE_TICKS
from nokturn.music.time import Meter

SCALE = 504  # parts of a tick, so that tuplets and broken rhythms stay whole numbers
WHOLE = WHOLE_TICKS * SCALE
SIXTEENTH = WHOLE // 16
PARTS = 48  # of a bar, in which the bars played so far are added up

POSITIONS = 52  # 0 unknown, 1 = none, 2 = less than a 16th, 3 = a 16th ... 50 = more, 51 = too much
BARS = 66  # 0 unknown, 1 = none to go ... 65 = 64 or more

TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


@lru_cache(maxsize=4096)
def fraction(length: str) -> tuple[int, int]:
    """Return what a length multiplies a note by: ``3/`` is (3, 2)."""
    number, slashes, divisor = re.fullmatch(r"(\d*)(/*)([\d/]*)", length).groups()  # type: ignore[union-attr]
    below = int(divisor) if divisor.isdigit() else 2 ** len(slashes)
    return int(number or 1), max(1, below)


def broken(base: int, times: int) -> int:
    """Return a note's length with so many > behind it (or < where negative)."""
    share: int = 2 ** min(abs(times), 3)
    return base * (2 * share - 1) // share if times > 0 else base // share


def unbroken(length: int, times: int) -> int:
    """Return a note's length without the > (or < where negative) behind it."""
    share: int = 2 ** min(abs(times), 3)
    return length * share // (2 * share - 1) if times > 0 else length * share


@lru_cache(maxsize=1024)
def tuplet(text: str, meter: str) -> tuple[tuple[int, int], int]:
    """Return the factor of a tuplet p:q:r, as far as it is read, and how many notes it takes."""
    numbers = [int(part[:2]) if part else 0 for part in text.split(":")][:3]
    p, q, r = (*numbers, 0, 0)[:3]
    compound = meter_values(meter)[3]
    p = max(p, 1)
    q = q or TUPLET_TIME.get(p, 3 if compound else 2)
    return (q, p), r or p


@lru_cache(maxsize=256)
def meter_values(text: str) -> tuple[int, tuple[int, ...], int, bool]:
    """Return the bar's length, where its beats are, half or a third of a beat, and if compound."""
    if text in ("C", "C|"):
        meter = Meter(4, 4) if text == "C" else Meter(2, 2)
    else:
        match = re.fullmatch(r"\(?(\d{1,2}(?:\s*\+\s*\d{1,2})*)\)?\s*/\s*(\d{1,2})", text)
        if not match or not int(match[2]):
            return 0, (), 0, False
        groups = tuple(int(part) for part in match[1].split("+"))
        meter = Meter(sum(groups), int(match[2]), groups=groups if len(groups) > 1 else ())
    if meter.free:
        return 0, (), 0, False
    beats = tuple(int(at * SCALE) for at in accumulate(meter.beats, initial=0))
    unit = WHOLE // meter.denominator
    part = unit if len(meter.beats) < meter.numerator else unit // 2
    return int(meter.bar_ticks * SCALE), beats, part, meter.compound


@lru_cache(maxsize=256)
def unit_length(text: str) -> int:
    """Return the unit note length that an ``L:`` field says, 0 for none."""
    match = re.fullmatch(r"(\d{1,2})(?:/(\d{1,3}))?", text.replace(" ", ""))
    if not match or not int(match[1]) or match[2] == "0":
        return 0
    return WHOLE * int(match[1]) // int(match[2] or 1)


@lru_cache(maxsize=65536)
def place(elapsed: int, meter: str) -> tuple[int, int, int]:
    """Return the values of the first three channels."""
    full, beats, part, _ = meter_values(meter)
    if not full:
        return position(elapsed), 0, 0
    if elapsed > full:
        return position(elapsed), POSITIONS - 1, 4
    if elapsed in (0, full):
        beat = 1
    elif elapsed in beats:
        beat = 2
    else:
        beat = 3 if elapsed % part == 0 else 4
    return position(elapsed), position(full - elapsed), beat


def position(length: int) -> int:
    """Return the value of a length in sixteenths; half values are lengths in between."""
    whole, rest = divmod(length, SIXTEENTH)
    return min(1 + 2 * whole + (rest > 0), POSITIONS - 2)


def to_go(parts: int) -> int:
    """Return the value of a countdown: bars to go, rounded up."""
    return 1 + min(64, max(0, -(-(parts - 4) // PARTS)))
