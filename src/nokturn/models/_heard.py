"""What a network over frames is told at each place of a piece, as arrays made from its symbols.

For a roll: the frame before at absolute pitches, which of its notes are new, and the same as heard
from the reference; the notes already in this frame, the last of them, how many they are, and the
phase of the beat. For a grid of voices: the symbols of this frame, and by voice, measured from
the voice's own last pitch, the frame before, this one and the one that followed the longest earlier
match; how long each voice has held its pitch, and which have moved. Nothing in a row depends on a
later symbol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.models import _degrees, _recall
from nokturn.models._degrees import side_by_side
from nokturn.models._frames import Frames, Layout

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
REACH = 36  # semitones around the reference, each way
AROUND = 2 * REACH + 1
MOST_NOTES = 12  # of a roll's frame that are told apart
AGES = 17  # frames that a voice's pitch is held, so far
MATCHES = len(_recall.WINDOWS) + 1  # lengths of earlier matches that are told apart
ROLLS = 4  # that stand first in what independent keys hear, when they recall


@dataclass(frozen=True)
class Heard:
    """What is known at each place and each frame of one piece.

    Attributes
    ----------
    frames
        (F, I): what the recurrent layers read to know frame f: the frames before it.
    places
        (T, J): what the head reads beside.
    frame
        (T,): the frame that the next symbol belongs to.
    shift
        (T,): the pitch where the distances from the reference begin.
    allowed
        (T, V): ones for symbols that may follow.
    """

    frames: Floats
    places: Floats
    frame: Ints
    shift: Ints
    allowed: Floats


def sizes(layout: Layout, symbols: int, *, keyed: bool = False) -> tuple[int, int]:
    """Return the widths I and J of what the layers and the head read."""
    more = _degrees.sizes(layout) if keyed else (0, 0)
    if layout.separator:
        frames = 2 * layout.pitches + AROUND
        places = layout.pitches + 4 * AROUND + 3 * (AROUND + 1) + MOST_NOTES + MATCHES
    else:
        frames = layout.voices * symbols
        of_voice = symbols + 1 + 3 * (AROUND + 1) + AGES + 2
        places = layout.voices * of_voice + MATCHES
    return frames + more[0] + layout.beat + 1, places + more[1] + layout.beat


def heard(symbols: Ints, layout: Layout, size: int, *, keyed: bool = False) -> Heard:
    """Return what is known at each place of a piece, from its symbols, the boundary first.

    With ``keyed`` also what `_degrees` tells.
    """
    found = Frames.of(symbols, layout)
    number = np.arange(len(found.starts))
    frames, places = _roll(found, keyed) if layout.separator else _grid(found, size, keyed)
    frames = [*frames, _one_hot(number % layout.beat, layout.beat), (number == 0)[:, None]]
    places = [*places, _one_hot(found.frame % layout.beat, layout.beat)]
    return Heard(
        np.hstack(frames).astype(np.float32),
        np.hstack(places).astype(np.float32),
        found.frame,
        found.base - REACH,
        layout.allowed(found, size),
    )


def key_sizes(layout: Layout, recall: bool) -> int:
    """Return the width of what layers and head read of a frame, where keys are independent."""
    plain = 2 * layout.pitches + AROUND + layout.beat + 1
    more = 2 * layout.pitches + 2 * AROUND + len(_recall.WINDOWS) + 1
    return plain + more * recall


def keys_heard(symbols: Ints, layout: Layout, recall: bool) -> Heard:
    """Return what is known at each frame where keys are independent: a place is a frame.

    With ``recall`` also how long each key has sounded or been silent, and what followed the
    longest earlier match; then the first columns are four rolls: the frame before, what was new in
    it, the ages, and what followed.
    """
    found = Frames.of(symbols, layout)
    number = np.arange(len(found.starts))
    rolls, base = _rolls(found)
    before, fresh = _before(rolls, layout)
    columns = [before, fresh]
    if recall:
        ages = _recall.ages(rolls[0, 2:-1])
        follower, length = _recall.repeated(rolls[0, 2:-1])
        columns += [ages, follower, _around(ages, base), _around(follower, base)]
        columns.append(_one_hot(length, len(_recall.WINDOWS) + 1))
    columns += [_around(before, base), _one_hot(number % layout.beat, layout.beat)]
    columns.append((number == 0)[:, None].astype(np.float32))
    row = np.hstack(columns).astype(np.float32)
    return Heard(row, row, number, base - REACH, np.zeros((len(row), 0), dtype=np.float32))


def _rolls(found: Frames) -> tuple[Floats, Ints]:
    """Return what sounds and what is struck (2, F + 2, keys), two frames of silence first.

    And the reference that each frame is heard from, (F,).
    """
    layout, count = found.layout, len(found.starts)
    rolls = np.zeros((2, count + 2, layout.pitches), dtype=np.float32)
    at = np.flatnonzero(found.pitch >= 0)
    frame, pitch = found.frame[at - 1] + 2, found.pitch[at]
    rolls[0, frame, pitch] = 1
    rolls[1, frame, pitch] = (found.symbols[at] - layout.first) // max(1, layout.pitches)
    return rolls, found.base[np.minimum(found.starts - 1, len(found.symbols) - 1)]


def _before(rolls: Floats, layout: Layout) -> tuple[Floats, Floats]:
    """Return the frame before each, and what was new in it, (F, keys)."""
    before, older = rolls[0, 1:-1], rolls[0, :-2]
    return before, rolls[1, 1:-1] if layout.kinds > 1 else before * (1 - older)


def _roll(found: Frames, keyed: bool) -> tuple[list[Floats], list[Floats]]:
    rolls, base = _rolls(found)
    before, fresh = _before(rolls, found.layout)
    so_far = _so_far(found)
    ages = _recall.ages(rolls[0, 2:-1])
    follower, length = _recall.repeated(rolls[0, 2:-1])
    last = np.where((found.note > 0) & (found.pitch >= 0), found.pitch, -1)
    frame = found.frame
    then, again = _next_below(before, frame, last), _next_below(follower, frame, last)
    more = (
        _degrees.of_roll(found, before, so_far, follower, np.stack([last, then, again], axis=1))
        if keyed
        else ([], [])
    )
    return [before, fresh, _around(before, base), *more[0]], [
        so_far,
        _around(so_far, found.base),
        _around(ages[frame], found.base),
        _around(before[frame], found.base),
        _around(follower[frame], found.base),
        _distance(last, found.base),
        _distance(then, found.base),
        _distance(again, found.base),
        _one_hot(np.minimum(found.note, MOST_NOTES - 1), MOST_NOTES),
        _one_hot(length[frame], MATCHES),
        *more[1],
    ]


def _next_below(rolls: Floats, frame: Ints, last: Ints) -> Ints:
    """Return the highest key of each place's roll below the last note, -1 where there is none."""
    keys = rolls.shape[1]
    highest = np.full((len(rolls), keys + 1), -1, dtype=np.int64)  # below each key
    number = np.where(rolls > 0, np.arange(keys), -1)
    highest[:, 1:] = np.maximum.accumulate(number, axis=1)
    return np.asarray(highest[frame, np.where(last >= 0, last, keys)])


