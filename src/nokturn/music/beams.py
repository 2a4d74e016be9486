"""Beams by the meter: which flagged notes are joined, and how.

    >>> from nokturn.music.time import Meter
    >>> beams([(0, 240, 1), (240, 240, 1), (480, 480, 0)], Meter(2, 4))
    [('begin',), ('end',), ()]

Notes are joined within a beat; four plain eighths also across two beats of 2/4, 4/4 and cut time,
as engravers do. Rests and longer notes end a beam. What a composer beamed otherwise on purpose is
not known to a Sheet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from nokturn.music.time import TICKS_PER_QUARTER, Meter, Ticks

Value = tuple[Ticks, Ticks, int]  # onset from the bar's start, duration, flags (rests: 0)
EIGHTH = TICKS_PER_QUARTER // 2


def beams(values: Sequence[Value], meter: Meter) -> list[tuple[str, ...]]:
    """Return for each note its beams from the eighth beam inwards, in MusicXML's words.

    Parameters
    ----------
    values
        Onset, duration and number of flags of the notes of one voice in one bar, in order;
        0 flags for rests and for quarters and longer.
    meter
        The meter; in free meter quarters are the beats.
    """
    result: list[tuple[str, ...]] = [()] * len(values)
    for group in groups(values, meter):
        for place, index in enumerate(group):
            around = [values[i][2] for i in group]
            result[index] = tuple(
                _state(around, place, level) for level in range(1, around[place] + 1)
            )
    return result


def groups(values: Sequence[Value], meter: Meter) -> list[list[int]]:
    """Return the indices of the notes under each beam; every group holds two or more."""
    beats, halves = _windows(values, meter)
    found: list[list[int]] = []
    current: list[int] = []
    window: tuple[bool, int] | None = None
    for index, (onset, _, flags) in enumerate(values):
        half = bisect_right(halves, onset) if halves else 0
        plain = bool(halves) and _plain(values, halves, half)
        here = (plain, half if plain else bisect_right(beats, onset))
        if flags == 0 or here != window:
            found.append(current)
            current = []
        window = here
        if flags:
            current.append(index)
    return [group for group in [*found, current] if len(group) > 1]


def _windows(values: Sequence[Value], meter: Meter) -> tuple[list[Ticks], list[Ticks]]:
    """Return where beats end, and where the half bars end that plain eighths may fill."""
    end = max((onset + duration for onset, duration, _ in values), default=0)
    if meter.free:
        return _steps(TICKS_PER_QUARTER, end), []
    if meter.denominator >= 8 and not meter.compound and meter.numerator in (1, 2, 3, 4):
        return [meter.bar_ticks], []
    beats = list(accumulate(meter.beats))
    if meter.groups or meter.compound:
        return beats, []
    if meter.denominator == 2:
        return _steps(TICKS_PER_QUARTER, end), beats
    if meter.denominator == 4 and meter.numerator in (2, 4):
        return beats, beats[1::2]
    return beats, []


def _steps(step: int, end: Ticks) -> list[Ticks]:
    return [step * (i + 1) for i in range(int(end // step) + 1)]


def _plain(values: Sequence[Value], halves: list[Ticks], half: int) -> bool:
    """Whether a half bar holds nothing but eighths."""
    inside = [value for value in values if bisect_right(halves, value[0]) == half]
    return all(flags == 1 and duration == EIGHTH for _, duration, flags in inside)


def _state(flags: list[int], place: int, level: int) -> str:
    before = place > 0 and flags[place - 1] >= level
    after = place + 1 < len(flags) and flags[place + 1] >= level
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    return "backward hook" if place > 0 else "forward hook"
