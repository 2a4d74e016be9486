"""Note values: how a duration is written with heads, flags, dots, ratios and ties.

>>> values(600)                       # five sixteenths have no sign of their own
[Value('quarter', 0, 480), Value('16th', 0, 120)]
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from nokturn.music.sheet import Tuplet
from nokturn.music.time import WHOLE, Ticks, exact

TYPES: dict[str, Ticks] = {
    "long": 4 * WHOLE,
    "breve": 2 * WHOLE,
    "whole": WHOLE,
    "half": WHOLE // 2,
    "quarter": WHOLE // 4,
    "eighth": WHOLE // 8,
    "16th": WHOLE // 16,
    "32nd": WHOLE // 32,
    "64th": WHOLE // 64,
    "128th": WHOLE // 128,
    "256th": Fraction(WHOLE, 256),
    "512th": Fraction(WHOLE, 512),
    "1024th": Fraction(WHOLE, 1024),
}
_FLAGS = {name: level for level, name in enumerate(list(TYPES)[5:], 1)}


class Value(NamedTuple):
    """A note head's type, its dots, and what it lasts in ticks before any tuplet."""

    type: str
    dots: int
    ticks: Ticks

    @property
    def flags(self) -> int:
        """Flags or beams: 1 for an eighth."""
        return _FLAGS.get(self.type, 0)

    def __repr__(self) -> str:
        return f"Value({self.type!r}, {self.dots}, {self.ticks})"


_LEGAL = sorted(
    (
        Value(name, dots, exact(Fraction(ticks) * (2 - Fraction(1, 2**dots))))
        for name, ticks in TYPES.items()
        for dots in (0, 1, 2)
        if not (dots and ticks < Fraction(WHOLE, 256))
    ),
    key=lambda value: -value.ticks,
)
_BY_TICKS = {value.ticks: value for value in reversed(_LEGAL)}


def single(ticks: Ticks) -> Value | None:
    """Return the one value that lasts so long, or None."""
    return _BY_TICKS.get(ticks)


def values(ticks: Ticks) -> list[Value]:
    """Return the values, long ones first, that tied together last so long.

    A rest below the smallest value, 1/1024, is left out.
    """
    found: list[Value] = []
    while ticks > 0:
        value = _BY_TICKS.get(ticks) or next((v for v in _LEGAL if v.ticks <= ticks), None)
        if value is None:
            break
        found.append(value)
        ticks = exact(ticks - value.ticks)
    return found


def ratio(duration: Ticks, tuplet: Tuplet | None) -> tuple[int, int]:
    """Return the tuplet ratio under which a duration can be written; (1, 1) for none.

    >>> ratio(160, None)
    (3, 2)
    """
    actual, normal = (tuplet.actual, tuplet.normal) if tuplet else (1, 1)
    odd = Fraction(duration * actual, normal * WHOLE).denominator
    while odd % 2 == 0:
        odd //= 2
    if odd == 1:
        return actual, normal
    return actual * odd, normal * (1 << (odd.bit_length() - 1))


def seen(value: Value, actual: int, normal: int) -> Ticks:
    """Return what a value lasts within a tuplet."""
    return exact(Fraction(value.ticks) * normal / actual)
