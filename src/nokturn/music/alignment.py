"""Alignment: how a sheet and a score of the same music belong together.

    alignment = performed(sheet)            or transcribed(score)
    alignment.sources()[0][7]               where the eighth note of the first track is written
    alignment.bars()[4]                     the fifth bar as it is played: its number, ticks, meter

What a screen needs to show on the page what is heard. Bars are counted as they are played: repeats
go on counting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from nokturn.music.score import Score
from nokturn.music.sheet import Place, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Ticks

Where = tuple[int, ...]  # the values of a Place, which takes time to make


class PlayedBar(NamedTuple):
    """A bar as it is played.

    ``number`` is 1 for the first full bar, 0 for a pickup, and goes on through repeats; ``start``
    and ``stop`` are ticks of the score, ``written`` the indices of the sheet's bars that it is made
    of: two where a repeat sign stands in the middle.
    """

    number: int
    start: int
    stop: int
    meter: Meter
    written: tuple[int, ...]


@dataclass(frozen=True)
class Alignment:
    """A sheet and its score, and how they belong together.

    ``order`` are the indices of the sheet's bars as they are played, ``where`` says for each track,
    for each of its notes, where it is written.
    """

    sheet: Sheet
    score: Score
    order: list[int]
    where: list[list[list[Where]]]

    def sources(self) -> list[list[tuple[Place, ...]]]:
        """Return for each track, for each of its notes, the written notes that sound as this one.

        Several where they are tied, in order; none where nothing is written for it.
        """
        return [[tuple(Place(*where) for where in note) for note in track] for track in self.where]

    def bars(self) -> list[PlayedBar]:
        """Return the bars in the order in which they are played."""
        return played_bars(self.sheet, self.order, self.score.ticks_per_quarter)


def played_bars(
    sheet: Sheet, order: Sequence[int], ticks_per_quarter: int = TICKS_PER_QUARTER
) -> list[PlayedBar]:
    """Return the bars of a sheet as they are played in an order (`playing_order`).

    Two short ones that make a full one are one bar; bars without music are left out.
    """
    lengths = [sheet.bars[i].length for i in order]
    starts = [0, *accumulate(lengths)]
    meters = list(sheet.meters())
    scale = Fraction(ticks_per_quarter, TICKS_PER_QUARTER)
    found: list[PlayedBar] = []
    for first, count, held in whole_bars(order, lengths, meters):
        if not held:
            continue
        nominal = meters[order[first]]
        pickup = not found and held < nominal.bar_ticks and first + count < len(order)
        found.append(
            PlayedBar(
                0 if pickup else found[-1].number + 1 if found else 1,
                round(starts[first] * scale),
                round(starts[first + count] * scale),
                nominal,
                tuple(order[first : first + count]),
            )
        )
    return found


def whole_bars(
    order: Sequence[int], lengths: list[Ticks], meters: list[Meter]
) -> Iterator[tuple[int, int, Ticks]]:
    """Yield the bars as they are heard: place of the first part in the order, parts, length."""
    k = 0
    while k < len(order):
        nominal = meters[order[k]]
        full, first, held = nominal.bar_ticks, k, lengths[k]
        k += 1
        while (
            k < len(order)
            and meters[order[k]] == nominal
            and 0 < lengths[k] < full
            and held + lengths[k] <= full
        ):
            held += lengths[k]
            k += 1
        yield first, k - first, held
