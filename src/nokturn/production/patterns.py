"""Patterns: what a part does in a bar, written so that it can be read.

    X-----x-........     Charleston in 4/4: strokes on one and on the and of two

A character is a sixteenth. ``-`` goes on with what sounds, ``.`` is silence, and any other sign
begins a note; what it means is the part's own business. Tables have rows for 4/4, 3/4, 6/8 and 5/4;
a bar of another meter takes the row of its kind, played round and round or cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nokturn.errors import UsageError
from nokturn.music.harmony import Harmony
from nokturn.music.time import SIXTEENTH, Meter
from nokturn.music.voicing import Played

Rows = Mapping[str, tuple[str, ...]]  # meter -> bars


class Stroke(NamedTuple):
    """A sign of a pattern, with its onset and duration in ticks."""

    onset: int
    duration: int
    sign: str

    @property
    def end(self) -> int:
        """Tick at which it ends."""
        return self.onset + self.duration


class Span(NamedTuple):
    """A chord, from where to where in ticks."""

    start: int
    end: int
    harmony: Harmony


@dataclass(frozen=True)
class Place:
    """Where a part plays.

    Attributes
    ----------
    chords
        What it plays over, in order, without gaps but for rests.
    start, bars, meter
        Its first tick, its length, and how the bars are counted.
    energy
        0 (hardly anything happens) to 1.
    following
        The chord after the last one, where there is one to lead to.
    """

    chords: tuple[Span, ...]
    start: int
    bars: int
    meter: Meter
    energy: float = 0.5
    following: Harmony | None = None

    @property
    def bar_ticks(self) -> int:
        """Length of a bar."""
        return int(self.meter.bar_ticks)

    @property
    def end(self) -> int:
        """The tick after it."""
        return self.start + self.bars * self.bar_ticks

    def at(self, tick: int) -> Span | None:
        """Return the chord that sounds at a tick."""
        return next((span for span in self.chords if span.start <= tick < span.end), None)

    def after(self, span: Span) -> Harmony | None:
        """Return the chord that follows a chord without a rest between."""
        here = self.chords.index(span) + 1
        if here == len(self.chords):
            return self.following if span.end == self.end else None
        return self.chords[here].harmony if self.chords[here].start == span.end else None


def spans(chords: Sequence[Played], start: int, end: int) -> tuple[Span, ...]:
    """Return chords played round and round from a tick to another, rests left out."""
    found: list[Span] = []
    while start < end:
        for harmony, duration in chords:
            stop = min(start + round(duration), end)
            if harmony and stop > start:
                found.append(Span(start, stop, harmony))
            start = stop
    return tuple(found)


@lru_cache(maxsize=512)
def strokes(bar: str) -> tuple[Stroke, ...]:
    """Return the strokes of a bar.

    >>> strokes("X-.x")
    (Stroke(onset=0, duration=240, sign='X'), Stroke(onset=360, duration=120, sign='x'))
    """
    found: list[Stroke] = []
    for step, sign in enumerate(bar):
        if sign == "-" and found:
            found[-1] = found[-1]._replace(duration=found[-1].duration + SIXTEENTH)
        elif sign not in "-.":
            found.append(Stroke(step * SIXTEENTH, SIXTEENTH, sign))
    return tuple(found)


def bars_of(rows: Rows, meter: Meter) -> tuple[str, ...]:
    """Return the bars that a table has for a meter.

    Raises
    ------
    UsageError
        The meter is free, or its bar is no whole number of sixteenths.

    >>> bars_of({"4/4": ("X---x---x---x---",), "6/8": ("X-----x-----",)}, Meter(7, 8))
    ('X---x---x---x-',)
    """
    written = rows.get(f"{meter.numerator}/{meter.denominator}")
    if written:
        return written
    if meter.free or meter.bar_ticks % SIXTEENTH:
        raise UsageError(f"There are no patterns for meter {meter}.", "Use 4/4, 3/4, 6/8 or 5/4.")
    threes = meter.denominator >= 8 and meter.numerator % 3 == 0
    steps = int(meter.bar_ticks) // SIXTEENTH
    return tuple(
        (bar * (steps // len(bar) + 1))[:steps] for bar in rows["6/8" if threes else "4/4"]
    )


def placed(bars: Sequence[str], place: Place) -> Iterator[Stroke]:
    """Yield the strokes of bars, one after the other, where they stand in the music."""
    for number, bar in enumerate(bars):
        offset = place.start + number * place.bar_ticks
        for stroke in strokes(bar):
            yield stroke._replace(onset=stroke.onset + offset)
