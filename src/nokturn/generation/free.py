"""Free composing: pieces of any encoding, symbol after symbol until the model ends them.

    for piece in compose_freely(ModelFile.load(path), n=4, seed=7, quarters=64): ...

What is drawn decodes to something playable whatever it is, so nothing is drawn again but a piece of
hardly any notes. Variation *i* has the seed *seed + i* and a generator of its own. For tunes in ABC
that must be right, see `compose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, Encoding, restore
from nokturn.errors import ConstraintError
from nokturn.generation.loops import LONGEST, LONGEST_FRAMES, TIRED, Loops
from nokturn.generation.primers import symbols
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.time import TICKS_PER_QUARTER

MAX_ATTEMPTS = 6
MAX_SYMBOLS = 3000
FEW_NOTES = 8
LOOK_EVERY = 24  # symbols between two looks at how long the piece has become


@dataclass(frozen=True)
class Free:
    """A piece, the seed that makes it again, and how many pieces were drawn for it."""

    piece: Piece
    seed: int
    attempts: int


def compose_freely(
    file: ModelFile,
    *,
    n: int = 1,
    seed: int = 0,
    sampling: Sampling | None = None,
    quarters: int = 0,
    primer: Piece | None = None,
) -> Iterator[Free]:
    """Yield pieces.

    Parameters
    ----------
    n, seed
        How many, and the seed of the first.
    quarters
        Length asked for in quarter notes: the model may not end earlier, and what is longer is
        cut. 0 = the model chooses.
    primer
        What each begins with.

    Raises
    ------
    ModelError
        The model belongs to another version.
    InputError
        The primer holds nothing that the encoding keeps.
    UsageError
        The primer is silence, and the encoding counts no frames.
    ConstraintError
        In six attempts no piece had notes in it.
    """
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    begin = [] if primer is None else symbols(encoding, primer)
    for i in range(n):
        generator = np.random.default_rng(seed + i)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            with threadpool_limits(limits=1):  # many threads only slow such small products down
                ids = _drawn(file, encoding, begin, quarters, sampling or Sampling(), generator)
            piece = encoding.decode(ids)
            if quarters:
                piece = _cut(piece, quarters)
            if piece.score.note_count >= FEW_NOTES:
                yield Free(piece, seed + i, attempt)
                break
        else:
            raise ConstraintError(
                f"No piece with notes in it came in {MAX_ATTEMPTS} attempts.",
                "Train the model longer, or raise the temperature.",
            )


def _drawn(
    file: ModelFile,
    encoding: Encoding,
    begin: list[int],
    quarters: int,
    sampling: Sampling,
    generator: np.random.Generator,
) -> list[int]:
    stream, tracker = file.model.begin(generator), encoding.tracker()
    stream.tire(TIRED)
    logits = stream.step(BOUNDARY, tracker.step(BOUNDARY))
    for symbol in begin[:-1]:
        stream.follow(symbol, tracker.step(symbol))
    for symbol in begin[-1:]:
        logits = stream.step(symbol, tracker.step(symbol))
    ids, loops = list(begin), Loops(LONGEST_FRAMES if encoding.layout else LONGEST)
    while len(ids) < MAX_SYMBOLS:
        barred = loops.barred()
        p = probabilities(logits, sampling, (*barred, BOUNDARY) if quarters else barred)
        symbol = draw(p, generator) if p.any() else BOUNDARY
        if symbol == BOUNDARY:
            break
        ids.append(symbol)
        loops.read(symbol)
        if quarters and len(ids) % LOOK_EVERY == 0 and _quarters(encoding, ids) >= quarters:
            break
        logits = stream.step(symbol, tracker.step(symbol))
    return ids


def _quarters(encoding: Encoding, ids: list[int]) -> float:
    return encoding.decode(ids).score.end / TICKS_PER_QUARTER


def _cut(piece: Piece, quarters: int) -> Piece:
    """Return the piece up to so many quarters; notes end there at the latest."""
    end = quarters * TICKS_PER_QUARTER
    score = piece.score
    tracks = []
    for track in score.tracks:
        notes = track.notes[track.notes["onset"] < end].copy()
        notes["duration"] = np.minimum(notes["duration"], end - notes["onset"])
        tracks.append(type(track)(notes, track.name, track.program, track.drums))
    return Piece(Score(tracks, score.tempos, score.meters, score.keys, length=end))
