"""Drum styles: tables of steps, a line for each drum and a column for each sixteenth.

    kick   X... .... ..x. ....        X accented   x plain   o soft
    snare  .... X..g .... X...        ? now and then         g ghost note
    hat    x.o. x.o. x.o. x.o.        a blank between the beats, | between bars that alternate

A style fits any meter: beats are left out or repeated, and those of compound meters divided in
three. Its weakness: outside its own meter a style is only what its beats make together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from nokturn.errors import UsageError, did_you_mean
from nokturn.music.time import COMMON_TIME, SIXTEENTH, TICKS_PER_QUARTER, Meter

KICK, RIM, SNARE, CLAP, HAT, PEDAL, OPEN, CRASH, RIDE, SHAKER = (
    36, 37, 38, 39, 42, 44, 46, 49, 51, 70,
)  # fmt: skip
HIGH_TOM, MID_TOM, LOW_TOM = 50, 47, 43


@dataclass(frozen=True)
class Style:
    """A way to drum.

    Attributes
    ----------
    lines
        Of each drum (a General MIDI pitch) its bars, divided by ``|``, beats by blanks.
    meter
        In which it is written.
    keeper
        The drum that keeps the time; density thins and thickens it.
    fill
        Drums that a fill goes down.
    crash
        The cymbal of a section's first beat, 0 = none.
    """

    lines: Mapping[int, str]
    meter: Meter = COMMON_TIME
    keeper: int = HAT
    fill: tuple[int, ...] = (SNARE, SNARE, KICK)
    crash: int = CRASH


TOMS = (SNARE, HIGH_TOM, MID_TOM, LOW_TOM)
STYLES = {
    "dusty": Style({
        KICK:  "X... ...x ..x. ...?|X..? .... x.x. ..?.",
        SNARE: ".... X..g .g.. X..g|.... X..g ...g X.g?",
        HAT:   "x.o. x.o. x.o. x.o.|x.o. x.o? x.o. x...",
        OPEN:  ".... .... .... ....|.... .... .... ..?.",
    }),
    "lazy": Style({
        KICK:  "X... .... ..x. ....|X... ...? ..x. ?...",
        RIM:   ".... X... .... X...|.... X... .... X..?",
        HAT:   "o.x. o.x. o.x. o.x?|o.x. o.x. o.xo o.x.",
        SHAKER: "..g. ..g. ..g. ..g.",
    }, crash=0, fill=(RIM, SNARE, KICK)),
    "brushes": Style({
        RIDE:  "X... x.x. X... x.x.|X... x.x. X.?. x.x.",
        PEDAL: ".... x... .... x...",
        SNARE: "o.g. o.g. o.g? o.g.|o.g. o.g. o.g. o?g.",
        KICK:  "o... ..?. o... ....|o... .... o... ..?.",
    }, keeper=RIDE, crash=RIDE, fill=(SNARE, SNARE, HIGH_TOM, LOW_TOM)),
    "bossa": Style({
        RIM:   "X..x ..x. ..x. .x..",
        KICK:  "X..o x..o X..o x..o",
        HAT:   "xoxo xoxo xoxo xoxo|xoxo xoxo xoxo xox.",
        OPEN:  ".... .... .... ....|.... .... .... ...?",
    }, crash=0, fill=(RIM, SNARE, MID_TOM)),
    "waltz": Style({
        KICK:  "X... .... ....|X... .... ..?.",
        SNARE: ".... x... x...|.... x..g x.g.",
        HAT:   "x.o. x.o. x.o.",
    }, meter=Meter(3, 4)),
    "six-eight": Style({
        KICK:  "X..... ....x.|X...?. ..?.x.",
        SNARE: "....g. X...g.|..g... X.....",
        HAT:   "x.o.o. x.o.o.",
    }, meter=Meter(6, 8)),
    "five-four": Style({
        KICK:  "X... ..x. .... X... ...?|X... ...? ..x. X... ....",
        SNARE: ".... .... X..g .... X..g|.... ..g. X... ..g. X...",
        HAT:   "x.o. x.o. x.o. x.o. x.o.",
    }, meter=Meter(5, 4)),
    "house": Style({
        KICK:  "X... X... X... X...",
        CLAP:  ".... X... .... X...",
        OPEN:  "..x. ..x. ..x. ..x.",
        HAT:   "o..o o..o o..o o.oo",
        SHAKER: ".g.g .g.g .g.g .g.g",
    }, fill=(CLAP, SNARE, SNARE)),
    "rock": Style({
        KICK:  "X... .... x.x. ....|X... ...? x.x. ..?.",
        SNARE: ".... X... .... X...|.... X... .g.. X..g",
        HAT:   "X.x. X.x. X.x. X.x.",
    }, fill=TOMS),
    "half-time": Style({
        KICK:  "X... ..?. .... ..x.|X..? .... .... x...",
        SNARE: "...g .... X... ..g.|.... .g.. X..g ....",
        HAT:   "x.o. x.o. x.oo x.o.|x.o. x.oo x.o. x.o?",
    }),
    "none": Style({}),
}  # fmt: skip


class Stroke(NamedTuple):
    """A sign of a table: tick in its bar, drum (General MIDI pitch), sign."""

    tick: int
    drum: int
    sign: str


def find_style(name: str) -> Style:
    """Return a style; `UsageError` where there is none of that name."""
    if name not in STYLES:
        raise UsageError(f"There is no drum style named {name!r}.", did_you_mean(name, STYLES))
    return STYLES[name]


def strokes_of(style: Style, meter: Meter, bar: int) -> list[Stroke]:
    """Return what stands in a style for a bar of a meter; bars count from 0.

    >>> [(s.tick, s.sign) for s in strokes_of(STYLES["rock"], Meter(3, 4), 0) if s.drum == SNARE]
    [(960, 'X')]
    """
    starts = cell_starts(meter)
    lengths = [stop - start for start, stop in zip(starts, [*starts[1:], _end(meter)], strict=True)]
    strokes = []
    for drum, line in style.lines.items():
        bars = [one.split() for one in line.split("|")]
        for start, length, cell in zip(
            starts, lengths, _chosen(bars, len(starts), bar), strict=True
        ):
            signs = _divided(cell, -(-length // SIXTEENTH))
            found = [(start + k * SIXTEENTH, sign) for k, sign in enumerate(signs) if sign != "."]
            strokes += [Stroke(tick, drum, sign) for tick, sign in found]
    return sorted(strokes)


def cell_starts(meter: Meter) -> list[int]:
    """Return the ticks at which the cells of a bar begin: beats of a quarter or a dotted one.

    >>> cell_starts(Meter(6, 8)), cell_starts(Meter(2, 2)), cell_starts(Meter(4, 16))
    ([0, 720], [0, 480, 960, 1440], [0])
    """
    cells: list[int] = []
    for beat in map(int, meter.beats):
        if cells and cells[-1] + beat <= TICKS_PER_QUARTER:  # the beats of 5/16 are too short
            cells[-1] += beat
        else:
            parts = beat // TICKS_PER_QUARTER if beat > 3 * TICKS_PER_QUARTER // 2 else 1
            cells += [beat // parts] * parts
    return [0, *accumulate(cells[:-1])]


def _end(meter: Meter) -> int:
    return int(meter.bar_ticks)


def _chosen(bars: list[list[str]], count: int, bar: int) -> list[str]:
    """Return as many cells as a bar has, out of those of a table's bar."""
    cells = bars[bar % len(bars)]
    return [cells[k] for k in _order(len(cells), count)]


