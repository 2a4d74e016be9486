"""Variants: a piece to train on in other keys, tempos and loudnesses, laid down beside it.

    variants(piece, transpositions=11, augment=Augment(copies=2, tempo=0.1, velocity=8))

Transpositions come first, each once. Then the copies: each in one of those keys or its own, drawn
as are tempo and velocity. The draws follow from the seed and the piece's notes, whatever stands
beside it. A score is never moved beyond what its instruments play, drums are never moved; written
music is transposed only, as it has neither tempo nor velocity that an encoding would hear.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from nokturn.music.augmentation import at_tempo, with_velocity
from nokturn.music.instruments import room
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.transposition import transpose, transpose_score
from nokturn.settings import Settings

FARTHEST = 48  # semitones
KEYS = 11  # all others
_RANGE = re.compile(r"\s*([+-]?\d+)\s*\.\.\s*([+-]?\d+)\s*")


class Augment(Settings):
    """Copies of each piece to train on; the table ``[corpus.augment]`` of a recipe."""

    copies: int = Field(default=0, ge=0, le=32)  # of each piece
    tempo: float = Field(default=0.1, ge=0, le=0.5)  # up to so much faster or slower, as a share
    velocity: int = Field(default=8, ge=0, le=64)  # up to so much louder or softer
    dynamics: float = Field(default=0.0, ge=0, le=0.5)  # velocities times up to 1 plus or minus


def transpositions(value: object) -> int | tuple[int, ...]:
    """Return transpositions as a recipe may say them: so many other keys, or the semitones.

    >>> transpositions("all"), transpositions("octaves"), transpositions("-2..2")
    (11, (-12, 12), (-2, -1, 1, 2))
    """
    if value == "all":
        return KEYS
    if value == "octaves":
        return (-12, 12)
    if isinstance(value, str) and (ends := _RANGE.fullmatch(value)):
        value = list(range(int(ends[1]), int(ends[2]) + 1))
    elif isinstance(value, str):
        value = [int(n) if re.fullmatch(r"\s*[+-]?\d+\s*", n) else n for n in value.split(",")]
        value = value[0] if len(value) == 1 and isinstance(value[0], int) else value
    if isinstance(value, bool) or not isinstance(value, (int, list, tuple)):
        raise ValueError(_EXPECTED)
    if isinstance(value, int):
        if not 0 <= value <= KEYS:
            raise ValueError(f"{_EXPECTED}; one transposition is [{value}]")
        return value
    if not all(type(n) is int and abs(n) <= FARTHEST for n in value):
        raise ValueError(_EXPECTED)
    return tuple(n for n in dict.fromkeys(value) if n)


_EXPECTED = (
    "it is a number of other keys (0 to 11), 'all', 'octaves', "
    f"a range such as '-5..6', or semitones such as [-12, 12], {FARTHEST} at most"
)
Transpositions = Annotated[int | tuple[int, ...], BeforeValidator(transpositions)]


def shifts(wanted: int | Sequence[int]) -> list[int]:
    """Return transpositions in semitones; of so many keys the nearest, and 11 are all others.

    >>> shifts(4), len(shifts(11)), shifts((-12, 0, 12))
    ([1, -1, 2, -2], 11, [-12, 12])
    """
    if not isinstance(wanted, int):
        return [shift for shift in wanted if shift]
    both = [shift for size in range(1, 7) for shift in (size, -size)]
    return both[: max(0, min(KEYS, wanted))]


def variants(
    piece: Piece, wanted: int | Sequence[int], augment: Augment | None = None, seed: int = 0
) -> list[Piece]:
    """Return the piece in other keys, and copies of it; without the piece itself."""
    music = piece.sheet_or_score
    if not isinstance(music, Score):
        return [Piece(transpose(music, m), source=piece.source) for m in shifts(wanted)]
    moves = moves_of(music, wanted)
    found = [transpose_score(music, move) for move in moves]
    if augment and augment.copies:
        found += _copies(music, moves, augment, seed)
    return [Piece(score, source=piece.source) for score in found]


def moves_of(score: Score, wanted: int | Sequence[int]) -> list[int]:
    """Return those of the transpositions that all instruments can play.

    Another key is taken in the octave above or below where the nearer one cannot be played;
    transpositions that were named are taken or left.
    """
    down, up = room(score)
    moves = []
    for move in shifts(wanted):
        other = (move - 12 if move > 0 else move + 12,) if isinstance(wanted, int) else ()
        moves += [m for m in (move, *other) if down <= m <= up][:1]
    return moves


def _copies(score: Score, moves: Sequence[int], augment: Augment, seed: int) -> list[Score]:
    notes = b"".join(track.notes.tobytes() for track in score.tracks)
    content = int.from_bytes(hashlib.sha256(notes).digest()[:8], "little")
    random = np.random.default_rng(np.random.SeedSequence([seed, content]))
    return [_copy(score, moves, augment, random) for _ in range(augment.copies)]


def _copy(
    score: Score, moves: Sequence[int], augment: Augment, random: np.random.Generator
) -> Score:
    move = int(random.choice([0, *moves]))
    tempo = float((1 + augment.tempo) ** random.uniform(-1, 1))
    scale = 1 + random.uniform(-augment.dynamics, augment.dynamics)
    offset = random.uniform(-augment.velocity, augment.velocity)
    moved = transpose_score(score, move) if move else score
    return with_velocity(at_tempo(moved, tempo), scale=scale, offset=offset)
