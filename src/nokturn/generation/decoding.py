"""Decoding: symbol after symbol from a model, with a way back when it gets stuck.

The state of the model is carried along, never run again from the start. Before each bar the state
is kept; where nothing allowed is left, or the bar comes out wrong, that bar is drawn again, and
after a few vain tries the one before it. The share of bars drawn again is counted. Each time a
whole bar stands the guide is shown, so that the writing can be watched.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nokturn.encodings.base import BOUNDARY, Tracker
from nokturn.generation.constraints import AbcGuide
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models.base import Stream

Y = TypeVar("Y")

MAX_REDRAWS = 80  # in one attempt
TRIES_A_BAR = 6
MAX_BANS = 40  # symbols refused one after another at one place


@dataclass
class Place:
    """A state to come back to: what was read, and how often we came back."""

    stream: Stream
    tracker: Tracker
    guide: AbcGuide
    logits: NDArray[np.float32]
    ids: int
    tries: int = 0


@dataclass
class Drawn:
    """What came out: ids without boundaries, whether it ended or was stopped, and how it went."""

    ids: list[int] = field(default_factory=list)
    ended: bool = False
    stopped: bool = False
    bars: int = 0
    redrawn: int = 0


def decode(
    stream: Stream,
    tracker: Tracker,
    guide: AbcGuide,
    sampling: Sampling,
    generator: np.random.Generator,
    *,
    primer: Sequence[int] = (),
    encode: Callable[[str], Sequence[int]],
    bar_is_right: Callable[[str], bool],
    show: Callable[[AbcGuide], Y],
    stop: threading.Event | None = None,
) -> Generator[Y, None, Drawn]:
    """Draw one piece under a guide.

    Parameters
    ----------
    primer
        Ids that it begins with.
    encode
        Text -> ids, for what the guide forces.
    bar_is_right
        Whether the text so far, which ends with a bar line, is right.
    show
        Makes what is yielded of the guide.
    stop
        Once it is set, drawing ends with the whole bars that stand.

    Yields
    ------
    Y
        Each time that whole bars stand, whether one more or fewer.

    Returns
    -------
    Drawn
        ``ended`` is False where no way was found within 80 bars drawn again, and where it was
        ``stopped``.
    """
    drawn = Drawn(list(primer))
    logits = stream.step(BOUNDARY, tracker.step(BOUNDARY))
    for symbol in primer:
        logits = stream.step(symbol, tracker.step(symbol))
        guide.take(symbol)
    places: list[Place] = []
    kept = -1
    stands = shown = 0  # ids of whole bars, and how many bars they play
    while True:
        if stop and stop.is_set():
            drawn.stopped, drawn.bars = True, guide.closed
            del drawn.ids[stands:]
            return drawn
        wrong = guide.stuck
        if guide.at_bar_start and guide.closed != kept and not wrong:
            wrong = guide.closed > 0 and not bar_is_right(guide.text)
            if not wrong:
                kept = guide.closed
                places.append(
                    Place(stream.copy(), tracker.copy(), guide.copy(), logits, len(drawn.ids))
                )
        if guide.at_bar_start and guide.clock.total != shown and not wrong:
            stands, shown = len(drawn.ids), guide.clock.total
            if shown:
                yield show(guide)
        symbol = -1 if wrong else _next(logits, guide, sampling, generator, encode)
        if symbol == BOUNDARY:
            drawn.ended, drawn.bars = True, guide.closed
            return drawn
        if symbol < 0:
            drawn.redrawn += 1
            place = _back(places)
            if place is None or drawn.redrawn > MAX_REDRAWS:
                drawn.bars = guide.closed
                return drawn
            stream, tracker, guide = place.stream.copy(), place.tracker.copy(), place.guide.copy()
            del drawn.ids[place.ids :]
            logits, kept, stands = place.logits, place.guide.closed, min(stands, place.ids)
            continue
        logits = stream.step(symbol, tracker.step(symbol))
        guide.take(symbol)
        drawn.ids.append(symbol)


def _next(
    logits: NDArray[np.float32],
    guide: AbcGuide,
    sampling: Sampling,
    generator: np.random.Generator,
    encode: Callable[[str], Sequence[int]],
) -> int:
    """Return the next symbol, -1 where none is allowed."""
    if guide.forced:
        return int(encode(guide.forced)[0])
    banned: set[int] = set()
    most = MAX_BANS if guide.in_body else len(logits)  # whatever it would say, a header comes first
    while len(banned) < most:
        p = probabilities(logits, sampling, banned)
        if not p.any():
            return -1
        symbol = draw(p, generator)
        if guide.allows(symbol):
            return symbol
        banned.add(symbol)
    return -1


def _back(places: list[Place]) -> Place | None:
    """Return the place to go on from: the last bar, or an earlier one after vain tries."""
    while places:
        place = places[-1]
        place.tries += 1
        if place.tries <= TRIES_A_BAR:
            return place
        places.pop()
    return None
