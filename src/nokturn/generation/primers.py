"""Primers: what a piece can begin with when nobody gives one, by name.

    primer = made("dorian", seed=3)                 two bars of 4/4, as a Piece
    begin = symbols(encoding, primer)               as what a model reads

    silence      nothing sounds
    noise        four keys of the whole piano, drawn anew for each eighth
    two-hands    the same in the range of two hands, two keys each
    note         one note, held
    notes        a handful of notes at once, held
    ionian, dorian, phrygian, lydian, mixolydian, aeolian, locrian
                 the scale in eighths, up and down again

The seed chooses the notes, and of a scale its tonic. Silence can begin only what counts frames:
everywhere else it is nothing.

Source: Kazana's experiments with a network over piano rolls begin with these.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nokturn.encodings.base import Encoding
from nokturn.errors import UsageError, did_you_mean
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import TICKS_PER_QUARTER

LENGTH = 8 * TICKS_PER_QUARTER  # two bars of 4/4
EIGHTH = TICKS_PER_QUARTER // 2
VELOCITY = 80
MAJOR = (0, 2, 4, 5, 7, 9, 11, 12)
SCALES = ("ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian")
NOISE = {"noise": ((21, 109, 4),), "two-hands": ((36, 60, 2), (60, 85, 2))}  # low, high, keys
CHORDS = {"silence": 0, "note": 1, "notes": 6}  # how many keys are held
NAMES = (*CHORDS, *NOISE, *SCALES)
MELODIES = ("note", *SCALES)  # one note at a time

Row = tuple[int, int, int, int]  # onset, duration, pitch, velocity


def made(name: str, seed: int = 0) -> Piece:
    """Return the primer of that name. Raises `UsageError` where there is none.

    Parameters
    ----------
    name
        One of `NAMES`.
    seed
        Chooses its notes; the same seed, the same notes.
    """
    if name not in NAMES:
        raise UsageError(f"There is no primer named {name!r}.", did_you_mean(name, NAMES))
    random = np.random.default_rng(seed)
    if name in SCALES:
        rows = _scale(name, 60 + int(random.integers(-5, 7)))
    elif name in NOISE:
        rows = list(_noise(name, random))
    else:
        pitches = 48 + random.choice(37, CHORDS[name], replace=False)
        rows = [(0, LENGTH, int(pitch), VELOCITY) for pitch in pitches]
    return Piece(Score([Track.of(rows)], length=LENGTH), title=name)


def _scale(name: str, tonic: int) -> list[Row]:
    """Return a scale from its tonic: that of C major, begun on another degree."""
    degree = SCALES.index(name)
    steps = np.roll(np.diff(MAJOR), -degree)
    up = tonic + np.append(0, np.cumsum(steps))
    pitches = [*up.tolist(), *up[::-1].tolist()]
    return [(k * EIGHTH, EIGHTH, pitch, VELOCITY) for k, pitch in enumerate(pitches)]


def _noise(name: str, random: np.random.Generator) -> Iterator[Row]:
    for onset in range(0, LENGTH, EIGHTH):
        for low, high, keys in NOISE[name]:
            for pitch in low + random.choice(high - low, keys, replace=False):
                yield onset, EIGHTH, int(pitch), VELOCITY


def symbols(encoding: Encoding, primer: Piece) -> list[int]:
    """Return a primer as the symbols that a piece begins with.

    Raises `UsageError` for silence where the encoding counts no frames.
    """
    if primer.score.note_count:
        begin: list[int] = encoding.encode(primer).tolist()
        return begin
    separator = encoding.layout.get("separator")
    if not separator:
        raise UsageError(
            f"Silence cannot begin a piece in {encoding.name()}: only frames can be silent.",
            "Use a model over piano_roll, or another primer.",
        )
    pitch = getattr(encoding, "low", 60)
    whole = Score([Track.of([(0, primer.score.end, pitch, VELOCITY)])], length=primer.score.end)
    frames = int((encoding.encode(Piece(whole)) == separator).sum())
    return [separator] * frames
