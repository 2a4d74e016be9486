"""What independent keys hear beside the frame before: how long each key has sounded or been silent,
and the frame that followed where the piece last went on as it does now.

A frame is known by a hash of its keys, so many frames in a row by a hash of those; two of the same
hash are taken for the same. Nothing at a frame depends on that frame or a later one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
LONGEST = 16  # frames for which an age is told
WINDOWS = (1, 2, 3, 4, 6, 8, 12, 16, 24)  # frames that must be the same as now
_BASE = np.uint64(0x5851F42D4C957F2D)


def ages(sounds: Floats) -> Floats:
    """Return for how long each key has sounded (above 0) or been silent (below), (F + 1, keys).

    Parameters
    ----------
    sounds
        (F, keys): ones where a key sounds. Row f of the result is known before frame f, a frame
        counts as 1 / 16, and 1 is the most.
    """
    count, keys = sounds.shape
    number = np.arange(count)[:, None]
    changed = np.ones((count, keys), dtype=bool)
    changed[1:] = sounds[1:] != sounds[:-1]
    begun = np.maximum.accumulate(np.where(changed, number, 0), axis=0)
    held = np.minimum(number - begun + 1, LONGEST) / LONGEST
    found = np.zeros((count + 1, keys), dtype=np.float32)
    found[1:] = np.where(sounds > 0, held, -held)
    return found


def repeated(sounds: Floats) -> tuple[Floats, Ints]:
    """Return what followed the longest earlier match before each frame, and how long it was.

    Parameters
    ----------
    sounds
        (F, keys), as for `ages`.

    Returns
    -------
    The frame that followed, (F + 1, keys), silence where nothing matched; and the number of the
    longest window of `WINDOWS` that matched, from 1, 0 = none, (F + 1,).
    """
    count, keys = sounds.shape
    each = _frame_hashes(sounds)
    window = np.zeros(count + 1, dtype=np.uint64)  # of the frames before each
    follower = np.full(count + 1, -1, dtype=np.int64)
    length = np.zeros(count + 1, dtype=np.int64)
    power = np.ones(1, dtype=np.uint64)
    for size in range(1, min(WINDOWS[-1], count) + 1):
        window[size:] += each[: count + 1 - size] * power
        power = power * _BASE
        if size in WINDOWS:
            before = _last_same(window[size:])
            found = np.flatnonzero(before >= 0) + size
            follower[found] = before[found - size] + size
            length[found] = WINDOWS.index(size) + 1
    frames = np.zeros((count + 1, keys), dtype=np.float32)
    some = np.flatnonzero(follower >= 0)
    frames[some] = sounds[follower[some]]
    return frames, length


def _frame_hashes(sounds: Floats) -> Hashes:
    random = np.random.default_rng(0)
    values = random.integers(1, 1 << 63, sounds.shape[1], dtype=np.uint64)
    total = (sounds > 0).astype(np.uint64) @ values + np.uint64(1)
    return np.asarray((total ^ (total >> np.uint64(29))) * _BASE)


def _last_same(values: Hashes) -> Ints:
    """Return the last earlier place of the same value, -1 where there is none."""
    order = np.argsort(values, kind="stable")
    same = values[order[1:]] == values[order[:-1]]
    found = np.full(len(values), -1, dtype=np.int64)
    found[order[1:][same]] = order[:-1][same]
    return found
