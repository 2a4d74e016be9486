"""Rhythm from a network that learned nothing else, for pitches that come from elsewhere.

    made = drawn_rhythm(ModelFile.load(path), bars=8, meter=Meter(6, 8), rng=rng)

Where the network says with each note how far it is from the one before (``coupled = true``), the
pitches that the rhythm is for may be told: then only signs of their intervals are drawn, and leaps
come where leaps came in what it learned from. Its weakness: it looks no interval ahead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.encodings.rhythm import NOTE, SIZES, size_of
from nokturn.encodings.rhythm import Rhythm as Rhythms
from nokturn.errors import UsageError
from nokturn.generation.loops import Loops
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.music.accents import accented
from nokturn.music.rhythm import Rhythm
from nokturn.music.time import COMMON_TIME, Meter


def drawn_rhythm(
    file: ModelFile,
    *,
    bars: int,
    rng: np.random.Generator,
    meter: Meter = COMMON_TIME,
    sampling: Sampling | None = None,
    pitches: Sequence[int] = (),
) -> Rhythm:
    """Return a rhythm of so many bars.

    Parameters
    ----------
    file
        A model over the encoding ``rhythm``.
    pitches
        MIDI pitches that it is for, going round where they are fewer.

    Raises
    ------
    UsageError
        The model learned something else, or there is no sign for the meter.
    """
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    if not isinstance(encoding, Rhythms):
        raise UsageError(
            f"The model writes {file.encoding}, not rhythm.",
            "Use one that was trained by recipes/rhythm.toml.",
        )
    with threadpool_limits(limits=1):
        ids = _Drawing(file, encoding, rng, sampling or Sampling()).ids(bars, meter, pitches)
    notes = encoding.decode(ids).score.tracks[0].notes
    length = int(meter.bar_ticks) * bars
    made = Rhythm.of_notes(notes, length)
    durations = np.minimum(made.durations, length - made.onsets)
    return accented(Rhythm(made.onsets, durations, made.velocities, length), meter)


class _Drawing:
    """One rhythm in the making."""

    def __init__(
        self, file: ModelFile, encoding: Rhythms, rng: np.random.Generator, sampling: Sampling
    ) -> None:
        self.rng, self.sampling = rng, sampling
        self.stream, self.tracker = file.model.begin(rng), encoding.tracker()
        self.names = encoding.vocabulary
        self.encoding = encoding
        self.lengths = {i for i, name in enumerate(self.names) if _is_length(name)}
        self.steps = {i for i in self.lengths if self.names[i][0] == "s"}
        self.loops = Loops()

    def ids(self, bars: int, meter: Meter, pitches: Sequence[int]) -> list[int]:
        """Return symbols that reach to the end of the last bar."""
        sign = f"{meter.numerator}/{meter.denominator}"
        if sign not in self.names:
            known = ", ".join(name for name in self.names if "/" in name)
            raise UsageError(f"The rhythm network knows no {sign}.", f"It knows {known}.")
        self._feed(BOUNDARY)
        ids = [self.names.index(sign)]
        self._feed(ids[0])
        end = int(meter.bar_ticks) * bars
        notes = 0
        while True:
            symbol = self._drawn(ids[-1], self._sign(notes, pitches))
            ids.append(symbol)
            if symbol not in self.lengths:
                if self.encoding.decode(ids).score.tracks[0].notes["onset"][-1] >= end:
                    return ids[:-1]
                notes += 1
            self._feed(symbol)

    def _sign(self, notes: int, pitches: Sequence[int]) -> str:
        """Return what the next note must be; empty = as the network likes."""
        if notes == 0 or not self.encoding.coupled:
            return NOTE
        if not pitches:
            return ""
        here, before = (pitches[n % len(pitches)] for n in (notes, notes - 1))
        return size_of(here - before)

    def _drawn(self, last: int, sign: str) -> int:
        """Return the next symbol: a note, after it its duration, then perhaps a step."""
        notes = {self.names.index(name) for name in ((sign,) if sign else SIZES)}
        if "/" in self.names[last]:
            allowed = notes
        elif last not in self.lengths:
            allowed = self.lengths - self.steps - {self.names.index("d0")}
        else:
            allowed = notes | (set() if last in self.steps else self.steps)
        barred = {*range(len(self.names))} - allowed
        p = probabilities(self.logits, self.sampling, barred | {*self.loops.barred()})
        if not p.any():
            p = probabilities(self.logits, self.sampling, barred)
        return draw(p, self.rng)

    def _feed(self, symbol: int) -> None:
        self.logits = self.stream.step(symbol, self.tracker.step(symbol))
        self.loops.read(symbol)


def _is_length(name: str) -> bool:
    return name[0] in "ds" and name[1:].isdigit()