def _distance(pitches: Ints, base: Ints) -> Floats:
    """Return pitches as distances below a reference, (N, AROUND + 1); the last means none."""
    return _one_hot(_interval(pitches, base), AROUND + 1)


def _interval(pitches: Ints, base: Ints) -> Ints:
    """Return the number of each pitch's distance below a reference; `AROUND` means none."""
    interval = np.clip(base - pitches, -REACH, REACH) + REACH
    return np.asarray(np.where(pitches >= 0, interval, AROUND))


def _grid(found: Frames, size: int, keyed: bool) -> tuple[list[Floats], list[Floats]]:
    layout, count = found.layout, len(found.starts)
    voices = layout.voices
    table = np.zeros((count + 1, voices), dtype=np.int64)
    read = np.arange(1, len(found.symbols))
    table[1 + (read - 1) // voices, (read - 1) % voices] = found.symbols[read]
    past = _one_hot(table[1:count], size).reshape(count - 1, voices * size)
    before = np.vstack([np.zeros((1, voices * size), dtype=np.float32), past])
    follower, length = _recall.repeated(past)
    again = layout.pitch_of(follower.reshape(count, voices, size).argmax(-1))
    again[length == 0] = -1
    frame, unread = found.frame, np.arange(voices) >= found.note[:, None]
    now = np.where(unread, size, table[1:][frame])
    then, here = layout.pitch_of(table[:-1])[frame], layout.pitch_of(now)
    base = found.base[:, None]
    more = _degrees.of_grid(found, here, again) if keyed else ([], [])
    return [before, *more[0]], [
        side_by_side(now, size + 1),
        side_by_side(_interval(then, base), AROUND + 1),
        side_by_side(_interval(here, base), AROUND + 1),
        side_by_side(_interval(again[frame], base), AROUND + 1),
        side_by_side(np.minimum(_ages(table)[frame], AGES - 1), AGES),
        ((here >= 0) & (here != then)).astype(np.float32),
        _one_hot(found.note, voices),
        _one_hot(length[frame], MATCHES),
        *more[1],
    ]


def _ages(table: Ints) -> Ints:
    """Return for how many frames each voice had its symbol at the beginning of each frame."""
    held = np.zeros(table.shape, dtype=np.int64)
    same = table[1:] == table[:-1]
    number = np.arange(len(table))[:, None]
    begun = np.zeros(table.shape, dtype=np.int64)
    begun[1:] = np.where(same, 0, number[1:])
    held = number - np.maximum.accumulate(begun, axis=0)
    return held[:-1]


def _so_far(found: Frames) -> Floats:
    """Return the notes of the present frame that were read, as a roll, (T, pitches)."""
    places = len(found.symbols)
    total = np.zeros((places + 1, found.layout.pitches), dtype=np.float32)
    at = np.flatnonzero(found.pitch >= 0)
    total[at + 1, found.pitch[at]] = 1
    total = np.cumsum(total, axis=0)
    first = np.minimum(found.starts[found.frame], np.arange(places) + 1)
    return np.asarray(np.minimum(total[1:] - total[first], 1))


def _around(rolls: Floats, base: Ints) -> Floats:
    """Return rolls as heard from a reference, (N, AROUND)."""
    if not rolls.shape[1]:
        return np.zeros((len(rolls), AROUND), dtype=np.float32)
    padded = np.pad(rolls, ((0, 0), (REACH, REACH)))
    columns = np.clip(base, 0, rolls.shape[1] - 1)[:, None] + np.arange(AROUND)
    return np.take_along_axis(padded, columns, axis=1)


def _one_hot(numbers: Ints, size: int) -> Floats:
    return np.eye(size, dtype=np.float32)[numbers]
