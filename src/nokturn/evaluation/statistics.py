"""Statistics of pieces, and how far two sets of pieces lie apart.

    mine, theirs = statistics(new), statistics(corpus)
    distances(mine, theirs)      ->   {"pitch class": 0.03, "interval": 0.05, ...}

Distances are Jensen-Shannon divergences in bits, 0 (the same) to 1 (nothing shared), of histograms
over all notes of a set. Everything is counted on what sounds, so that pieces of any encoding can be
set side by side. Their weakness: two sets may share all histograms and no music.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Notes, Score, in_order
from nokturn.music.time import TICKS_PER_QUARTER

SIXTEENTH = TICKS_PER_QUARTER // 4
INTERVALS = 25  # -12 to 12 semitones; wider ones count as these
DURATIONS = 33  # sixteenths; longer ones count as two whole notes
ONSETS = 16  # sixteenths of four quarters
TEXTURES = 17  # notes at once; more count as 16
Histogram = NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """What a set of pieces is made of.

    Attributes
    ----------
    pieces, notes
        Counts.
    histograms
        By name, each summing to 1: pitch class (12), interval from note to note of the top line
        (25: -12 to 12 semitones), duration (33: sixteenths), onset in four quarters (16), texture
        (17: how many notes sound in each sixteenth).
    silence
        Share of the time in which nothing sounds, 0-1.
    longest_repeat
        Most equal pitches in a row in the top line of any piece.
    notes_a_quarter
        Mean number of notes.
    """

    pieces: int
    notes: int
    histograms: dict[str, Histogram]
    silence: float
    longest_repeat: int
    notes_a_quarter: float


def statistics(pieces: Iterable[Piece]) -> Statistics:
    """Return the statistics of a set of pieces; drums are left out."""
    counts = {
        "pitch class": np.zeros(12),
        "interval": np.zeros(INTERVALS),
        "duration": np.zeros(DURATIONS),
        "onset": np.zeros(ONSETS),
        "texture": np.zeros(TEXTURES),
    }
    number = notes_in_all = longest = 0
    silent = length = 0.0
    for piece in pieces:
        number += 1
        notes = _notes(piece.score)
        end = piece.score.end
        length += end
        silent += end - _sounding(notes)
        if not len(notes):
            continue
        notes_in_all += len(notes)
        counts["pitch class"] += np.bincount(notes["pitch"] % 12, minlength=12)
        top = _top_line(notes)
        steps = np.clip(np.diff(top), -12, 12) + 12
        counts["interval"] += np.bincount(steps, minlength=INTERVALS)
        lengths = np.clip(np.rint(notes["duration"] / SIXTEENTH), 0, DURATIONS - 1).astype(int)
        counts["duration"] += np.bincount(lengths, minlength=DURATIONS)
        onsets = np.rint(notes["onset"] / SIXTEENTH).astype(int) % ONSETS
        counts["onset"] += np.bincount(onsets, minlength=ONSETS)
        counts["texture"] += _texture(notes, end)
        longest = max(longest, longest_run(top))
    return Statistics(
        number,
        notes_in_all,
        {name: table / max(1.0, table.sum()) for name, table in counts.items()},
        silent / max(1.0, length),
        longest,
        notes_in_all / max(1.0, length / TICKS_PER_QUARTER),
    )


def distances(one: Statistics, other: Statistics) -> dict[str, float]:
    """Return how far two sets lie apart in each histogram, in bits, 0 to 1."""
    return {name: divergence(one.histograms[name], other.histograms[name])
            for name in one.histograms}  # fmt: skip


def divergence(p: Histogram, q: Histogram) -> float:
    """Return the Jensen-Shannon divergence of two histograms in bits.

    >>> divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    middle = (p + q) / 2

    def towards(x: Histogram) -> float:
        some = x > 0
        return float((x[some] * np.log2(x[some] / middle[some])).sum())

    return round(max(0.0, (towards(p) + towards(q)) / 2), 12)


def longest_run(values: NDArray[np.int64]) -> int:
    """Return the most equal values in a row.

    >>> longest_run(np.array([5, 5, 7, 7, 7, 5]))
    3
    """
    if not len(values):
        return 0
    cuts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return int(np.diff(np.append(cuts, len(values))).max())


def variety(pieces: Iterable[Piece], most: int, length: int = 8) -> float:
    """Return the share of runs of the top lines that are different from each other, 0 to 1.

    Parameters
    ----------
    most
        How many runs are looked at; sets of different size are compared by as many of each.
    length
        Pitches of a run.
    """
    found: list[tuple[int, ...]] = []
    for piece in pieces:
        top = _top_line(_notes(piece.score))
        if len(top) >= length:
            found += map(tuple, np.lib.stride_tricks.sliding_window_view(top, length).tolist())
    return len(set(found[:most])) / max(1, len(found[:most]))


def _notes(score: Score) -> Notes:
    parts = [track.notes for track in score.tracks if not track.drums]
    return in_order(np.concatenate([np.zeros(0, dtype=NOTE), *parts]))


def _top_line(notes: Notes) -> NDArray[np.int64]:
    """Return the highest pitch of each onset."""
    last = np.append(notes["onset"][1:] != notes["onset"][:-1], True)[: len(notes)]
    return np.asarray(notes["pitch"][last], dtype=np.int64)


def _texture(notes: Notes, end: int) -> Histogram:
    """Return in how many sixteenths so many notes sound."""
    size = max(1, -(-end // SIXTEENTH))
    change = np.zeros(size + 1, dtype=np.int64)
    starts = np.rint(notes["onset"] / SIXTEENTH).astype(int)
    stops = np.rint((notes["onset"] + notes["duration"]) / SIXTEENTH).astype(int)
    np.add.at(change, np.minimum(starts, size), 1)
    np.add.at(change, np.minimum(stops, size), -1)
    sounding = np.minimum(np.cumsum(change)[:size], TEXTURES - 1)
    return np.bincount(sounding, minlength=TEXTURES).astype(np.float64)


def _sounding(notes: Notes) -> float:
    """Return for how many ticks something sounds."""
    if not len(notes):
        return 0.0
    starts = notes["onset"].astype(np.int64)
    ends = np.maximum.accumulate(starts + notes["duration"])
    gaps = np.maximum(starts[1:] - ends[:-1], 0)
    return float(ends[-1] - starts[0] - gaps.sum())
