"""Note values as they are written, and numbers that may be ranges."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from nokturn.music.time import WHOLE

FARTHEST = 1000


def _rising(span: int | tuple[int, int]) -> int | tuple[int, int]:
    low, high = (span, span) if isinstance(span, int) else span
    if not -FARTHEST <= low <= high <= FARTHEST:
        raise ValueError(
            f"it must be a number up to {FARTHEST}, or two of them, the lower one first"
        )
    return span


Span = Annotated[int | tuple[int, int], AfterValidator(_rising)]


def drawn(span: int | tuple[int, int], rng: np.random.Generator) -> int:
    """Return a number, or one drawn between two, both included."""
    return span if isinstance(span, int) else int(rng.integers(span[0], span[1], endpoint=True))


def ticks_of(value: str) -> Fraction:
    """Return a note value in ticks; `ValueError` where it is none.

    >>> ticks_of("1/16"), ticks_of("3/8")
    (Fraction(120, 1), Fraction(720, 1))
    """
    try:
        ticks = Fraction(value.strip()) * WHOLE
    except (ValueError, ZeroDivisionError):
        ticks = Fraction(0)
    if not 1 <= ticks <= 16 * WHOLE:
        raise ValueError(f"{value[:20]!r} is no note value; expected one like 1/16, 1/8 or 3/16")
    return ticks
