"""Do the bars of a sheet add up? Pickups, endings and repeats in mid-bar understood.

    D | GAB cde | ... | g3 d2 :|       in 6/8: the pickup of 1/8 completes the last bar of 5/8

A bar shorter than its meter is right where it is half of a bar that another one completes: a pickup
at the beginning of the piece, the end of a section whose beginning (or the next one's) is a pickup
that fills it up. A longer bar is never right. In free meter every bar is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from nokturn.music.sheet import Bar, Sheet
from nokturn.music.time import FREE_METER, WHOLE, Meter, Ticks, exact

SECTION_LINES = ("double", "heavy-light", "final")  # bar lines at which a section ends


@dataclass(frozen=True)
class BarFault:
    """A bar that does not add up: its index, what it holds and what it should, in ticks."""

    bar: int
    held: Ticks
    expected: Ticks
    meter: Meter

    @property
    def text(self) -> str:
        """What is wrong: ``holds 7/8 but the meter is 6/8.``"""
        held = Fraction(self.held) / WHOLE
        unit = max(self.meter.denominator, held.denominator)
        return f"holds {held * unit}/{unit} but the meter is {self.meter}."


def bar_faults(sheet: Sheet) -> list[BarFault]:
    """Return the bars that do not add up, in order."""
    bars = sheet.bars
    held = [bar.length for bar in bars]
    odd = []
    full, last = FREE_METER.bar_ticks, FREE_METER
    for b, meter in enumerate(sheet.meters()):
        if meter is not last:
            full, last = meter.bar_ticks, meter
        if held[b] != full and not meter.free:
            odd.append(BarFault(b, held[b], full, meter))
    if not odd or held == [0]:  # headers alone, no music
        return []
    opens = [b == 0 or _section_ends(bars[b - 1], bars[b]) for b in range(len(bars))]
    return not_completed(odd, held, opens, [bool(bar.ending) for bar in bars])


def not_completed(
    odd: Sequence[BarFault], held: Sequence[Ticks], opens: Sequence[bool], endings: Sequence[bool]
) -> list[BarFault]:
    """Return those of the bars that are not full which no other bar completes.

    Parameters
    ----------
    held, opens, endings
        Of every bar: what it holds, whether a section begins with it, and whether that is an
        ending of a repeat (a section of its own, too).
    """
    last = len(held) - 1
    begins = [b for b in range(len(held)) if opens[b] and not endings[b]]
    ends = {held[b]: b for b in range(len(held)) if b == last or opens[b + 1]}  # the last so long

    def completed(fault: BarFault) -> bool:
        """Whether a short bar is a pickup, or is filled up by one."""
        b, missing = fault.bar, fault.expected - fault.held
        if not 0 < fault.held < fault.expected:
            return False
        if b == 0:
            return True
        if b == last or opens[b + 1]:  # it ends a section, which a pickup at either end completes
            before = bisect_right(begins, b)
            section = begins[before - 1] if before else 0
            following = () if b == last else (held[b + 1],)
            if missing in (held[section], held[0], *following):
                return True
        # or it begins one, and completes what is before it, or is completed where a section ends
        return opens[b] and (held[b - 1] == missing or ends.get(missing, 0) > b)

    return [fault for fault in odd if not completed(fault)]


def _section_ends(bar: Bar, following: Bar) -> bool:
    return bool(
        bar.repeat_end
        or bar.ending_stop
        or bar.line in SECTION_LINES
        or bar.line == "none"
        or following.repeat_start
        or following.ending
    )


def numbered_bars(sheet: Sheet) -> int:
    """Return how many bars a sheet has as musicians count them.

    A pickup counts as none, and two parts of a bar around a repeat sign as one.
    """
    wholes = []
    whole, last = FREE_METER.bar_ticks, FREE_METER
    for meter in sheet.meters():
        if meter is not last:
            whole, last = meter.bar_ticks, meter
        wholes.append(whole)
    return numbered([bar.length for bar in sheet.bars], wholes)


def numbered(held: Iterable[Ticks], wholes: Iterable[Ticks]) -> int:
    """Return what `numbered_bars` does, of bars that hold so much where it should be so much."""
    count, part, full = 0, exact(0), exact(0)
    for length, whole in zip(held, wholes, strict=True):
        if length >= whole:  # as every bar is in free meter
            count += 1
            continue
        part, full = part + length, whole
        if part >= full:
            count, part = count + 1, part - full
    return count + (part > 0 and 2 * part >= full)  # a last bar whose pickup is in another ending
