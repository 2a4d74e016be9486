"""Musical time: ticks, meters and tempos.

Time is counted in **ticks, 480 to the quarter note**, in the Sheet always and in the Score by
default. A tick count is an `int`; where the grid cannot hold a value (a septuplet eighth is
1920/7 ticks) it is an exact `Fraction`. Both mix freely in sums and comparisons, and `exact`
turns whole fractions back into `int`, so that ordinary music costs ordinary integers.

    >>> exact(Fraction(4, 7) * 480 * 7)
    1920
    >>> Meter(6, 8).bar_ticks
    1440
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

TICKS_PER_QUARTER = 480
WHOLE = 4 * TICKS_PER_QUARTER  # ticks in a whole note
EIGHTH, SIXTEENTH = TICKS_PER_QUARTER // 2, TICKS_PER_QUARTER // 4

Ticks = int | Fraction


def exact(ticks: Ticks) -> Ticks:
    """Return the same time as an `int` where it is whole, else as the `Fraction` that it is."""
    if type(ticks) is int:
        return ticks
    return ticks.numerator if ticks.denominator == 1 else ticks


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature.

    ``symbol`` is ``"C"`` or ``"C|"`` where that was written; ``groups`` are the beats of an
    additive meter, (3, 2, 2) for 7/8 written as 3+2+2. A ``numerator`` of 0 is free meter (ABC
    ``M:none``): bars may then have any length.
    """

    numerator: int
    denominator: int = 4
    symbol: str = ""
    groups: tuple[int, ...] = ()

    @property
    def free(self) -> bool:
        """Whether bars may have any length."""
        return self.numerator == 0

    @property
    def bar_ticks(self) -> Ticks:
        """Length of a full bar in ticks; 0 in free meter."""
        ticks, rest = divmod(self.numerator * WHOLE, self.denominator)
        return Fraction(self.numerator * WHOLE, self.denominator) if rest else ticks

    @property
    def compound(self) -> bool:
        """Whether beats divide in three: 6/8, 9/8, 12/8, 6/4 ... (3/8 is simple)."""
        return self.numerator > 3 and self.numerator % 3 == 0 and not self.groups

    @property
    def beats(self) -> tuple[Ticks, ...]:
        """Lengths in ticks of the beats of a bar; they sum to ``bar_ticks``. 3/8 has one.

        >>> Meter(6, 8).beats
        (720, 720)
        >>> Meter(5, 8, groups=(3, 2)).beats
        (720, 480)
        """
        unit = exact(Fraction(WHOLE, self.denominator))
        if self.groups:
            return tuple(exact(unit * n) for n in self.groups)
        if self.compound or (self.numerator == 3 and self.denominator >= 8):
            return (exact(unit * 3),) * (self.numerator // 3)
        if self.denominator >= 8 and self.numerator in (5, 7):
            return tuple(exact(unit * n) for n in ((3, 2) if self.numerator == 5 else (2, 2, 3)))
        return (unit,) * self.numerator

    def __str__(self) -> str:
        """As in an ABC ``M:`` field: ``6/8``, ``C|``, ``(3+2+2)/8``, ``none``."""
        if self.free:
            return "none"
        if self.symbol:
            return self.symbol
        if self.groups:
            return f"({'+'.join(map(str, self.groups))})/{self.denominator}"
        return f"{self.numerator}/{self.denominator}"


FREE_METER = Meter(0)
COMMON_TIME = Meter(4, 4)


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo mark: so many beats of a given length a minute, or words alone (``bpm`` = 0).

    ``beat`` is the beat's length in ticks (720 = dotted quarter), ``text`` what is written with it.
    """

    bpm: float
    beat: Ticks = TICKS_PER_QUARTER
    text: str = ""

    @property
    def qpm(self) -> float:
        """Quarter notes a minute, the tempo of a MIDI file; 0 where only words were given.

        >>> Tempo(120, 720).qpm
        180.0
        """
        return float(self.bpm * self.beat / TICKS_PER_QUARTER)
