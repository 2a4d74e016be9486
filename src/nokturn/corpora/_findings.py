"""What a corpus is like before anything is learned from it: faults that no file shows alone.

findings(pieces, encoding)   ->   ["All 12 pieces hold one single pitch (C4): ..."]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nokturn import registry
from nokturn.encodings.base import Encoding
from nokturn.music.melody import melody
from nokturn.music.piece import Piece
from nokturn.music.pitch import usual_name
from nokturn.music.score import Score

FEW_NOTES = 200  # in all: some ten bars of melody
LOOKED_AT = 200  # pieces whose onsets are held against the encoding's grid


def findings(pieces: Sequence[Piece], encoding: Encoding) -> list[str]:
    """Return what the user should know of the pieces that are learned from, in sentences."""
    return [*_monotony(pieces), *_lost_drums(pieces, encoding), *_moved(pieces, encoding)]


def drums_only(piece: Piece) -> bool:
    """Whether all notes of a piece are drums."""
    music = piece.sheet_or_score
    return isinstance(music, Score) and all(t.drums for t in music.tracks if len(t.notes))


def keepers_of(what: str) -> list[str]:
    """Return the encodings that keep something out of `KEEPS`, "drums" for example."""
    names = registry.names("encodings")
    return [name for name in names if what in registry.find("encodings", name).keeps]


def remedy_for_drums() -> str:
    """Return what to do with drums that an encoding cannot keep."""
    names = keepers_of("drums")
    other = f'encoding.name = "{names[0]}"' if names else "an encoding that keeps drums"
    return f"Choose {other} to learn the drums, or give pieces with pitched tracks."


def _monotony(pieces: Sequence[Piece]) -> list[str]:
    """Return what is said of a corpus of one note, of one pitch, of hardly any note."""
    pitches: set[int] = set()
    notes = 0
    for piece in pieces:
        line = melody(piece)
        notes += _note_count(piece, len(line))
        pitches |= _pitches(piece, line.pitches.tolist())
        if len(pitches) > 1 and notes >= FEW_NOTES:
            return []
    who = "The one piece holds" if len(pieces) == 1 else f"All {len(pieces)} pieces hold"
    if len(pitches) == 1:
        held = "one single note" if notes == len(pieces) else "one single pitch"
        name = usual_name(*pitches)
        return [
            f"{who} {held} ({name}): there is no music in that to learn. Look whether the right "
            "tracks were taken (corpus.tracks), and whether the files play."
        ]
    return [f"{who} {notes} notes together: expect copies of them. Give more pieces."]


def _note_count(piece: Piece, line: int) -> int:
    music = piece.sheet_or_score
    return music.note_count if isinstance(music, Score) else line


def _pitches(piece: Piece, line: Sequence[int]) -> set[int]:
    music = piece.sheet_or_score
    if not isinstance(music, Score):
        return set(line)
    return {int(pitch) for track in music.tracks for pitch in np.unique(track.notes["pitch"])}


def _lost_drums(pieces: Sequence[Piece], encoding: Encoding) -> list[str]:
    """Return how many of the notes are drums that the encoding leaves out."""
    if "drums" in encoding.keeps:
        return []
    tracks = [t for p in pieces if isinstance(p.sheet_or_score, Score) for t in p.score.tracks]
    drums = sum(len(track.notes) for track in tracks if track.drums)
    notes = sum(len(track.notes) for track in tracks)
    if not drums:
        return []
    return [
        f"{drums / notes:.0%} of all notes are drums ({drums:,} of {notes:,}); the encoding "
        f"{encoding.name()} keeps none of them."
    ]


def _moved(pieces: Sequence[Piece], encoding: Encoding) -> list[str]:
    """Return how far onsets are moved to the grid of the encoding, where it has one by the beat."""
    grid = getattr(encoding, "steps_per_quarter", 0) or getattr(encoding, "per_quarter", 0)
    scores = [p.sheet_or_score for p in pieces if isinstance(p.sheet_or_score, Score)][:LOOKED_AT]
    if not grid or encoding.by_second or not scores:
        return []
    steps = np.concatenate(
        [t.notes["onset"] * (grid / s.ticks_per_quarter) for s in scores for t in s.tracks]
    )
    away = np.abs(steps - np.rint(steps))
    moved = away > 1e-6
    if not moved.any():
        return []
    return [
        f"{moved.mean():.0%} of all notes are moved to the grid of {grid} steps a quarter, by "
        f"{away[moved].mean() / grid:.3f} quarters in the mean, {away.max() / grid:.3f} at most: "
        "small jitter is gone with that, and rhythms finer than the grid, too."
    ]
