"""Grooves: how far from the grid drummers play, and how loud, by sixteenth of the bar.

    groove = find_groove("hiphop")          built in, learnt from the Groove MIDI Dataset
    groove = learn_groove([score])          or from any performance on a beat

A table has a row for each role (kick, snare, hat, tom, and all of them) and a column for each
sixteenth. What is the same for all notes of a performance is taken off: a groove says how the
sixteenths stand to each other. Its weaknesses: it is an average of performances, and it knows no
triplets; of a performance in triplets only what falls on sixteenths is learnt, so swing it too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, UsageError, did_you_mean
from nokturn.music.score import NOTE, Notes, Score
from nokturn.music.time import COMMON_TIME, SIXTEENTH, TICKS_PER_QUARTER, Meter

Table = NDArray[np.float64]

ROLES = ("kick", "snare", "hat", "tom", "all")
BUILT_IN = Path(__file__).parent.parent / "pretrained" / "grooves.json"
FEW_NOTES = 32
TRIPLET = TICKS_PER_QUARTER // 3
STEADY = 0.15  # how sharply onsets must gather about the grid to be called a beat; 0-1
DOUBT = 6.0  # notes that a mean must outweigh to count in full

_SNARES = (37, 38, 39, 40)
_KICKS = (35, 36)
_TOMS = (41, 43, 45, 47, 48, 50, 58)


@dataclass(frozen=True)
class Groove:
    """Deviations by role and sixteenth of the bar; each table has shape (roles, sixteenths).

    Attributes
    ----------
    late
        How many ticks after the grid (before it where negative), in the mean; within +-45.
    spread
        Standard deviation of that, ticks.
    loud
        Velocity as a part of the role's mean velocity.
    notes
        From how many notes it was learnt.
    """

    name: str
    late: Table
    spread: Table
    loud: Table
    notes: int = 0


def role_of(pitches: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the index in `ROLES` of General MIDI drums; what is no kick, snare or tom is a hat.

    >>> [ROLES[k] for k in role_of(np.array([36, 38, 42, 45]))]
    ['kick', 'snare', 'hat', 'tom']
    """
    roles = np.full(128, ROLES.index("hat"))
    for name, drums in (("kick", _KICKS), ("snare", _SNARES), ("tom", _TOMS)):
        roles[list(drums)] = ROLES.index(name)
    found: NDArray[np.int64] = roles[pitches]
    return found


def groove_names() -> list[str]:
    """Return the names of the built-in grooves."""
    return sorted(_built_in())


def find_groove(name: str) -> Groove:
    """Return a built-in groove; `UsageError` where there is none of that name."""
    known = _built_in()
    if name not in known:
        raise UsageError(f"There is no groove named {name!r}.", did_you_mean(name, known))
    return known[name]


@lru_cache(maxsize=1)
def _built_in() -> dict[str, Groove]:
    told = json.loads(BUILT_IN.read_text(encoding="utf-8"))
    return {name: _from_json(name, one) for name, one in told["grooves"].items()}


def _from_json(name: str, told: dict[str, Any]) -> Groove:
    late, spread, loud = (np.array(told[key], dtype=float) for key in ("late", "spread", "loud"))
    return Groove(name, late, spread, loud, told["notes"])


def to_json(groove: Groove) -> dict[str, Any]:
    """Return a groove as numbers for a file; ticks to a tenth, loudness to a hundredth."""
    return {
        "notes": groove.notes,
        "late": groove.late.round(1).tolist(),
        "spread": groove.spread.round(1).tolist(),
        "loud": groove.loud.round(2).tolist(),
    }


