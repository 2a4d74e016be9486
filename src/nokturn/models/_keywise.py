"""What a network that is the same for all keys is told of a roll, key by key.

    found = Frames.of([0, 40, 36, 1, 40, 1], layout)
    rolls = keywise_rolls(found)              (F, CHANNELS, keys): each known before the frame

Of every key: whether it sounded in the frames before, one by one and further back at the distances
at which patterns of accompaniment come again, and whether it was struck there; its age; what
followed the longest earlier match; and how much it, and its pitch class, have sounded of late. What
such a network learns at one key serves at all, so it needs few pieces. Two convolutions over the
keys read this once a frame; at each place the notes already in the frame are added, each by its
distance from the key, with what the head and the experts say. Its weakness: the distances in time
are a list, and a pattern of another length is heard through ages and matches alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.models import _recall
from nokturn.models._frames import Frames, Layout

Floats = NDArray[np.float32]
LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # frames
MEMORIES = (4.0, 16.0, 64.0)  # frames after which what has sounded counts half
OCTAVE = 12
CHANNELS = 2 * len(LAGS) + 3 + 2 * len(MEMORIES)
REACH = 12  # semitones around a key that each convolution reads, each way
SAID = np.float32(0.2)  # by which log-probabilities of experts are brought to the size of the rest


def shapes(layout: Layout, words: int, width: int) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of a network of so many words a key."""
    apart = 2 * layout.pitches - 1  # distances of two keys
    return {
        "keywise.around": (words, CHANNELS, 2 * REACH + 1),
        "keywise.around_bias": (words,),
        "keywise.again": (words, words, 2 * REACH + 1),
        "keywise.again_bias": (words,),
        "keywise.so_far": (apart, words),
        "keywise.last": (apart, words),
        "keywise.state": (words, width),
        "keywise.bias": (words,),
        "keywise.out": (layout.kinds, words),
    }


def scores_last(
    weights: Mapping[str, NDArray[Any]], z: Floats, found: Frames, said: Floats | None
) -> Floats:
    """Return what the network says of each key as the next note, (kinds, keys).

    Parameters
    ----------
    z
        What the head says of the last place, (Z,).
    said
        Log-probabilities of the experts for each key, (E, keys), where there are any.
    """
    x = np.maximum(_around(weights, "keywise.around", keywise_rolls(found)[-1]), 0)
    here = (x + _around(weights, "keywise.again", x)).T + weights["keywise.bias"]
    here += weights["keywise.state"] @ z
    notes = found.pitch[found.starts[found.frame[-1]] :]
    keys = np.arange(len(here))
    for note in notes.tolist():
        here += weights["keywise.so_far"][note - keys + len(keys) - 1]
    if len(notes):
        here += weights["keywise.last"][notes[-1] - keys + len(keys) - 1]
    if said is not None:
        here += (SAID * said).T @ weights["keywise.said"].T
    return np.asarray(weights["keywise.out"] @ np.maximum(here, 0).T, dtype=np.float32)


def _around(weights: Mapping[str, NDArray[Any]], name: str, rolls: Floats) -> Floats:
    """Return a convolution over the keys of (C, keys), (words, keys)."""
    padded = np.pad(rolls, ((0, 0), (REACH, REACH)))
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1, axis=1)
    found = np.einsum("hck,cnk->hn", weights[name], near, optimize=True)
    return np.asarray(found + weights[f"{name}_bias"][:, None], dtype=np.float32)


def keywise_rolls(found: Frames) -> Floats:
    """Return what is known of each key before each frame, (F, CHANNELS, keys)."""
    sounds, struck = _sounds(found)
    count, keys = len(found.starts), sounds.shape[1]
    rolls = np.zeros((count, CHANNELS, keys), dtype=np.float32)
    for i, lag in enumerate(LAGS):
        rolls[lag:, 2 * i] = sounds[: max(0, count - lag)]
        rolls[lag:, 2 * i + 1] = struck[: max(0, count - lag)]
    at = 2 * len(LAGS)
    ages = _recall.ages(sounds)
    rolls[:, at] = np.maximum(ages, 0)
    rolls[:, at + 1] = np.minimum(ages, 0)
    rolls[:, at + 2] = _recall.repeated(sounds)[0]
    for i, half in enumerate(MEMORIES):
        kept = _faded(sounds, 0.5 ** (1 / half))
        rolls[:, at + 3 + 2 * i] = kept
        rolls[:, at + 4 + 2 * i] = _by_class(kept)
    return rolls


def _sounds(found: Frames) -> tuple[Floats, Floats]:
    """Return what sounds and what is struck in each whole frame, (F - 1, keys)."""
    layout: Layout = found.layout
    rolls = np.zeros((2, len(found.starts), layout.pitches), dtype=np.float32)
    at = np.flatnonzero(found.pitch >= 0)
    frame, pitch = found.frame[at - 1], found.pitch[at]
    rolls[0, frame, pitch] = 1
    rolls[1, frame, pitch] = (found.symbols[at] - layout.first) // max(1, layout.pitches)
    if layout.kinds == 1:  # not told: what did not sound before is new
        rolls[1] = rolls[0]
        rolls[1, 1:] *= 1 - rolls[0, :-1]
    return rolls[0, :-1], rolls[1, :-1]


def _faded(sounds: Floats, keep: float) -> Floats:
    """Return a running mean of what sounded before each frame, (F + 1, keys)."""
    kept = np.zeros((len(sounds) + 1, sounds.shape[1]), dtype=np.float32)
    for frame, row in enumerate(sounds):
        kept[frame + 1] = keep * kept[frame] + (1 - keep) * row
    return kept


def _by_class(rolls: Floats) -> Floats:
    """Return rolls (N, keys) with every key replaced by the sum of its octaves."""
    keys = rolls.shape[1]
    padded = np.pad(rolls, ((0, 0), (0, -keys % OCTAVE)))
    classes = padded.reshape(len(rolls), -1, OCTAVE).sum(1)
    return np.tile(classes, (1, padded.shape[1] // OCTAVE))[:, :keys]
