"""Contexts that know the key: scale degrees and chords, where intervals alone say nothing of them.

A leading note rises and a fifth does not, but as intervals from the note before both look alike.
The key is guessed from the pitch classes of the last frames, as they fit the scales, so it follows
a modulation; nothing depends on the present frame. All of it moves with the music: ties are
settled from the first note of the piece, not from C. Its weakness: a minor key is heard as its
relative major.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.models._counts import Hashes, Ints, salted
from nokturn.models._frames import LONGEST, Frames

HEARD = 128  # frames in which the key is heard
UNKNOWN = 12  # the degree where nothing was heard yet
FIT = (23, 0, 20, 0, 23, 20, 0, 23, 0, 22, 0, 20)  # of pitch classes in a major key
_BASE = np.uint64(0xD1342543DE82EF95)
_VALUES = np.random.default_rng(0).integers(1, 1 << 63, 1024, dtype=np.uint64)


def tonal_contexts(heard: Frames) -> list[list[Hashes]]:
    """Return two chains of contexts, short to long: by degrees of the scale, and by chords."""
    return _of_rolls(heard) if heard.layout.separator else _of_grids(heard)


def keys(heard: Frames) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the tonic's pitch class before each frame, (F,), and whether it is known."""
    lines, count = heard.lines, len(heard.starts)
    pitched = np.flatnonzero(heard.pitch >= 0)
    first = int(heard.pitch[pitched[0]]) if len(pitched) else 0
    rows, columns = np.nonzero(lines >= 0)
    total = np.zeros((count + 1, 12), dtype=np.int64)
    np.add.at(total, (rows + 1, (lines[rows, columns] - first) % 12), 1)
    total = np.cumsum(total, axis=0)
    number = np.arange(count)
    recent = total[number] - total[np.maximum(number - HEARD, 0)]
    scales = np.stack([np.roll(FIT, k) for k in range(12)], axis=1)
    return ((recent @ scales).argmax(1) + first) % 12, np.any(recent, axis=1)


def degrees(pitches: Ints, heard: Frames) -> Ints:
    """Return the degree (T,) in semitones above the tonic of a pitch at each place."""
    tonics, known = keys(heard)
    some = known[heard.frame] & (pitches >= 0)
    return np.where(some, (pitches - tonics[heard.frame]) % 12, UNKNOWN)


def _of_grids(heard: Frames) -> list[list[Hashes]]:
    frame, voices = heard.frame, heard.layout.voices
    then, now = _then(heard)[:, :voices], _now(heard)[:, :voices]
    read = np.arange(voices) < heard.note[:, None]
    voice = salted(heard.note, 200)
    moved = _mixed(np.where(read, 1 + (now != then), 0))
    age = np.minimum(heard.ages[frame, heard.note], LONGEST)
    phase = frame % 4
    degree = _paired(voice, degrees(heard.base, heard), 201)
    timed = _paired(degree, phase * 32 + age, 202)
    moving = _paired(timed, moved, 203)
    base = heard.base[:, None]
    chord = _paired(moving, _mixed(np.where(read, now - base + 600, 0)), 204)
    after = _paired(chord, _mixed(then - base + 600), 205)
    then_classes = _paired(voice, _classes(then, heard.base), 207)
    then_moved = _paired(then_classes, moved, 208)
    both = _paired(then_moved, _classes(np.where(read, now, -1), heard.base), 209)
    both_timed = _paired(both, phase, 210)
    none = np.zeros(len(frame), dtype=np.uint64)
    longest = _paired(after, heard.changes.window(2), 206)
    return [
        [none, voice, degree, timed, moving, chord, after, longest],
        [none, voice, then_classes, then_moved, both, both_timed, _paired(both_timed, age, 211)],
    ]


def _of_rolls(heard: Frames) -> list[list[Hashes]]:
    then, now = _then(heard), _now(heard)
    last = np.where(heard.note > 0, heard.pitch, -1)
    below = np.where((then >= 0) & ((then < last[:, None]) | (last[:, None] < 0)), then, -1)
    following = below.max(1)
    reference = np.where(last >= 0, last, heard.base)
    step = np.where(following >= 0, reference - following + 600, 0)
    held = (last >= 0) & (then == last[:, None]).any(1)
    tonic = keys(heard)[0][heard.frame]
    degree = salted(degrees(last, heard) * 16 + np.minimum(heard.note, 15), 220)
    stepped = _paired(degree, step, 221)
    timed = _paired(stepped, held * 64 + heard.frame % heard.layout.beat, 222)
    inside = _paired(timed, heard.window(0), 223)
    topped = _paired(inside, degrees(heard.base, heard), 224)
    before = _paired(topped, heard.window(1), 226)
    then_classes = _classes(then, tonic)
    classes = _paired(degree, _classes(now, tonic), 228)
    near = _paired(classes, step, 229)
    both = _paired(near, then_classes, 230)
    none = np.zeros(len(heard.frame), dtype=np.uint64)
    return [
        [none, degree, stepped, timed, inside, topped, _paired(topped, then_classes, 225), before,
         _paired(before, heard.changes.window(2), 227)],
        [none, degree, classes, near, both, _paired(both, heard.frame % heard.layout.beat, 231)],
    ]  # fmt: skip


def _then(heard: Frames) -> Ints:
    """Return the pitches of the frame before, at each place, (T, most notes), -1 = none."""
    lines = heard.lines
    return np.vstack([np.full_like(lines[:1], -1), lines[:-1]])[heard.frame]


def _now(heard: Frames) -> Ints:
    """Return the pitches of the present frame that were read, (T, most notes), -1 = none."""
    lines = heard.lines[heard.frame]
    return np.where(np.arange(lines.shape[1]) < heard.note[:, None], lines, -1)


def _classes(pitches: Ints, base: Ints) -> Ints:
    """Return which pitch classes (T, K) hold, above a base (T,), as bits."""
    bits = np.where(pitches >= 0, 1 << ((pitches - base[:, None]) % 12), 0)
    return np.asarray(np.bitwise_or.reduce(bits, axis=1))


def _mixed(rows: Ints) -> Hashes:
    """Return a hash of each row (T, K)."""
    return np.asarray(rows.astype(np.uint64) @ _VALUES[: rows.shape[1]])


def _paired(left: Hashes, right: Hashes | Ints, salt: int) -> Hashes:
    return salted(left * _BASE + right.astype(np.uint64), salt)