def learn_groove(scores: Iterable[Score], name: str = "") -> Groove:
    """Return the groove of performances; their drums, or all tracks where there are none.

    Sixteenths seldom or never played lean on the means of all roles, and those on the grid.

    Raises
    ------
    InputError
        There are fewer than 32 notes, or they keep no beat that the tempo of the file tells.
    """
    heard = [_heard(score) for score in scores]
    rows = np.concatenate([np.zeros((0, 6)), *heard])
    if len(rows) < FEW_NOTES:
        raise InputError(
            f"{len(rows)} notes are too few to learn a groove from.",
            f"Give a performance of {FEW_NOTES} notes or more.",
        )
    if rows[:, 5].mean() < STEADY:
        raise InputError(
            "The notes keep no beat: they lie anywhere between the sixteenths.",
            "Give a performance that was recorded to a click, with its tempo in the file.",
        )
    steps = int(rows[:, 4].max())
    role, step = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    everything = np.full(len(rows), ROLES.index("all"))
    cell = np.concatenate([role, everything]) * steps + np.concatenate([step, step])
    late, loud = np.tile(rows[:, 2], 2), np.tile(rows[:, 3], 2)
    size = len(ROLES) * steps
    count = np.bincount(cell, minlength=size).reshape(-1, steps)
    late_mean = _leaning(np.bincount(cell, late, size).reshape(-1, steps), count, 0.0)
    loud_mean = _leaning(np.bincount(cell, loud, size).reshape(-1, steps), count, 1.0)
    off = (late - late_mean.ravel()[cell]) ** 2
    spread = _leaning(np.bincount(cell, off, size).reshape(-1, steps), count, 25.0)
    return Groove(name, np.clip(late_mean, -45, 45), np.sqrt(spread), loud_mean, len(rows))


def _heard(score: Score) -> Table:
    """Return of each note role, step, ticks late, relative velocity, a bar's steps, steadiness.

    Shape (N, 6); the last two hold for all of a performance.
    """
    score = score.resampled(TICKS_PER_QUARTER)
    drums = [track for track in score.tracks if track.drums]
    empty: Notes = np.zeros(0, dtype=NOTE)
    notes = np.concatenate([empty, *(track.notes for track in drums or score.tracks)])
    if not len(notes):
        return np.zeros((0, 6))
    straight, threes = (gathered(notes["onset"], unit) for unit in (SIXTEENTH, TRIPLET))
    if threes > straight:
        notes = notes[~_in_threes(notes["onset"])]
    role = role_of(notes["pitch"]) if drums else np.full(len(notes), ROLES.index("all"))
    nearest = (notes["onset"] + SIXTEENTH // 2) // SIXTEENTH
    late = (notes["onset"] - nearest * SIXTEENTH).astype(np.float64)
    late -= np.median(late) if len(late) else 0.0
    mean = np.bincount(role, notes["velocity"], len(ROLES)) / np.maximum(
        np.bincount(role, minlength=len(ROLES)), 1
    )
    steps = _bar_steps(score)
    told = np.broadcast_to([steps, max(straight, threes)], (len(role), 2))
    columns = (role, nearest % steps, late, notes["velocity"] / mean[role])
    return np.column_stack([*columns, told])


def _bar_steps(score: Score) -> int:
    """Return the sixteenths of a bar of the first meter; 16 where it has no whole number."""
    meter: Meter = score.meters[0][1] if score.meters else COMMON_TIME
    steps, rest = divmod(meter.bar_ticks, SIXTEENTH)
    return int(steps) if steps and not rest else 16


def gathered(onsets: NDArray[np.integer[Any]], unit: int) -> float:
    """Return how sharply onsets gather round multiples of a unit: 1 all the same, 0 anywhere."""
    return float(abs(np.exp(2j * np.pi * onsets / unit).mean()))


def _in_threes(onsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which onsets are nearer to a triplet's second or third note than to a sixteenth."""
    place = onsets % TICKS_PER_QUARTER
    to_triplet = np.minimum(abs(place - TRIPLET), abs(place - 2 * TRIPLET))
    place = onsets % SIXTEENTH
    return np.asarray(to_triplet < np.minimum(place, SIXTEENTH - place))


def _leaning(sums: NDArray[Any], count: NDArray[Any], base: float) -> Table:
    """Return means (R, S) that lean, where few notes were heard, on that of all roles."""
    total = (sums[-1] + DOUBT * base) / (count[-1] + DOUBT)
    return np.asarray((sums + DOUBT * total) / (count + DOUBT), dtype=np.float64)
