"""Progressions: chords in bars, written as numerals or symbols, or drawn from those of lo-fi.

    >>> [str(chord) for bar in read("ii V I in C").bars for chord in bar]
    ['Dm', 'G', 'C']
    >>> [str(chord) for bar in enriched(read("ii V I in C"), "ninths").bars for chord in bar]
    ['Dm9', 'G9', 'Cmaj9']

Without bar lines each chord is a bar; with them (or with several lines) the chords between two of
them share the bar, the first ones longer where the beats do not go round. Numerals without a key
are in C, or in A minor where the minor tonic is among them. Its weakness: one key for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Literal

import numpy as np

from nokturn.errors import InputError, LimitError
from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, parse, pitch_class, progression
from nokturn.music.key_finding import find_key
from nokturn.music.numerals import numeral
from nokturn.music.pitch import SEMITONES, Key
from nokturn.music.score import Score, Track
from nokturn.music.time import COMMON_TIME, EIGHTH, Meter
from nokturn.music.voicing import Played

Richness = Literal["written", "sevenths", "ninths"]

MAX_BARS = 1_000
EXPECTED = "a chord like Dm7 or Bbmaj7, or a degree like ii7, V9 or bVI"
_KEY = re.compile(r"\s+in\s+([A-Ga-g][#b♯♭]?\s*[A-Za-z]*)\s*$")
_JOIN = re.compile(r"(?<=\S)(?:[–—→>,]|-(?=[#b♯♭]*[A-GIViv]))|(?<=\s)[-–—→>](?=\s)")  # not C-7

# One chord a bar, or bars between lines. Each is a circle: its end leads to its beginning.
MAJOR = (
    "ii9 V13 Imaj9 Imaj9",
    "ii9 V9 Imaj9 vi9",
    "Imaj9 vi9 ii9 V9sus4",
    "Imaj9 iii7 IVmaj9 V9sus4",
    "IVmaj9 iii7 ii9 Imaj9",
    "IVmaj9 V13 iii7 vi9",
    "IVmaj9 | III7#9 | vi9 | v9 I9",
    "IVmaj9 iv9 iii7 vi9",
    "IVmaj9 iv6 Imaj9 Imaj9",
    "Imaj9 I13 IVmaj9 iv6",
    "Imaj9 #i°7 ii9 V13",
    "vi9 ii9 V9 Imaj9",
    "vi9 IVmaj9 Imaj9 V9sus4",
    "ii9 iii7 IVmaj9 V9sus4",
    "iii7 vi9 ii9 V13",
    "iii7 biii°7 ii9 V13",
    "Imaj9 bVIImaj9 IVmaj9 iv6",
    "Imaj9 bIIImaj9 bVImaj9 bIImaj9",
    "IVmaj9 bVII13 Imaj9 vi9",
    "Imaj9 IVmaj9 Imaj9 IVmaj9",
    "Imaj9 | vi9 | ii9 bVI13 | V13",
)
MINOR = (
    "i9 iv9 bVII13 bIIImaj9",
    "i9 bVImaj9 bIIImaj9 bVII13",
    "i9 bVII9sus4 bVImaj9 V7b9",
    "i9 iv9 i9 v7",
    "i9 v7 bVImaj9 iv9",
    "i9 IV13 i9 IV13",
    "i9 bVImaj9 iiø7 V7b9",
    "i9 bIIImaj9 iv9 V7#5",
    "bVImaj9 v7 i9 i9",
    "bVImaj9 bVII9sus4 v7 i9",
    "bVImaj9 V7#9 i9 bIIImaj9",
    "iiø7 V7b9 i9 i9",
    "iv9 bVII13 bIIImaj9 bVImaj9 iiø7 V7b9 i9 i9",
    "iv9 i9 bVImaj9 V7b9",
    "iv9 v7 i9 i9",
    "i9 | bVImaj9 | iv9 | iiø7 V7b9",
)


@dataclass(frozen=True)
class Progression:
    """Chords, bar by bar, and the key that they are in."""

    bars: tuple[tuple[Harmony, ...], ...]
    key: Key

    def played(self, meter: Meter = COMMON_TIME) -> list[Played]:
        """Return the chords with their lengths in a meter that is not free.

        Raises
        ------
        InputError
            A bar has more chords than the meter has eighths.
        """
        return [
            Played(chord, ticks)
            for number, bar in enumerate(self.bars, 1)
            for chord, ticks in zip(bar, shares(len(bar), meter, number), strict=True)
        ]


def shares(chords: int, meter: Meter, number: int = 0) -> list[int]:
    """Return how many ticks of a bar each of its chords gets; ``number`` is the bar's, for errors.

    >>> shares(2, Meter(4, 4)), shares(2, Meter(5, 4)), shares(3, Meter(6, 8))
    ([960, 960], [1440, 960], [480, 480, 480])
    """
    bar = int(meter.bar_ticks)
    beats = [int(beat) for beat in meter.beats]
    units = beats if chords <= len(beats) else [EIGHTH] * (bar // EIGHTH)
    if chords > len(units):
        raise InputError(
            f"bar {number} has {chords} chords, and {meter} has room for {len(units)}.",
            "Put a bar line between them.",
        )
    ends = np.cumsum(units)[[-(-(k + 1) * len(units) // chords) - 1 for k in range(chords)]]
    ends[-1] = bar
    return [int(ticks) for ticks in np.diff(ends, prepend=0)]


def read(text: str, key: Key | None = None, *, source: str = "<chords>") -> Progression:
    """Return the progression of a text.

    Parameters
    ----------
    text
        Chord symbols or Roman numerals, or both: ``Dm7 G7 | Cmaj7 | %``, ``ii-V-I in Bb``.
    key
        Holds where the text names none.

    Raises
    ------
    InputError
        A word is neither, or there is none.
    LimitError
        More than 1,000 bars.
    """
    named = _KEY.search(text)
    if named:
        text, key = text[: named.start()], Key.parse(named[1])
    text = _JOIN.sub(" ", text).rstrip()
    words = text.split()
    degrees = any(numeral(word, Key()) for word in words)
    home = key or _home(words)
    if re.fullmatch(r"[^|\n]*", text):  # no bar lines: a bar for each word; as long, for errors
        text = re.sub(r"\s(?=\S)", "|", text.strip("\n"))
    bars = progression(
        text, source, read=lambda word: parse(word) or numeral(word, home), expected=EXPECTED
    )
    if not bars:
        raise InputError("there are no chords.", "Write some: ii V I in C.", source=source)
    if len(bars) > MAX_BARS:
        raise LimitError(f"{len(bars)} bars of chords; {MAX_BARS} are allowed.", source=source)
    chords = tuple(tuple(bar) for bar in bars)
    return Progression(chords, home if key or degrees else _found(chords))


def _home(words: Iterable[str]) -> Key:
    """Return the key of numerals that name none."""
    tonics = {word for word in words if re.fullmatch(r"[Ii](?![IViv]).*", word)}
    minor = bool(tonics) and all(word[0] == "i" for word in tonics)
    return Key.parse("Am") if minor else Key()


def _found(bars: Iterable[Iterable[Harmony]]) -> Key:
    """Return the key that chords fit best, the first and the last chord counting twice."""
    chords = [chord for bar in bars for chord in bar]
    rows = [
        (0, 480, 48 + (pitch_class(chord.root) + size) % 12, 80)
        for chord in [chords[0], *chords, chords[-1]]
        for _, size in tones(chord.quality)
    ]
    return find_key(Score([Track.of(rows)]))


def drawn(rng: np.random.Generator, key: Key, *, other_than: str = "") -> str:
    """Return one of the built-in progressions for a key, in numerals.

    ``other_than`` is one that will not be drawn, as a second section wants chords of its own.
    """
    table = [text for text in (MINOR if key.minor else MAJOR) if text != other_than]
    return str(table[int(rng.integers(len(table)))])


def enriched(chords: Progression, richness: Richness) -> Progression:
    """Return a progression whose triads have sevenths, or ninths, too.

    Only notes of the key are added, so that a iii stays without the ninth that would be wrong.
    """
    if richness == "written":
        return chords
    bars = tuple(tuple(_richer(c, chords.key, richness) for c in bar) for bar in chords.bars)
    return Progression(bars, chords.key)


def richer(chords: Iterable[Played], key: Key, richness: Richness) -> list[Played]:
    """Return chords with lengths, enriched as by `enriched`."""
    return [
        Played(_richer(c, key, richness) if c and richness != "written" else c, ticks)
        for c, ticks in chords
    ]


def divided(chords: Sequence[Played], meter: Meter, bars: int = 8) -> dict[str, list[Played]]:
    """Return the chords of a whole piece as those of sections A and B.

    A is the first so many bars, silence before them left out; B the first later stretch of whole
    sections that has other chords; it is missing where there is none.

    >>> found = divided(read("C | F | C | F | Am | G").played(), COMMON_TIME, 2)
    >>> [str(chord.harmony) for chord in found["B"]]
    ['Am', 'G']
    """
    sounding = [*dropwhile(lambda chord: chord.harmony is None, chords)]
    ticks = bars * int(meter.bar_ticks)
    stretches: list[list[Played]] = [[]]
    room = ticks
    for harmony, left in sounding:
        duration = round(left)
        while duration > 0:
            if not room:
                stretches.append([])
                room = ticks
            taken = min(duration, room)
            stretches[-1].append(Played(harmony, taken))
            duration, room = duration - taken, room - taken
    whole = stretches[:-1] if room and len(stretches) > 1 else stretches
    other = [row for row in whole if row != whole[0] and any(chord.harmony for chord in row)]
    return {"A": whole[0], **({"B": other[0]} if other else {})}


_SEVENTHS = {("", 11): "maj7", ("", 10): "7", ("m", 10): "m7", ("dim", 10): "m7b5"}
_NINTHS = {"maj7": "maj9", "7": "9", "m7": "m9"}


def _richer(chord: Harmony, key: Key, richness: Richness) -> Harmony:
    root, quality = pitch_class(chord.root), chord.quality
    scale = {(SEMITONES[step] + alter) % 12 for step, alter in enumerate(key.alters)}
    if quality in ("", "m", "dim"):
        sizes = (11, 10) if quality == "" else (10,)
        fit = [size for size in sizes if (root + size) % 12 in scale]
        if quality == "m":
            fit = [10]  # a minor chord out of the key (iv in major) has its own seventh
        quality = _SEVENTHS[quality, fit[0]] if fit else {"": "7", "dim": "dim7"}[quality]
    if richness == "ninths" and quality in _NINTHS:
        if (root + 2) % 12 in scale:
            quality = _NINTHS[quality]
        elif quality == "7" and (root + 1) % 12 in scale:
            quality = "7b9"
    return chord._replace(quality=quality)
