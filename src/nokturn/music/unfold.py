"""The order in which the bars of a sheet are played.

Repeats, numbered endings, the part order of ABC's ``P:`` header, and D.C., D.S., fine and coda.
Bars are named by their index in ``sheet.bars``.

    |: 0 1 |1 2 :|2 3 |]   ->   0 1 2  0 1 3

A repeat sign without a beginning goes back to the start of its section: the bar after the last
repeat, or the first bar. After a da capo, repeats are not taken again; the last ending is played.
"""

from __future__ import annotations

from nokturn.errors import LimitError
from nokturn.music.sheet import Bar, Sheet

MAX_PLAYED_BARS = 20_000  # a few hundred bytes of nested parts could otherwise ask for years
_DA_CAPO = {"D.C.", "dacapo", "D.C.alfine", "D.C.alcoda"}
_DAL_SEGNO = {"D.S.", "D.S.alfine", "D.S.alcoda"}
_TO_CODA = {"dacoda", "tocoda"}


def playing_order(sheet: Sheet) -> list[int]:
    """Return the indices of the bars in the order in which they are played.

    Raises `LimitError` where that is more than 20,000 bars.
    """
    parts = _parts(sheet)
    wanted = [label for label in sheet.part_order if label in parts] if parts else []
    if wanted:
        lengths = sum(len(parts[label]) for label in wanted)
        _check(lengths)
        order = [i for label in wanted for i in _repeated(sheet.bars, parts[label])]
    else:
        order = _repeated(sheet.bars, range(len(sheet.bars)))
        order = _with_jumps(sheet.bars, order)
    _check(len(order))
    return order


def _check(bars: int) -> None:
    if bars > MAX_PLAYED_BARS:
        raise LimitError(
            f"with its repeats the piece has more than {MAX_PLAYED_BARS:,} bars.",
            "Shorten the part order or the repeats.",
        )


def _parts(sheet: Sheet) -> dict[str, range]:
    """Return the bars of each labelled part; the first use of a label counts."""
    if not sheet.part_order:
        return {}
    starts = [i for i, bar in enumerate(sheet.bars) if bar.label]
    stops = [*starts[1:], len(sheet.bars)]
    parts: dict[str, range] = {}
    for start, stop in zip(starts, stops, strict=False):
        parts.setdefault(sheet.bars[start].label, range(start, stop))
    return parts


_SECTION_LINES = ("double", "final", "heavy-light")


def _repeated(bars: list[Bar], span: range) -> list[int]:
    """Return the bars of a span with repeats and endings played out."""
    order: list[int] = []
    i = start = span.start
    taken = 1  # which time through the section that begins at ``start``
    while i < span.stop:
        bar = bars[i]
        if bar.repeat_start and i != start:
            start, taken = i, 1
        if bar.ending and taken not in bar.ending:
            after = _ending_stop(bars, i, span.stop) + 1
            if after < span.stop and bars[after].ending:
                i = after
                continue
            if taken <= max(bar.ending):  # no bracket for this time: play the last one
                i = after
                start, taken = i, 1
                continue
        order.append(i)
        _check(len(order))
        if bar.repeat_end and taken < _times(bars, start, i, span.stop):
            i, taken = start, taken + 1
            continue
        ended = bar.repeat_end or bar.ending_stop
        if ended and not (i + 1 < span.stop and bars[i + 1].ending and taken == 1):
            i = _past_endings(bars, i, span.stop)
            start, taken = i, 1
            continue
        i += 1
        # ABC 2.1, 4.8: a repeat that nothing opened goes back to the latest double bar line; in the
        # first section, as in abc2midi, to the beginning: there || often parts two phrases
        opened = start == span.start or bars[start].repeat_start
        if taken == 1 and bar.line in _SECTION_LINES and not opened:
            start = i
    return order


def _ending_stop(bars: list[Bar], i: int, stop: int) -> int:
    """Return the last bar of the bracket that opens at bar i."""
    while i + 1 < stop:
        bar, following = bars[i], bars[i + 1]
        if bar.ending_stop or bar.repeat_end or following.ending or following.repeat_start:
            break
        i += 1
    return i


def _past_endings(bars: list[Bar], i: int, stop: int) -> int:
    """Return the bar after bar i, past brackets that belong to other times through."""
    i += 1
    while i < stop and bars[i].ending and min(bars[i].ending) > 1 and not bars[i].repeat_start:
        i = _ending_stop(bars, i, stop) + 1
    return i


def _times(bars: list[Bar], start: int, here: int, stop: int) -> int:
    """Return how often the section from ``start``, which ends a time at ``here``, is played."""
    times = bars[here].repeat_end
    i = start
    while i < stop and (i == start or not bars[i].repeat_start):
        if bars[i].ending:
            times = max(times, *bars[i].ending)
            i = _ending_stop(bars, i, stop) + 1
            if i > here and not (i < stop and bars[i].ending):
                break
            continue
        if i >= here and not (i + 1 < stop and bars[i + 1].ending):
            break
        i += 1
    return min(times, 99)


def _marks(bar: Bar) -> set[str]:
    return {name for voice in bar.voices for event in voice for name in event.decorations}


def _with_jumps(bars: list[Bar], order: list[int]) -> list[int]:
    """Return an order with the first D.C. or D.S. in it carried out."""
    marks = [_marks(bar) for bar in bars]
    jump = next((i for i in sorted(set(order)) if marks[i] & (_DA_CAPO | _DAL_SEGNO)), None)
    if jump is None:
        return order
    at = len(order) - 1 - order[::-1].index(jump)
    to = 0
    if marks[jump] & _DAL_SEGNO:
        to = next((i for i, names in enumerate(marks) if "segno" in names), 0)
    codas = [i for i, names in enumerate(marks) if "coda" in names]
    leave = next((i for i, names in enumerate(marks) if names & _TO_CODA), None)
    if leave is None and len(codas) > 1:
        leave = codas[0]
    again = _last_times(order[: at + 1], to, jump)
    fine = next((k for k, i in enumerate(again) if "fine" in marks[i]), None)
    if leave is not None and codas and leave in again:
        head = again[: again.index(leave) + (1 if marks[leave] & _TO_CODA else 0)]
        return order[: at + 1] + head + list(range(codas[-1], len(bars)))
    if fine is not None:
        return order[: at + 1] + again[: fine + 1]
    return order[: at + 1] + again + order[at + 1 :]


def _last_times(order: list[int], first: int, last: int) -> list[int]:
    """Return the bars first..last as they go the last time through: repeats not taken."""
    path: list[int] = []
    for i in order:
        if not first <= i <= last:
            continue
        while path and path[-1] >= i:
            path.pop()
        path.append(i)
    return path
