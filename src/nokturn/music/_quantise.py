"""Bring the times of a score onto a grid that can be written down.

    at 384 a quarter:  128 -> 160 (a triplet eighth)   55 -> 480/7 (a septuplet's)   191 -> 240

A score that a notation program rendered is on the grid but for rounding: each time is taken for the
simplest fraction of its quarter that it can mean. What somebody played is not: then each quarter
gets the grid (eighths, triplets, sixteenths ...) that its onsets miss least. Rubato that the
tempo changes do not follow comes out as it is, unreadable.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nokturn.music.score import Notes, Score
from nokturn.music.time import TICKS_PER_QUARTER, Ticks, exact

# Parts of a quarter in the order in which a time is taken for one of them.
DIVISORS = (1, 2, 3, 4, 6, 8, 5, 12, 16, 7, 10, 9, 24, 14, 20, 15, 28)
COARSE = (1, 2, 3, 4, 6, 8, 12, 5, 7, 16)
ON_GRID = 0.7  # share of onsets on these grids from which on a score counts as quantised
GRACE = Fraction(1, 5)  # of a quarter: shorter notes off the grid are grace notes

# Grids for played music: parts of a quarter, and what each costs in squared quarters an onset.
PLAYED = ((1, 0.0), (2, 0.0005), (4, 0.0015), (3, 0.002), (6, 0.005), (8, 0.006))


class Note(NamedTuple):
    """A note with times that can be written; ``end`` = ``onset`` for a grace note.

    ``sources`` are the indices of the track's notes that it stands for.
    """

    onset: Ticks
    end: Ticks
    pitch: int
    sources: tuple[int, ...] = ()


def quantise(score: Score) -> list[list[Note]]:
    """Return the notes of each track on the grid, 480 ticks to the quarter, in order."""
    tpq = score.ticks_per_quarter
    if not score.tracks:
        return []
    if is_quantised(score):
        neat = _on_grid(np.concatenate([_ends(track.notes) for track in score.tracks]), tpq)
        tracks = [_settled(track.notes, tpq) for track in score.tracks]
        return tracks if neat else [_legato(track) for track in tracks]
    grid = _played_grid(score)
    return [_played(track.notes, tpq, grid) for track in score.tracks]


def is_quantised(score: Score) -> bool:
    """Whether most onsets are where a notation program would put them."""
    onsets = [track.notes["onset"] for track in score.tracks]
    return not onsets or _on_grid(np.concatenate(onsets), score.ticks_per_quarter)


def _ends(notes: Notes) -> NDArray[np.int64]:
    ends: NDArray[np.int64] = notes["onset"] + notes["duration"]
    return ends


def _on_grid(times: NDArray[np.int64], tpq: int) -> bool:
    counts = np.bincount(times % tpq, minlength=1)
    good = sum(int(counts[r]) for r in np.flatnonzero(counts).tolist() if _part(r, tpq, COARSE))
    return good >= ON_GRID * len(times)


@lru_cache(maxsize=65536)
def _part(rest: int, tpq: int, divisors: tuple[int, ...]) -> tuple[Ticks] | None:
    """Return the simplest part of a quarter that so many ticks past it can mean, or None.

    Programs round or cut, so a tick is allowed where ticks are short.
    """
    slack = 1 if tpq >= 200 else 0.5
    for divisor in divisors:
        k = round(rest * divisor / tpq)
        if abs(rest * divisor - k * tpq) <= slack * divisor:
            return (exact(Fraction(k * TICKS_PER_QUARTER, divisor)),)
    return None


def snap(tick: int, tpq: int) -> Ticks:
    """Return the time, on the 480 grid, that a tick means; the nearest 32nd where it means none.

    >>> snap(384 + 55, 384), snap(100, 384)
    (Fraction(3840, 7), 120)
    """
    quarter, rest = divmod(tick, tpq)
    part = _part(rest, tpq, DIVISORS)
    if part is None:
        return quarter * TICKS_PER_QUARTER + round(rest * 8 / tpq) * 60
    return exact(quarter * TICKS_PER_QUARTER + part[0])


def _settled(notes: Notes, tpq: int) -> list[Note]:
    """Return the notes of a quantised track; short ones off the grid become grace notes."""
    rows = notes.tolist()
    onsets = sorted({row[0] for row in rows if _part(row[0] % tpq, tpq, DIVISORS)})
    settled = []
    for source, (onset, duration, pitch, _) in enumerate(rows):
        end = onset + duration
        if duration < GRACE * tpq and not _part(onset % tpq, tpq, DIVISORS):
            at = bisect_left(onsets, onset)
            if at < len(onsets) and onsets[at] - onset < tpq:
                begin = snap(onsets[at], tpq)
                settled.append(Note(begin, begin, pitch, (source,)))
                continue
        begin, stop = snap(onset, tpq), snap(end, tpq)
        if not _part(end % tpq, tpq, DIVISORS):
            at = bisect_left(onsets, end)  # cut short by a grace note: it lasts to the next note
            if at < len(onsets) and onsets[at] - end < GRACE * tpq:
                stop = snap(onsets[at], tpq)
        settled.append(Note(begin, stop if stop > begin else begin + 60, pitch, (source,)))
    settled.sort()
    return settled


def _legato(notes: list[Note]) -> list[Note]:
    """Return notes held to the next one where they nearly were: onsets neat, ends as played."""
    onsets = sorted({note.onset for note in notes})
    longest: dict[Ticks, Ticks] = {}
    held = []
    for note in notes:
        at = bisect_right(onsets, note.onset)
        after: Ticks | None = onsets[at] if at < len(onsets) else None
        end: Ticks = max(round(note.end / 120) * 120, exact(note.onset + 60))
        if note.end == note.onset:
            end = note.end
        elif after is not None and _near(after, note.end):
            end = after
        else:  # notes of a chord let go at nearly the same time
            near = longest.get(note.onset)
            end = near if near is not None and _near(near, end) else end
            longest[note.onset] = max(end, longest.get(note.onset, end))
        held.append(note._replace(end=end))
    return sorted(held)


def _near(time: Ticks, other: Ticks) -> bool:
    return -240 <= time - other <= 240


def _played_grid(score: Score) -> NDArray[np.int64]:
    """Return for each quarter the number of parts that its onsets fit best."""
    tpq = score.ticks_per_quarter
    onsets = np.concatenate([track.notes["onset"] for track in score.tracks]) / tpq
    quarters = np.floor(onsets + 0.05).astype(np.int64)  # a little early still belongs to it
    # Music that never comes near most of its quarters is rare; memory is bounded by the reader.
    costs = np.empty((len(PLAYED), int(quarters.max()) + 2 if len(quarters) else 1))
    for row, (parts, cost) in enumerate(PLAYED):
        miss = onsets - np.round(onsets * parts) / parts
        costs[row] = np.bincount(quarters, miss**2 + cost, minlength=costs.shape[1])
    grid: NDArray[np.int64] = np.array([parts for parts, _ in PLAYED])[costs.argmin(0)]
    return grid


def _played(notes: Notes, tpq: int, grid: NDArray[np.int64]) -> list[Note]:
    """Return played notes on the grid; small gaps and overlaps are what playing is, not music."""
    begins = _on(notes["onset"] / tpq, grid)
    ends = _on(_ends(notes) / tpq, np.maximum(grid, 2))
    following = np.append(np.unique(begins), np.iinfo(np.int64).max)
    after = following[np.searchsorted(following, begins, side="right")]
    near = np.abs(ends - after) <= TICKS_PER_QUARTER // 3
    ends = np.where(near | (ends <= begins), np.minimum(after, begins + 480), ends)
    rows = zip(begins.tolist(), ends.tolist(), notes["pitch"].tolist(), strict=True)
    kept: dict[tuple[int, int], Note] = {}
    for source, (begin, end, pitch) in enumerate(rows):
        same = kept.get((begin, pitch), Note(begin, 0, pitch))
        kept[begin, pitch] = Note(begin, max(end, same.end), pitch, (*same.sources, source))
    return sorted(kept.values())


def _on(times: NDArray[np.float64], grid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times in quarters as ticks on the grid of their quarter."""
    quarters = np.minimum(np.floor(times + 0.05).astype(np.int64), len(grid) - 1)
    parts = grid[quarters]
    ticks: NDArray[np.int64] = np.round(times * parts).astype(np.int64) * TICKS_PER_QUARTER // parts
    return ticks
