"""Encode: what an encoding makes of a piece, and what of the piece survives it.

    found = encode("tune.mid", "note_chord", set=["steps_per_quarter=4"])
    found.symbols[:4], found.f1        ->   ["C4", "d4", "E4", "d4"], 0.98

The vocabulary is fitted to the file itself, as a training on it alone would. Notes are matched one
to one by pitch, in order, where their onsets are within a sixteenth. An encoding that goes by the
second is held to seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn import registry
from nokturn.encodings.base import Encoding, written
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.time import TICKS_PER_QUARTER
from nokturn.settings import build, override
from nokturn.workflows.load import load

REACH = TICKS_PER_QUARTER // 4  # how far apart matched onsets may lie


@dataclass(frozen=True)
class Encoded:
    """A piece as symbols, and what comes back.

    Attributes
    ----------
    symbols
        Their names, in order.
    vocabulary
        How many different symbols the encoding has.
    notes, notes_back
        Of the piece as written, and of what comes back.
    precision, recall, f1
        Of the notes that come back, by pitch and onset; 0-1.
    onset_error, duration_error
        Mean distance of matched notes, in quarters.
    piece
        What comes back.
    """

    symbols: list[str]
    vocabulary: int
    notes: int
    notes_back: int
    precision: float
    recall: float
    f1: float
    onset_error: float
    duration_error: float
    piece: Piece


def encode(file: str | Path, encoding: str = "abc_text", *, set: Sequence[str] = ()) -> Encoded:
    """Return what an encoding makes of the first piece in a file.

    Parameters
    ----------
    file
        ABC, MIDI, MusicXML ...
    encoding
        Its name.
    set
        Settings of it, ``"steps_per_quarter=4"``.

    Raises
    ------
    UsageError
        There is no such encoding or setting.
    InputError
        The file cannot be read, or holds nothing that the encoding keeps.
    """
    kind: type[Encoding] = registry.find("encodings", encoding)
    settings: dict[str, Any] = override({}, [f"encoding.{one}" for one in set])
    made = build(kind, settings.get("encoding", {}), "encoding")
    piece = load(file)[0]
    fitted = made if made.vocabulary else made.fit([piece])
    ids = fitted.encode(piece)
    back = fitted.decode(ids)
    back.title = piece.title
    before, after = (_notes(written(one), fitted.by_second) for one in (piece, back))
    pairs = matched(before, after)
    precision, recall = len(pairs) / max(1, len(after)), len(pairs) / max(1, len(before))
    left, right = before[pairs[:, 0]], after[pairs[:, 1]]

    def error(column: int) -> float:
        apart = np.abs(left[:, column] - right[:, column])
        return float(apart.mean()) / TICKS_PER_QUARTER if len(pairs) else 0.0

    return Encoded(
        symbols=[fitted.vocabulary[i] for i in ids.tolist()],
        vocabulary=len(fitted.vocabulary),
        notes=len(before),
        notes_back=len(after),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if len(pairs) else 0.0,
        onset_error=error(0),
        duration_error=error(1),
        piece=back,
    )


def _notes(score: Score, by_second: bool) -> NDArray[np.int64]:
    """Return onset, duration and pitch of every note, drums as pitches of their own, (N, 3).

    By the second, ticks are those of 120 quarters a minute, whatever the tempo is.
    """
    rows = []
    for track in score.tracks:
        onset, end = track.notes["onset"], track.notes["onset"] + track.notes["duration"]
        if by_second:
            onset, end = (
                np.rint(score.seconds_at(ticks) * (2 * TICKS_PER_QUARTER)).astype(np.int64)
                for ticks in (onset, end)
            )
        rows.append(np.stack([onset, end - onset, track.notes["pitch"] + 1000 * track.drums], 1))
    return np.concatenate([np.zeros((0, 3), dtype=np.int64), *rows]).astype(np.int64)


def matched(
    before: NDArray[np.int64], after: NDArray[np.int64], reach: int = REACH
) -> NDArray[np.int64]:
    """Return pairs of notes of one pitch whose onsets are near each other, (M, 2), each used once.

    Both are taken in order of onset, which pairs as many as can be, then of duration, so that a
    note in unison finds its like.

    >>> a = np.array([[0, 480, 60], [480, 480, 62]])
    >>> matched(a, a[::-1]).tolist()
    [[0, 1], [1, 0]]
    """
    pairs: list[tuple[int, int]] = []
    for pitch in np.intersect1d(before[:, 2], after[:, 2]):
        mine, theirs = (
            rows[np.lexsort((table[rows, 1], table[rows, 0]))]
            for table in (before, after)
            for rows in (np.flatnonzero(table[:, 2] == pitch),)
        )
        i = j = 0
        while i < len(mine) and j < len(theirs):
            apart = before[mine[i], 0] - after[theirs[j], 0]
            if abs(apart) <= reach:
                pairs.append((int(mine[i]), int(theirs[j])))
                i, j = i + 1, j + 1
            elif apart < 0:
                i += 1
            else:
                j += 1
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
