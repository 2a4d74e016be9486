"""Do the bars of a sheet add up? Pickups, endings and repeats in mid-bar understood.

    D | GAB cde | ... | g3 d2 :|       in 6/8: the pickup of 1/8 completes the last bar of 5/8

A bar shorter than its meter is right where it is half of a bar that another one completes: a pickup
at the beginning of the piece, the end of a section whose beginning (or the next one's) is a pickup
that fills it up. A longer bar is never right. In free meter every bar is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from nokturn.music.sheet import Bar, Sheet
from nokturn.music.time import FREE_METER, WHOLE, Meter, Ticks, exact


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
    begins = [b for b, bar in enumerate(bars) if opens[b] and not bar.ending]
    return [fault for fault in odd if not _right(fault, held, opens, begins)]


def _right(fault: BarFault, held: list[Ticks], opens: list[bool], begins: list[int]) -> bool:
    """Return whether a bar that is not full needs not be; ``begins`` are the sections' first."""
    section = max((b for b in begins if b <= fault.bar), default=0)
    short = 0 < fault.held < fault.expected
    return short and _completed(fault.bar, held, opens, section, fault.expected)


def _section_ends(bar: Bar, following: Bar) -> bool:
    return bool(
        bar.repeat_end
        or bar.ending_stop
        or bar.line in ("double", "final", "heavy-light", "none")
        or following.repeat_start
        or following.ending
    )


def _completed(b: int, held: list[Ticks], opens: list[bool], section: int, full: Ticks) -> bool:
    """Return whether a short bar is a pickup, or is filled up by one."""
    if b == 0:
        return True
    missing = full - held[b]
    last = b + 1 == len(held)
    if last or opens[b + 1]:  # it ends a section: a pickup at either end of it may complete it
        following = [] if last else [held[b + 1]]
        if missing in (held[section], held[0], *following):
            return True
    if not opens[b]:
        return False
    before = held[b - 1]
    if before == missing:
        return True
    # a section's own pickup, completed where the section ends
    ends = (k for k in range(b + 1, len(held)) if k + 1 == len(held) or opens[k + 1])
    return any(held[k] == missing for k in ends)


def numbered_bars(sheet: Sheet) -> int:
    """Return how many bars a sheet has as musicians count them.

    A pickup counts as none, and two parts of a bar around a repeat sign as one.
    """
    count, part, full = 0, exact(0), exact(0)
    whole, last = FREE_METER.bar_ticks, FREE_METER
    for bar, meter in zip(sheet.bars, sheet.meters(), strict=True):
        length = bar.length
        if meter is not last:
            whole, last = meter.bar_ticks, meter
        if length >= whole:  # as every bar is in free meter
            count += 1
            continue
        part, full = part + length, whole
        if part >= full:
            count, part = count + 1, part - full
    return count + (part > 0 and 2 * part >= full)  # a last bar whose pickup is in another ending
