"""Voicings: how the notes of chords are laid on the keys, so that one leads to the next.

    Dm9 G13 Cmaj9, rootless   ->   F3 A3 C4 E4,  F3 A3 B3 E4,  E3 G3 B3 D4

Of all the ways to lay each chord between two pitches, those are taken that together move the least,
found by Viterbi's algorithm; a voicing far from the middle costs a little, too, so that a circle of
chords stays where it is. Close intervals low down, which sound muddy, are never used. The bass is
somebody else's, so that a ninth may stand for the root.

Source: movement as the sum of semitones of all voices, as in Tymoczko, A Geometry of Music, 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError, did_you_mean
from nokturn.music.chord_tones import Tone, tones
from nokturn.music.harmony import Harmony, pitch_class

Style = Literal["close", "drop2", "rootless", "ninths", "spread"]
Voicing = tuple[int, ...]  # MIDI pitches, low to high

LOW, HIGH = 50, 79  # D3, G5
MIDDLE = 61.0  # of the notes of a chord, about middle C
PULL = 0.8  # semitones of movement that a semitone away from the middle is worth
HARSH = 4.0  # semitones of movement that a harsh interval is worth
MUD = ((48, 3), (43, 5), (36, 7))  # a note below this pitch has so many semitones above it free


def laid(
    chords: Sequence[Harmony], style: Style = "ninths", *, low: int = LOW, high: int = HIGH
) -> list[Voicing]:
    """Return the pitches of each of the chords in a row.

    Parameters
    ----------
    style
        ``close``; ``drop2``, its second voice from above an octave lower; ``rootless``, never with
        the root where three others are; ``ninths``, third or seventh lowest, as pianists lay ninth
        chords; ``spread``, open over more than an octave.
    low, high
        MIDI pitches that no note leaves. At least two octaves.

    Raises
    ------
    UsageError
        There is no such style, or the range is less than two octaves.
    """
    if style not in get_args(Style):
        raise UsageError(
            f"There is no voicing named {style!r}.", did_you_mean(style, get_args(Style))
        )
    if high - low < 24:
        raise UsageError(f"Pitches {low}-{high} are too few.", "Allow two octaves or more.")
    if not chords:
        return []
    rows = [_ways(chord.root, chord.quality, style, low, high) for chord in chords]
    middle = min(max(MIDDLE, low + 8), high - 8)
    costs = strain(rows[0], middle)
    came: list[NDArray[np.int64]] = []
    for before, here in pairwise(rows):
        through = costs[:, None] + movement(before, here)
        came.append(through.argmin(0))
        costs = through.min(0) + strain(here, middle)
    path = [int(costs.argmin())]
    for choices in reversed(came):
        path.append(int(choices[path[-1]]))
    return [
        tuple(int(pitch) for pitch in row[k]) for row, k in zip(rows, reversed(path), strict=True)
    ]


def strain(ways: NDArray[np.int64], middle: float) -> NDArray[np.float64]:
    """Return what each voicing costs by itself; ``ways`` is (N, V), the result (N,).

    It costs to be away from the middle, and to have a semitone on top or a minor ninth anywhere,
    which sound harsh.
    """
    apart = ways[:, None, :] - ways[:, :, None]
    harsh = (apart == 13).sum((1, 2)) + (np.diff(ways[:, -2:]) == 1).sum(1)
    costs: NDArray[np.float64] = PULL * np.abs(ways.mean(1) - middle) + HARSH * harsh
    return costs


def movement(before: NDArray[np.int64], here: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the semitones that all voices move together, from each voicing to each other.

    ``before`` is (A, V), ``here`` (B, W), the result (A, B). Where there are more voices on one
    side, each of its notes goes to the nearest one of the other.
    """
    apart = np.abs(before[:, None, :, None] - here[None, :, None, :])
    if before.shape[1] == here.shape[1]:
        moved = np.einsum("abvv->ab", apart)
    else:
        moved = apart.min(3 if before.shape[1] > here.shape[1] else 2).sum(2)
    result: NDArray[np.float64] = moved.astype(np.float64)
    return result


@lru_cache(maxsize=4096)
def _ways(
    root: tuple[int, int], quality: str, style: Style, low: int, high: int
) -> NDArray[np.int64]:
    """Return all ways to lay a chord within a range, (N, V), N >= 1."""
    classes = [(pitch_class(root) + size) % 12 for _, size in _chosen(tones(quality), style)]
    turns = range(len(classes))
    if style == "ninths" and len(classes) == 4:
        turns = range(0, 4, 2)  # the third (or root) below, or the seventh (or fifth)
    shapes = [_shaped(_close(classes[k:] + classes[:k]), style) for k in turns]
    ways = {
        tuple(pitch + 12 * octave for pitch in shape)
        for shape in shapes
        for octave in range(-1, 11)
        if low <= shape[0] + 12 * octave and shape[-1] + 12 * octave <= high
    }
    clear = [way for way in ways if not muddy(way)]
    return np.array(sorted(clear or ways or {_folded(shapes[0], low, high)}), dtype=np.int64)


def muddy(voicing: Voicing) -> bool:
    """Whether a voicing has an interval that is too close for where it lies.

    >>> muddy((40, 44, 47)), muddy((60, 61, 65))
    (True, False)
    """
    return any(
        below < pitch and above - below < free
        for below, above in pairwise(voicing)
        for pitch, free in MUD
    )


def _close(classes: Sequence[int]) -> list[int]:
    """Return pitch classes as pitches that rise by less than an octave each."""
    pitches = [classes[0]]
    for pitch in classes[1:]:
        pitches.append(pitches[-1] + ((pitch - pitches[-1] - 1) % 12) + 1)
    return pitches


def _shaped(close: list[int], style: Style) -> Voicing:
    """Return a close voicing as the style opens it."""
    dropped = {"drop2": (-2,), "spread": (-2, -4)}.get(style, ())
    return tuple(sorted(pitch - 12 * (k - len(close) in dropped) for k, pitch in enumerate(close)))


def _folded(shape: Voicing, low: int, high: int) -> Voicing:
    """Return a voicing that is too wide for the range, each note moved by octaves into it."""
    return tuple(sorted({low + (pitch - low) % 12 for pitch in shape}))


def _chosen(found: Sequence[Tone], style: Style) -> list[Tone]:
    """Return the tones that a style plays, three or four, as they rise from the third or root.

    A ninth stands for the root, a thirteenth for the fifth, as usual.
    """
    by_letter: dict[int, list[Tone]] = {}
    for tone in found:
        by_letter.setdefault(tone[0], []).append(tone)

    def first(*letters: int) -> list[Tone]:
        return next((by_letter[letter][:1] for letter in letters if letter in by_letter), [])

    third, fifth, seventh, ninth = first(2, 3, 1), first(12, 4), first(6, 5), first(8, 10)
    upper = [*third, *fifth, *seventh, *ninth]
    keeps_root = not ninth and style != "rootless"
    return [(0, 0), *upper] if keeps_root or len(upper) < 3 else upper
