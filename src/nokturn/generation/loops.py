"""Loops: what a model that has begun to say the same over and over would say next.

    loops = Loops()
    for symbol in [5, 6] * 40: loops.read(symbol)
    loops.barred()   ->   (5,)

Models that count what came earlier in the piece believe in it the more often it came, and may
never leave a figure that they have repeated a few times. People repeat, too; but a pattern of up to
`PERIODS` symbols that has gone on for `LONGEST` symbols (`LONGEST_FRAMES` where notes are held from
frame to frame) and four times over is taken for a loop, and the symbol that would carry it on is
not drawn.
"""

from __future__ import annotations

import numpy as np

PERIODS = 48  # symbols of the longest pattern
TIRED = 2  # times after which what came is no longer expected, while writing
LONGEST = 32  # symbols that a pattern may go on for
LONGEST_FRAMES = 60  # the same where a symbol is a note of a frame
TIMES = 4  # and never fewer than so many times


class Loops:
    """Follows what was written.

    Parameters
    ----------
    longest
        Symbols that a pattern may go on for.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._enough = np.maximum(longest, TIMES * np.arange(1, PERIODS + 1))
        self._last = np.full(PERIODS, -1, dtype=np.int64)  # the latest symbol first
        self._same = np.zeros(PERIODS, dtype=np.int64)  # in a row, as the symbol a period earlier

    def read(self, symbol: int) -> None:
        """Read the next symbol."""
        self._same = np.where(self._last == symbol, self._same + 1, 0)
        self._last = np.roll(self._last, 1)
        self._last[0] = symbol

    def barred(self) -> tuple[int, ...]:
        """Return the symbols that would carry a loop on."""
        going = np.flatnonzero(self._same >= self._enough - np.arange(1, PERIODS + 1))
        return tuple(sorted({int(self._last[period]) for period in going}))
