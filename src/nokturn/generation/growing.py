"""Growing: a piece while it is being written, and what it becomes when it is stopped.

    for event in tunes(file, n=2, seed=7, stop=stop):      # of `compose` and of `free`
        if isinstance(event, Growing): print(event.bars, event.text)

The piece so far is made only when it is asked for, so that watching costs nothing. A tune that is
stopped keeps its whole bars: a repeat that nothing closes is played once, an ending without its
second is none, and the last bar line is a final one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from nokturn.evaluation.validity import check_sheet
from nokturn.music.piece import Piece
from nokturn.music.sheet import Bar, Event, Sheet

Y = TypeVar("Y")
R = TypeVar("R")


@dataclass(frozen=True)
class Growing:
    """A piece that is not finished.

    Attributes
    ----------
    seed
        The seed of the variation.
    bars
        Whole bars that stand, as played; fewer than before where some were thrown away.
    piece
        Makes the piece so far.
    text
        Its ABC; empty where the model writes something else.
    """

    seed: int
    bars: int
    piece: Callable[[], Piece] = field(repr=False, compare=False)
    text: str = ""


def by_one_thread(steps: Generator[Y, None, R]) -> Generator[Y, None, R]:
    """Take each step with one thread: many only slow such small products down.

    Whoever watches between two steps has all threads.
    """
    libraries = ThreadpoolController()
    while True:
        with libraries.limit(limits=1):
            try:
                step = next(steps)
            except StopIteration as end:
                result: R = end.value
                return result
        yield step


def ended(sheet: Sheet) -> Sheet | None:
    """Return a tune that stops in its middle as one that ends; None where no bar can be kept.

    As many of its bars are kept as make a tune that is right.
    """
    for count in range(len(sheet.bars), 0, -1):
        closed = replace(sheet, bars=_closed(sheet.bars[:count]))
        if check_sheet(closed).valid:
            return closed
    return None


def _closed(bars: list[Bar]) -> list[Bar]:
    """Return bars with a final bar line, without what waits for bars that never came."""
    bars = [replace(bar) for bar in bars]
    last = bars[-1]
    last.voices = [_untied(voice) for voice in last.voices]
    last.line = "single" if last.repeat_end else "final"
    section = _last_section(bars)
    if not any(bar.repeat_end for bar in bars[section:]):
        bars[section].repeat_start = False
    endings = [bar for bar in bars[section:] if bar.ending]
    if endings and 1 not in endings[-1].ending:
        last.ending_stop = True
    else:
        for bar in bars[section:]:
            bar.ending, bar.ending_stop = (), False
    return bars


def _last_section(bars: list[Bar]) -> int:
    """Return the bar where the last repeat opens, or that follows the last one that is closed."""
    opens = [
        b for b, bar in enumerate(bars)
        if b and (bar.repeat_start or (bars[b - 1].repeat_end and not bar.ending))
    ]  # fmt: skip
    return opens[-1] if opens else 0


def _untied(voice: list[Event]) -> list[Event]:
    """Return a voice whose last note is tied to nothing."""
    return [*voice[:-1], *(event._replace(ties=()) for event in voice[-1:])]