def _order(cells: int, count: int) -> list[int]:
    """Return which cells make a bar of so many.

    >>> _order(4, 2), _order(4, 3), _order(4, 5), _order(3, 4), _order(5, 4)
    ([0, 3], [0, 2, 3], [0, 1, 0, 2, 3], [0, 1, 2, 1], [0, 1, 2, 4])
    """
    if count == cells:
        return list(range(cells))
    if cells == 4 and count > 2:
        rest = ([], [0, 1, 0, 2, 3], [2, 3], [0, 2, 3])[count % 4]
        return list(range(4)) * (count // 4 - (count % 4 == 1)) + rest
    if cells < count:
        return [k % 2 if cells == 2 else k and 1 + (k - 1) % (cells - 1) for k in range(count)]
    return [*range(count - 1), cells - 1] if count > 1 else [0]


def _divided(cell: str, steps: int) -> str:
    """Return a beat in so many sixteenths: quarters and dotted quarters become each other.

    >>> _divided("x.o.", 6), _divided("..x.", 6), _divided("x.o.o.", 4)
    ('x.o.o.', '..x...', 'x.o.')
    """
    if (len(cell), steps) == (4, 6):
        first, second, third, last = tuple(cell)
        middle = third if third != "." else second
        after = last if last != "." else third if first != "." else "."
        return f"{first}.{middle}.{after}."
    if (len(cell), steps) == (6, 4):
        middle = next((sign for sign in cell[2:4] if sign != "."), ".")
        last = next((sign for sign in cell[4:] if sign != "." and middle == "."), ".")
        return f"{cell[0]}.{middle}{last}"
    return cell[:steps].ljust(steps, ".")
