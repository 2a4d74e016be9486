"""Chords with their rhythm, as encodings of notes in time share them: a Score <-> a list of chords.

    chords_of(score, 4)   ->   [Struck(onset=0, duration=4, pitches=(60, 64, 67)), ...]

Notes of one onset and one duration are one chord. Onsets and durations are rounded to a grid of so
many steps a quarter: jitter of a few ticks is gone with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nokturn.errors import InputError
from nokturn.music.piece import Piece
from nokturn.music.score import NOTE, Score, Track, in_order
from nokturn.music.time import TICKS_PER_QUARTER

VELOCITY = 80
MOST = 96  # steps that one sign of length says; longer ones take several


class Struck(NamedTuple):
    """Notes that begin and end together; in steps of the grid."""

    onset: int
    duration: int
    pitches: tuple[int, ...]


def chords_of(score: Score, steps: int, source: str = "") -> list[Struck]:
    """Return the chords of all tracks that are no drums, by onset, then duration.

    Raises `InputError` where there are none.
    """
    parts = [track.notes for track in score.tracks if not track.drums]
    notes = in_order(np.concatenate([np.zeros(0, dtype=NOTE), *parts]))
    if not len(notes):
        raise InputError(
            "there are no pitched notes.",
            "Drums have no place in this encoding; choose other tracks.",
            source=source,
        )
    scale = steps / TICKS_PER_QUARTER
    onsets = np.floor(notes["onset"] * scale + 0.5).astype(np.int64)
    ends = np.floor((notes["onset"] + notes["duration"]) * scale + 0.5).astype(np.int64)
    durations = np.maximum(ends - onsets, 1)
    rows = np.unique(np.stack([onsets, durations, notes["pitch"].astype(np.int64)], 1), axis=0)
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(1)
    cuts = np.flatnonzero(new)[1:]
    return [
        Struck(int(part[0, 0]), int(part[0, 1]), tuple(part[:, 2].tolist()))
        for part in np.split(rows, cuts)
    ]


def piece_of(chords: Iterable[Struck], steps: int) -> Piece:
    """Return chords as a piece of one track."""
    tick = TICKS_PER_QUARTER / steps
    rows = [
        (round(onset * tick), max(1, round(duration * tick)), pitch, VELOCITY)
        for onset, duration, pitches in chords
        for pitch in dict.fromkeys(pitches)
    ]
    return Piece(Score([Track.of(rows)]))


def lengths_of(chords: Sequence[Struck]) -> list[tuple[list[str], list[str]]]:
    """Return the signs of each chord's duration, and of the step to the next where that differs."""
    signs = []
    for here, after in zip(chords, [*chords[1:], None], strict=True):
        step = after.onset - here.onset if after else here.duration
        signs.append((_signs("d", here.duration),
                      _signs("s", step) if step != here.duration else []))  # fmt: skip
    return signs


def silence_before(chords: Sequence[Struck]) -> list[str]:
    """Return the signs of the time before the first chord."""
    return _signs("s", chords[0].onset) if chords[0].onset else []


def _signs(letter: str, steps: int) -> list[str]:
    whole, rest = divmod(steps, MOST)
    return [f"{letter}{MOST}"] * whole + ([f"{letter}{rest}"] if rest or not whole else [])


LENGTHS = tuple(f"{letter}{n}" for letter in "ds" for n in range(MOST + 1))


def in_time(heard: Iterable[tuple[str, tuple[int, ...]]], usual: int) -> Iterable[Struck]:
    """Yield chords in time from signs: ("chord", pitches), ("d", (steps,)) and ("s", (steps,)).

    A chord without a duration lasts ``usual`` steps; without a step the next follows at its end.
    """
    onset = 0
    pitches: tuple[int, ...] = ()
    duration: int | None = None
    step: int | None = None
    for kind, values in [*heard, ("chord", ())]:
        if kind == "d":
            duration = (duration or 0) + values[0]
        elif kind == "s":
            step = (step or 0) + values[0]
        else:
            length = max(1, duration if duration is not None else usual)
            if pitches:
                yield Struck(onset, length, pitches)
                onset += step if step is not None else length
            else:  # the silence before the first chord
                onset += step or 0
            pitches, duration, step = values, None, None
