"""Progressions drawn from a model of chord symbols: circles whose end leads into their beginning.

    chords = drawn_progression(ModelFile.load(path), key=Key.parse("Fm"), rng=rng)

Any model over the encoding ``chords`` with relative roots will do. Several progressions are drawn,
and one is taken by how well the model thinks its end leads home. Its weakness: how long chords last
is not the model's affair: a bar each, now and then two in the last bar of four, or one for two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nokturn.encodings.base import BOUNDARY, restore
from nokturn.encodings.chords import Chords, Sign
from nokturn.errors import UsageError
from nokturn.generation.sampling import Sampling, draw, probabilities
from nokturn.models._file import ModelFile
from nokturn.models.base import Stream
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, spelled
from nokturn.music.pitch import Key
from nokturn.music.time import COMMON_TIME, Meter
from nokturn.music.voicing import Played

MAX_BARS = 64
USUAL = Sampling(temperature=1.0, min_p=0.08)  # nothing that was hardly ever heard
WAYS = 24  # progressions that are drawn to choose from
TWO, LONG = 0.2, 0.2  # how often the last bar of four has two chords, the third one goes on
FEWEST = 3  # different chords in four or more


def drawn_progression(
    file: ModelFile,
    *,
    key: Key,
    rng: np.random.Generator,
    bars: int = 4,
    meter: Meter = COMMON_TIME,
    sampling: Sampling | None = None,
) -> list[Played]:
    """Return chords that can be played round and round.

    Parameters
    ----------
    file
        A model over the encoding ``chords``, roots relative.
    key
        What they are in: in minor the tonic is a minor chord.
    bars
        1-64.
    meter
        Not free.

    Raises
    ------
    UsageError
        The model learned something else; free meter; too many bars.
    """
    encoding = restore(file.encoding, file.encoding_settings, file.vocabulary, file.channels)
    if not isinstance(encoding, Chords) or not encoding.relative:
        raise UsageError(
            f"The model writes {file.encoding}, not chords above a tonic.",
            "Use one that was trained by recipes/lofi-chords.toml.",
        )
    if meter.free or not 1 <= bars <= MAX_BARS:
        raise UsageError(
            f"A progression of {bars} bars in meter {meter} cannot be drawn.",
            f"Ask for 1 to {MAX_BARS} bars in 4/4, 3/4 ...",
        )
    lengths = _lengths(bars, meter, rng)
    with threadpool_limits(limits=1):
        ids = _Circles(file, encoding, key, rng, sampling or USUAL).drawn(len(lengths))
    chords = [_harmony(encoding.signs[symbol], key) for symbol in ids]
    return [Played(chord, ticks) for chord, ticks in zip(chords, lengths, strict=True)]


def _lengths(bars: int, meter: Meter, rng: np.random.Generator) -> list[int]:
    """Return the ticks of each chord."""
    bar, beats = int(meter.bar_ticks), [int(beat) for beat in meter.beats]
    first = sum(beats[: -(-len(beats) // 2)])
    found: list[int] = []
    for number in range(bars):
        chance = rng.random()
        if number % 4 == 3 and chance < TWO and len(beats) > 1:
            found += [first, bar - first]
        elif number % 4 == 3 and chance > 1 - LONG and bars > 3:
            found[-1] += bar
        else:
            found.append(bar)
    return found


def _harmony(sign: Sign | None, key: Key) -> Harmony:
    assert sign, "boundaries are not drawn"
    root = spelled((sign.root + key.tonic_class) % 12, key)
    bass = None
    if sign.bass is not None:
        bass = spelled((sign.root + sign.bass + key.tonic_class) % 12, key)
    return Harmony(root, sign.quality, bass)


def _of_other_mode(sign: Sign, key: Key) -> bool:
    """Whether a chord says the other mode: the major third in minor, the minor tonic in major."""
    sizes = {semitones % 12 for _, semitones in tones(sign.quality)}
    if key.minor:
        return (4 - sign.root) % 12 in sizes
    return sign.root == 0 and 3 in sizes and 4 not in sizes


class _Circles:
    """Draws progressions of which one is chosen."""

    def __init__(
        self,
        file: ModelFile,
        encoding: Chords,
        key: Key,
        rng: np.random.Generator,
        sampling: Sampling,
    ) -> None:
        self.rng, self.sampling = rng, sampling
        self.begun = file.model.begin(rng)
        self.tracker = encoding.tracker()
        self.first = self.begun.step(BOUNDARY, self.tracker.step(BOUNDARY))
        signs = [(symbol, sign) for symbol, sign in enumerate(encoding.signs) if sign]
        self.banned = {BOUNDARY, *(symbol for symbol, sign in signs if _of_other_mode(sign, key))}
        self.tonic = {symbol for symbol, sign in signs if sign.root == 0} - self.banned

    def drawn(self, count: int) -> list[int]:
        """Return the symbols of so many chords."""
        ways = [self._one(count) for _ in range(WAYS)]
        scores = np.array([score for _, score in ways])
        p = np.exp(scores - scores.max())
        return ways[draw(p / p.sum(), self.rng)][0]

    def _one(self, count: int) -> tuple[list[int], float]:
        """Return a progression, and how likely (as a logarithm) it begins again."""
        stream, logits = self.begun.copy(), self.first
        ids: list[int] = []
        for place in range(count):
            banned = self.banned | {*ids[-1:]}
            banned |= {*ids[:1]} if place == count - 1 else set()
            p = probabilities(logits, self.sampling, banned)
            if not p.any():
                p = probabilities(logits, self.sampling, self.banned)
            ids.append(draw(p, self.rng))
            logits = self._heard(stream, ids[-1])
        score = 0.0
        for symbol in ids[:2]:  # round again
            score += float(np.log(probabilities(logits, Sampling(temperature=1))[symbol] + 1e-9))
            logits = self._heard(stream, symbol)
        return ids, score + self._penalty(ids)

    def _penalty(self, ids: Sequence[int]) -> float:
        """Return what speaks against a progression: it never comes home, or hardly moves."""
        dull = len(ids) > FEWEST and len({*ids}) < FEWEST
        return -8.0 * dull - 4.0 * (len(ids) > 1 and not self.tonic & {*ids})

    def _heard(self, stream: Stream, symbol: int) -> NDArray[np.float32]:
        return stream.step(symbol, self.tracker.step(symbol))
