"""Bars as events count them: from meters to bar lines, and from symbols back to time. In steps.

    3/4 from step 0, 4/4 from step 36 on, 12 steps to the quarter   ->   bar lines 0 36 84 132 ...

A bar lasts from one `bar` to the next, as long as the meter says that held when it began. A meter
holds from where it is written, and a bar begins there: after `bar` that is the same bar, after
`position_18` it cuts the bar short.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nokturn.encodings._event_words import BAR, METER, POSITION, Family, Ids


class Lines(NamedTuple):
    """Bar lines, and those of them (``cuts``) that come before the bar is full; (B,) and (C,)."""

    at: Ids
    cuts: Ids

    def place(self, steps: Ids) -> Ids:
        """Return how far steps are from the beginning of their bar."""
        return steps - self.at[np.searchsorted(self.at, steps, side="right") - 1]

    def place_of_cuts(self) -> Ids:
        """Return how far into the bar before each cut comes."""
        return self.cuts - self.at[np.searchsorted(self.at, self.cuts) - 1]


def bar_lines(begin: Ids, length: Ids, end: int) -> Lines:
    """Return the bar lines before ``end``.

    Parameters
    ----------
    begin, length
        Where each meter begins, rising from 0, and how long its bars are.
    """
    until = np.append(begin[1:], end)
    bars = -((begin - until) // length)  # rounded up
    number = np.arange(bars.sum()) - np.repeat(np.cumsum(bars) - bars, bars)
    lines = np.repeat(begin, bars) + number * np.repeat(length, bars)
    cut = (until - begin)[:-1] % length[:-1] != 0
    return Lines(lines, begin[1:][cut])


def times(family: Family, value: Ids, common: int) -> Ids:
    """Return the step at which each bar, position and meter stands, (T,).

    Parameters
    ----------
    family, value
        Of each of these symbols, (T,); the value of a meter is the length of its bar.
    common
        Length of a bar before the first meter.
    """
    bar, meter = family == BAR, (family == METER).nonzero()[0]
    place = value * (family == POSITION)
    gone = held(meter, value[meter], common, len(value)) * bar
    gone[bar.nonzero()[0][:1]] = 0  # the first bar begins the piece
    gone[meter] = np.append(0, place)[meter]
    steps: Ids = gone.cumsum() + place
    return steps


def held(given: Ids, values: Ids, before: int, count: int) -> Ids:
    """Return the value last given for each of ``count`` things, ``before`` until the first is.

    >>> held(np.array([1, 3]), np.array([6, 8]), before=0, count=4).tolist()
    [0, 6, 6, 8]
    """
    edges = np.concatenate(([0], given, [count]))
    return np.repeat(np.concatenate(([before], values)), edges[1:] - edges[:-1])
