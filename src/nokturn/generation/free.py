"""Free composing: pieces of any encoding, symbol after symbol until the model ends them.

    for piece in compose_freely(ModelFile.load(path), n=4, seed=7, quarters=64): ...

What is drawn decodes to something playable whatever it is, so nothing is drawn again but a piece of
hardly any notes. Variation *i* has the seed *seed + i* and a generator of its own. `pieces` also
shows what stands while it is written, and can be stopped. For tunes in ABC that must be right, see
`compose`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nokturn.encodings.base import BOUNDARY, Encoding, restore
from nokturn.errors import ConstraintError
from nokturn.generation.growing import Growing, by_one_thread
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
SHOW_EVERY_S = 0.15
BAR = 4 * TICKS_PER_QUARTER


@dataclass(frozen=True)
class Free:
    """A piece, the seed that makes it again, and how many pieces were drawn for it.

    ``stopped_at`` is how many bars of four quarters it has where it was stopped; 0 = it was not.
    """

    piece: Piece
    seed: int
    attempts: int
    stopped_at: int = 0


def compose_freely(file: ModelFile, **wishes: Any) -> Iterator[Free]:
    """Yield pieces that are finished; for what can be asked, and what is raised, see `pieces`."""
    return (event for event in pieces(file, **wishes) if isinstance(event, Free))


def pieces(
    file: ModelFile,
    *,
    n: int = 1,
    seed: int = 0,
    sampling: Sampling | None = None,
    quarters: int = 0,
    primer: Piece | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Growing | Free]:
    """Yield pieces, and before each what stands of it, at most every 150 ms.

    Parameters
    ----------
    n, seed
        How many, and the seed of the first.
    quarters
        Length asked for in quarter notes: the model may not end earlier, and what is longer is
        cut. 0 = the model chooses.
    primer
        What each begins with.
    stop
        Once it is set, the piece that is being written ends with the whole bars of four quarters
        it has, if there is a note in them, and no other follows.

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
        writer = Writer(file, encoding, seed + i, sampling or Sampling(), quarters, stop)
        made = yield from by_one_thread(writer.write(begin))
        if made is not None:
            yield made
        if stop and stop.is_set():
            return


@dataclass(frozen=True)
class Writer:
    """Writes one piece."""

    file: ModelFile
    encoding: Encoding
    seed: int
    sampling: Sampling
    quarters: int = 0
    stop: threading.Event | None = None

    @property
    def stopped(self) -> bool:
        """Whether to write no more."""
        return bool(self.stop and self.stop.is_set())

    def write(self, begin: list[int]) -> Generator[Growing, None, Free | None]:
        """Yield what stands; return the piece, None where it was stopped too early."""
        generator = np.random.default_rng(self.seed)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            ids, ended = yield from self._drawn(begin, generator)
            piece = self.encoding.decode(ids)
            if not ended:
                return self._whole_bars(piece, attempt) if len(ids) > len(begin) else None
            if self.quarters:
                piece = _cut(piece, self.quarters)
            if piece.score.note_count >= FEW_NOTES:
                return Free(piece, self.seed, attempt)
        raise ConstraintError(
            f"No piece with notes in it came in {MAX_ATTEMPTS} attempts.",
            "Train the model longer, or raise the temperature.",
        )

    def _drawn(
        self, begin: list[int], generator: np.random.Generator
    ) -> Generator[Growing, None, tuple[list[int], bool]]:
        """Yield what stands; return the ids, and whether they are all and not stopped."""
        encoding, quarters = self.encoding, self.quarters
        stream, tracker = self.file.model.begin(generator), encoding.tracker()
        stream.tire(TIRED)
        logits = stream.step(BOUNDARY, tracker.step(BOUNDARY))
        for symbol in begin[:-1]:
            stream.follow(symbol, tracker.step(symbol))
        for symbol in begin[-1:]:
            logits = stream.step(symbol, tracker.step(symbol))
        ids, loops = list(begin), Loops(LONGEST_FRAMES if encoding.layout else LONGEST)
        shown_s = time.monotonic()
        while len(ids) < MAX_SYMBOLS:
            if self.stopped:
                return ids, False
            barred = loops.barred()
            p = probabilities(logits, self.sampling, (*barred, BOUNDARY) if quarters else barred)
            symbol = draw(p, generator) if p.any() else BOUNDARY
            if symbol == BOUNDARY:
                break
            ids.append(symbol)
            loops.read(symbol)
            if quarters and len(ids) % LOOK_EVERY == 0 and _quarters(encoding, ids) >= quarters:
                break
            if time.monotonic() - shown_s >= SHOW_EVERY_S:
                yield self._growing(ids)
                shown_s = time.monotonic()
            logits = stream.step(symbol, tracker.step(symbol))
        return ids, True

    def _growing(self, ids: list[int]) -> Growing:
        piece = self.encoding.decode(ids)
        return Growing(self.seed, piece.score.end // BAR, lambda: piece)

    def _whole_bars(self, piece: Piece, attempt: int) -> Free | None:
        """Return what is kept of a piece that was stopped."""
        bars = piece.score.end // BAR
        kept = _cut(piece, 4 * bars)
        return Free(kept, self.seed, attempt, bars) if kept.score.note_count else None


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
