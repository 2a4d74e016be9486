"""Chorales (``.json``): four voices on a grid of sixteenths, as a published set has them.

    [[[74, 70, 65, 58], [74, 70, 65, 58], ...], ...]      a piece, a sixteenth, S A T B; -1 = rest

A pitch that stays the same is one long note, as the grid cannot tell. Reading only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, LimitError, UsageError
from nokturn.formats.base import Format
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

STEP = TICKS_PER_QUARTER // 4
NAMES = ("Soprano", "Alto", "Tenor", "Bass")
CHOIR = 52  # General MIDI: choir aahs
MAX_STEPS = 1_000_000
VELOCITY = 80


class Chorales(Format):
    """Four-part pieces on sixteenths."""

    extensions: ClassVar[tuple[str, ...]] = (".json",)

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether it begins as a list of pieces of steps of numbers."""
        return bool(re.match(rb"\s*\[\s*\[\s*\[\s*-?\d", data))

    @classmethod
    def loads(cls, data: bytes, *, source: str = "<data>", strict: bool = False) -> list[Piece]:
        """Read every piece; see `Format.loads`."""
        try:
            table = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no JSON: {error}.", source=source) from error
        if not isinstance(table, list):
            raise InputError("it holds no list of pieces.", source=source)
        if sum(len(part) for part in table if isinstance(part, list)) > MAX_STEPS:
            raise LimitError(f"more than {MAX_STEPS:,} sixteenths.", source=source)
        return [
            Piece(_score(_grid(part, f"{source}:{n}")), title=f"{source} {n}",
                  source=f"{source}:{n}")
            for n, part in enumerate(table, 1)
        ]  # fmt: skip

    @classmethod
    def dumps(cls, pieces: Piece | Iterable[Piece]) -> bytes:
        """Refuse: chorales are read only."""
        raise UsageError("Chorales (.json) are read only.", "Write MIDI: -o tune.mid")


def _grid(part: Any, source: str) -> NDArray[np.int64]:
    """Return a piece as pitches (steps, 4)."""
    whole = isinstance(part, list) and all(
        isinstance(step, list) and len(step) == 4 and all(type(p) is int for p in step)
        for step in part
    )
    if not whole or not part:
        raise InputError("a piece is not steps of four whole numbers.", source=source)
    if not all(-1 <= pitch <= 127 for step in part for pitch in step):
        raise InputError("a pitch is not -1 (rest) to 127.", source=source)
    return np.array(part, dtype=np.int64)


def _score(grid: NDArray[np.int64]) -> Score:
    tracks = []
    for voice, name in enumerate(NAMES):
        pitches = grid[:, voice]
        starts = np.flatnonzero(np.append(True, pitches[1:] != pitches[:-1]))
        lengths = np.diff(np.append(starts, len(pitches)))
        rows = [
            (start * STEP, count * STEP, pitch, VELOCITY)
            for start, count, pitch in zip(
                starts.tolist(), lengths.tolist(), pitches[starts].tolist(), strict=True
            )
            if pitch >= 0
        ]
        tracks.append(Track.of(rows, name=name, program=CHOIR))
    return Score(tracks, length=len(grid) * STEP)
