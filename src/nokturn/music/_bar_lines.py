"""Where the bar lines of a score fall, and its meter where it names none.

    meters (0, 1/4), (480, 4/4)  ->  a pickup of a quarter, then bars of 4/4

A MIDI file does not say that it begins with a pickup. A short first bar with a meter of its own is
one; otherwise bar lines move where notes then begin on them far more, and cross them less.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import LimitError
from nokturn.music._quantise import snap
from nokturn.music.score import Score
from nokturn.music.time import COMMON_TIME, Meter, Ticks, exact

MAX_BARS = 20_000
CLEARER = 1.05  # how much better shifted bar lines must fit to be believed ...
UNLIKELY = 0.2  # ... and what a pickup of a whole bar costs, shorter ones less


class Span(NamedTuple):
    """A bar: where it begins, how long it is, its meter, and where in a full bar it begins."""

    start: Ticks
    length: Ticks
    meter: Meter
    shift: Ticks = 0


def bar_spans(score: Score, end: Ticks) -> list[Span]:
    """Return the bars that cover the music from 0 to ``end`` (ticks, 480 to the quarter)."""
    changes = _changes(score)
    pickup: Ticks = 0
    if len(changes) > 1 and changes[1][0] == changes[0][1].bar_ticks < changes[1][1].bar_ticks:
        pickup, changes = changes[1][0], changes[1:]
    elif changes[0][0] > 0:
        pickup = changes[0][0]
    elif len(changes) == 1:
        pickup = _pickup(score, changes[0][1])
        changes[0] = (pickup, changes[0][1])
    meter = changes[0][1]
    spans = _before(pickup, meter)
    full = meter.bar_ticks
    for i, (start, meter) in enumerate(changes):
        stop = changes[i + 1][0] if i + 1 < len(changes) else None
        last = i + 1 == len(changes)
        rest = exact(end - start)
        if last and spans and rest == meter.bar_ticks == full - pickup and pickup:
            meter = changes[i - 1][1] if i else meter  # the last bar, completed by the pickup
        at = start
        while at < end if stop is None else at < min(stop, end):
            length = meter.bar_ticks
            if stop is not None:
                length = min(length, exact(stop - at))
            elif last and rest < length and meter != changes[i][1]:
                length = rest
            spans.append(Span(at, length, meter))
            at = exact(at + length)
            _check(len(spans))
    return spans or [Span(0, meter.bar_ticks, meter)]


def _before(pickup: Ticks, meter: Meter) -> list[Span]:
    """Return the bars up to the first full bar line."""
    full = meter.bar_ticks
    bars, rest = divmod(pickup, full)
    _check(int(bars))
    spans = [Span(0, exact(rest), meter, exact(full - rest))] if rest else []
    return spans + [Span(exact(rest + full * k), full, meter) for k in range(int(bars))]


def _check(bars: int) -> None:
    if bars > MAX_BARS:
        raise LimitError(
            f"the music has more than {MAX_BARS:,} bars.", "It cannot be written as a score."
        )


def _changes(score: Score) -> list[tuple[Ticks, Meter]]:
    """Return the meters where they begin, on the 480 grid; the found one where there is none."""
    changes: list[tuple[Ticks, Meter]] = []
    for tick, meter in score.meters:
        at = _whole(snap(max(tick, 0), score.ticks_per_quarter))
        if changes and changes[-1][0] == at:
            changes.pop()
        changes.append((at, COMMON_TIME if meter.free else meter))
    return changes or [(0, find_meter(score))]


def _whole(tick: Ticks) -> int:
    """Return the nearest 128th: bar lines stand nowhere else."""
    return round(tick / 15) * 15


def _notes(score: Score) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return onsets and ends of all notes in ticks of the 480 grid, rounded to 64ths."""
    scale = 16 / score.ticks_per_quarter
    tracks = [track.notes for track in score.tracks]
    onsets = np.concatenate([notes["onset"] for notes in tracks] or [np.zeros(0, np.int64)])
    ends = np.concatenate([notes["onset"] + notes["duration"] for notes in tracks] or [onsets])
    return (
        np.round(onsets * scale).astype(np.int64) * 30,
        np.round(ends * scale).astype(np.int64) * 30,
    )


def _pickup(score: Score, meter: Meter) -> Ticks:
    """Return how long the pickup is in a score that says nothing about it; mostly 0."""
    onsets, ends = _notes(score)
    full = meter.bar_ticks
    if type(full) is not int or full < 480 or len(onsets) < 8 or onsets.min() > 0:
        return 0  # music that begins with a rest stands on its bar lines already
    step = 240 if meter.denominator >= 8 or full <= 960 else 480
    # an eighth is as common a pickup as a quarter
    shifts = sorted({*range(step, full, step), 240} & set(range(240, full, 240)))
    plain = _accent(onsets, ends, full, 0)
    fits = {s: _accent(onsets, ends, full, s) - UNLIKELY * s / full for s in shifts}
    if not fits:
        return 0
    best = max(fits, key=lambda shift: fits[shift])
    return best if fits[best] > max(CLEARER * plain, plain + 0.02) else 0


def _accent(onsets: NDArray[np.int64], ends: NDArray[np.int64], full: int, shift: int) -> float:
    """Return how well bar lines from ``shift`` on fit: long notes on them, none across them."""
    on = (onsets - shift) % full == 0
    crossing = (onsets - shift) // full != (ends - shift - 1) // full
    lengths = np.minimum(ends - onsets, full)
    total = max(float(lengths.sum()), 1.0)
    return float((lengths[on].sum() - lengths[crossing & ~on].sum()) / total) + 0.5


def find_meter(score: Score) -> Meter:
    """Return the meter that the notes suggest: 4/4, 3/4 or 6/8; 4/4 where little speaks."""
    onsets, ends = _notes(score)
    if len(onsets) < 16 or onsets.max() > 4 * 480 * MAX_BARS:
        return COMMON_TIME
    weights = np.bincount(onsets // 240, np.minimum(ends - onsets, 960))
    three = _recurs(weights, 6) + _recurs(weights, 12)
    four = _recurs(weights, 8) + _recurs(weights, 16)
    if three <= 1.4 * four:
        return COMMON_TIME
    places = np.bincount(np.arange(len(weights)) % 6, weights, minlength=6)
    first = int(places.argmax())
    places = np.roll(places, -first)
    return Meter(6, 8) if places[3] > 0.9 * max(places[2], places[4]) else Meter(3, 4)


def _recurs(weights: NDArray[Any], lag: int) -> float:
    """Return how like itself the music is after so many eighths; 1 = quite."""
    if len(weights) <= 2 * lag:
        return 0.0
    centred = weights - weights.mean()
    return float((centred[lag:] * centred[:-lag]).sum() / max((centred**2).sum(), 1e-9))
