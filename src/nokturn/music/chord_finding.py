"""Find the chords of a piece: those that are written above it, or those that its notes make.

    >>> from nokturn.music.score import Score, Track
    >>> from nokturn.music.time import Meter
    >>> rows = [(0, 1920, p, 80) for p in (48, 64, 67)]
    >>> rows += [(1920, 1920, p, 80) for p in (43, 59, 65)]
    >>> [str(c.harmony) for c in find_chords(Score([Track.of(rows)], meters=[(0, Meter(4, 4))]))]
    ['C', 'G7']

What sounds is weighed by pitch class in each half bar (where the bar has halves, else in each bar),
the lowest notes twice; the chord is taken that holds the most of it, a note beside it counting
against it, and one of its own that is missing, too. Its weakness: melodies without accompaniment
give few notes a half bar, and of chords with the same tones (C6, Am7) the lowest note decides.

Source: template matching as in Fujishima, 'Realtime Chord Recognition', 1999, on symbols.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nokturn.music.chord_tones import tones
from nokturn.music.harmony import Harmony, parse, spelled
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.music.sheet import Sheet
from nokturn.music.time import COMMON_TIME, Meter, Ticks
from nokturn.music.unfold import playing_order
from nokturn.music.voicing import Played

QUALITIES = ("", "m", "7", "m7", "maj7", "m7b5", "dim7", "aug", "sus4")
_SIMPLE = np.array([0.0, 0.0, -0.02, -0.04, -0.04, -0.06, -0.06, -0.06, -0.06])  # in doubt, simple
BESIDE, MISSING, ROOT = 1.0, 0.12, 0.25  # weights, as shares of what sounds
MAX_WINDOWS = 40_000


def chords_of(piece: Piece) -> list[Played]:
    """Return the chords of a piece with repeats played: as written, else as they sound.

    Silence at the beginning is a rest; later a chord holds until the next one. Empty where there
    is neither a symbol nor a note.
    """
    music = piece.sheet_or_score
    if isinstance(music, Score):
        return find_chords(music)
    return written_chords(music) or find_chords(perform(music, as_written=True))


def written_chords(sheet: Sheet) -> list[Played]:
    """Return the chords whose symbols stand in a sheet; empty where there are none."""
    starts: list[tuple[Ticks, Harmony]] = []
    at: Ticks = 0
    end: Ticks = 0  # of the last note: the last chord does not last through a silence after it
    for number in playing_order(sheet):
        here: dict[Ticks, Harmony] = {}
        for voice in sheet.bars[number].voices:
            offset: Ticks = 0
            for event in voice:
                harmony = parse(event.chord.strip("()")) if event.chord else None
                if harmony:
                    here.setdefault(offset, harmony)
                offset += event.duration
                end = max(end, at + offset) if event.pitches else end
        starts += [(at + offset, here[offset]) for offset in sorted(here)]
        at += sheet.bars[number].length
    return _lasting(starts, end if starts and end > starts[-1][0] else at)


def _lasting(starts: list[tuple[Ticks, Harmony]], end: Ticks) -> list[Played]:
    if not starts:
        return []
    stops = [at for at, _ in starts[1:]] + [end]
    silence = [Played(None, starts[0][0])] if starts[0][0] else []
    return silence + [Played(h, stop - at) for (at, h), stop in zip(starts, stops, strict=True)]


def find_chords(score: Score) -> list[Played]:
    """Return the chords that the notes make, drums aside; the same one twice is one in its bar."""
    key = score.keys[0][1] if score.keys else find_key(score)
    edges = np.array(list(_windows(score)), dtype=np.int64).reshape(-1, 3)
    weights, lowest = _weights(score, edges)
    names = _named(weights, lowest)
    starts: list[tuple[Ticks, Harmony]] = []
    bar, last = -1, -1
    scale = 480 / score.ticks_per_quarter
    for (start, _, number), name in zip(edges.tolist(), names.tolist(), strict=True):
        if name >= 0 and (name, number) != (last, bar):
            root, quality = divmod(name, len(QUALITIES))
            starts.append((round(start * scale), Harmony(spelled(root, key), QUALITIES[quality])))
            last, bar = name, number
    end = edges[-1, 1] if len(edges) else 0
    return _lasting(starts, round(int(end) * scale))


def _windows(score: Score) -> Iterator[tuple[int, int, int]]:
    """Yield start, stop and bar number of each half bar, or bar where it has no halves."""
    meters: list[tuple[int, Meter]] = score.meters or [(0, COMMON_TIME)]
    meters = meters if meters[0][0] == 0 else [(0, COMMON_TIME), *meters]
    scale = score.ticks_per_quarter / 480
    made = bar = 0
    ends = [at for at, _ in meters[1:]] + [score.end]
    for (at, meter), until in zip(meters, ends, strict=True):
        length = max(1, round((meter.bar_ticks or COMMON_TIME.bar_ticks) * scale))
        halves = 2 if len(meter.beats) in (2, 4) else 1
        while at < until and made < MAX_WINDOWS:
            stop = min(at + length, until)
            middle = at + length // halves
            yield at, min(middle, stop), bar
            if middle < stop:
                yield middle, stop, bar
            at, bar, made = stop, bar + 1, made + halves


def _weights(
    score: Score, edges: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how much of each pitch class sounds in each window (W, 12), and the lowest pitch."""
    weights = np.zeros((len(edges), 12))
    lowest = np.full(len(edges), 128, dtype=np.int64)
    for track in score.tracks:
        if track.drums or not len(edges):
            continue
        for onset, duration, pitch in track.notes[["onset", "duration", "pitch"]].tolist():
            first = max(0, int(np.searchsorted(edges[:, 0], onset, "right")) - 1)
            last = int(np.searchsorted(edges[:, 0], onset + duration, "left"))
            start, stop = edges[first:last, 0], edges[first:last, 1]
            heard = np.minimum(stop, onset + duration) - np.maximum(start, onset)
            weights[first:last, pitch % 12] += np.maximum(heard, 0)
            lowest[first:last] = np.where(
                heard > 0, np.minimum(lowest[first:last], pitch), lowest[first:last]
            )
    sounding = np.flatnonzero(lowest < 128)
    weights[sounding, lowest[sounding] % 12] *= 2
    return weights, lowest


def _named(weights: NDArray[np.float64], lowest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the chord of each window as root times qualities + quality; -1 in silence."""
    inside = np.zeros((12, len(QUALITIES), 12))
    for number, quality in enumerate(QUALITIES):
        for root in range(12):
            inside[root, number, [(root + size) % 12 for _, size in tones(quality)]] = 1
    shares = weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    flat = inside.reshape(-1, 12)
    fits = shares @ flat.T - BESIDE * shares @ (1 - flat).T - MISSING * (shares == 0) @ flat.T
    fits = fits.reshape(-1, 12, len(QUALITIES)) + _SIMPLE
    sounding = np.flatnonzero(lowest < 128)
    fits[sounding, lowest[sounding] % 12] += ROOT
    best: NDArray[np.int64] = fits.reshape(-1, 12 * len(QUALITIES)).argmax(1)
    return np.where(lowest < 128, best, -1)
