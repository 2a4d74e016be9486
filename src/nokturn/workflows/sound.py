"""Sound: a piece as the mix that is exported, and as the stems that a page mixes itself.

    mix = sound(piece)                         (samples, 2), -16 LUFS
    parts = piece_stems(piece, tempo=0.8)      {"Melody": (2, samples), ...}: their sum is the mix
    clicks = metronome(piece, tempo=0.8)       as long as the music, following its meters
    before = count_in(piece, tempo=0.8)        a bar of clicks, and up to a pickup

Where peaks were too high the limiter turned all stems alike, as it heard the whole mix: a stem
heard alone still makes room for the others there. With a SoundFont (NOKTURN_SOUNDFONT) the room is
FluidSynth's, and stems sum to the mix but for its chorus.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import LimitError, ResourceError, UsageError
from nokturn.music.alignment import PlayedBar
from nokturn.music.instruments import track_names
from nokturn.music.piece import Piece
from nokturn.music.score import DEFAULT_QPM, Score
from nokturn.music.time import TICKS_PER_QUARTER, Ticks
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.mix import MAX_SECONDS, SAMPLE_RATE, TAIL, render, render_parts
from nokturn.workflows.stage import aligned

SLOWEST, FASTEST = 0.5, 2.0  # factors of tempo
MAX_STEM_MINUTES = 120.0  # of all stems together: 2.5 GB while they are made
CLICKS = (76, 77)  # wood blocks, high on the first beat and low on the others
CLICK_PEAKS = (0.4, 0.25)  # heard beside a mix of -16 LUFS
CLICK_S = 0.08


def sound(piece: Piece) -> NDArray[np.float32]:
    """Return a piece as it is exported, (samples, 2): by NOKTURN_SOUNDFONT, else by our own synth.

    Raises `LimitError` where it is too long.
    """
    soundfont = os.environ.get("NOKTURN_SOUNDFONT")
    if soundfont:
        from nokturn.rendering.audio.fluidsynth import render_with

        return render_with(piece.score, soundfont)
    return render(piece.score)


def unlevelled(piece: Piece) -> Signal:
    """Return a piece as it is played, (2, samples), before anything sets its loudness."""
    soundfont = os.environ.get("NOKTURN_SOUNDFONT")
    if soundfont:
        from nokturn.rendering.audio.fluidsynth import played_by

        return played_by(piece.score, soundfont)
    return np.ascontiguousarray(render(piece.score, lufs=None).T)


def piece_stems(piece: Piece, *, tempo: float = 1.0) -> dict[str, Signal]:
    """Return each track of a piece that has notes as sound, by its name (`track_names`).

    Parameters
    ----------
    tempo
        Factor, 0.5 to 2: everything is played so much faster, at its own pitch.

    Returns
    -------
    Signals of shape (2, samples) at 44.1 kHz, of one length; their sum is the sound of the piece at
    -16 LUFS, as `nokturn convert` writes it.

    Raises
    ------
    UsageError
        The tempo is out of range.
    LimitError
        The piece is too long.
    """
    score = at_tempo(piece.score, tempo)
    names = track_names(score.tracks)
    heard = [k for k, track in enumerate(score.tracks) if len(track.notes)]
    minutes = len(heard) * score.seconds(score.end) / 60
    if minutes > MAX_STEM_MINUTES:
        raise LimitError(
            f"{len(heard)} tracks of {minutes / len(heard):.0f} minutes are too much at once; "
            f"{MAX_STEM_MINUTES:.0f} minutes of stems are the limit.",
            "Take a part of the piece, or fewer tracks.",
        )
    soundfont = os.environ.get("NOKTURN_SOUNDFONT")
    parts = _by_soundfont(score, soundfont) if soundfont else render_parts(score)
    return {names[k]: parts[k] for k in heard}


def _by_soundfont(score: Score, soundfont: str) -> list[Signal]:
    """Return each track alone as a SoundFont plays it, at its level in the mix."""
    from nokturn.rendering.audio.fluidsynth import played_by
    from nokturn.rendering.audio.master import LUFS, levelling

    alone = [
        played_by(replace(score, tracks=[t], length=score.end), soundfont) for t in score.tracks
    ]
    length = max((part.shape[1] for part in alone), default=0)
    parts = [np.pad(part, ((0, 0), (0, length - part.shape[1]))) for part in alone]
    if not parts:
        return []
    level = levelling(np.sum(parts, axis=0, dtype=np.float32), SAMPLE_RATE, LUFS)[1]
    return [level.of(part) for part in parts]


def at_tempo(score: Score, factor: float) -> Score:
    """Return a score at so many times its tempo; `UsageError` outside 0.5 to 2.

    >>> at_tempo(Score(tempos=[(480, 90.0)]), 2).tempos
    [(0, 240.0), (480, 180.0)]
    """
    if not SLOWEST <= factor <= FASTEST:
        raise UsageError(
            f"A tempo of {factor:g} times is out of range.", f"Take {SLOWEST:g} to {FASTEST:g}."
        )
    tempos = score.tempos
    if not tempos or tempos[0][0] > 0:
        tempos = [(0, DEFAULT_QPM), *tempos]
    return replace(score, tempos=[(tick, qpm * factor) for tick, qpm in tempos])


def metronome(piece: Piece, *, tempo: float = 1.0) -> Signal:
    """Return a click on every beat, higher on the first one, (2, samples): as long as the stems.

    Beats follow the meter through all its changes; in free meter every quarter has a click.
    """
    score = at_tempo(piece.score, tempo)
    alignment = aligned(piece)
    beats = [beat for bar in alignment.bars() for beat in _beats(bar, score.ticks_per_quarter)]
    seconds = score.seconds_at(np.array([tick for tick, _ in beats], dtype=np.float64))
    length = int((_played_seconds(score) + TAIL) * SAMPLE_RATE)
    return _clicked(seconds, [first for _, first in beats], length)


def count_in(piece: Piece, *, bar: int = 0, tempo: float = 1.0) -> Signal:
    """Return a bar of clicks to be played before a bar, (2, samples), exactly as long as it lasts.

    Parameters
    ----------
    bar
        Index of the bar as played, from 0 (`stage(piece).bars`). Before a pickup a bar is counted
        and then up to the pickup, as players do.
    tempo
        Factor, as for the stems.

    Raises
    ------
    UsageError
        There is no such bar.
    """
    score = at_tempo(piece.score, tempo)
    bars = aligned(piece).bars()
    if not 0 <= bar < len(bars):
        raise UsageError(f"There is no bar {bar}; the piece has {len(bars)}.")
    here = bars[bar]
    full = here.meter.bar_ticks or 4 * TICKS_PER_QUARTER
    held = (here.stop - here.start) * TICKS_PER_QUARTER / score.ticks_per_quarter
    extra = float(full) - held if not here.number else 0.0
    edges = _edges(here.meter.beats or (TICKS_PER_QUARTER,) * 4)
    ticks = [edge + start for start in (0.0, float(full)) for edge in edges]
    total = float(full) + extra
    first = [edge == 0 for _ in range(2) for edge in edges]
    kept = [k for k, tick in enumerate(ticks) if tick < total - 1e-6]
    qpm = next(qpm for tick, qpm in reversed(score.tempos) if tick <= here.start)
    per_tick = 60 / qpm / TICKS_PER_QUARTER
    seconds = np.array([ticks[k] * per_tick for k in kept])
    return _clicked(seconds, [first[k] for k in kept], round(total * per_tick * SAMPLE_RATE))


def stem_bytes(signal: Signal) -> tuple[str, bytes]:
    """Return a stem as a file for a browser, exact to the sample: its type, and its bytes.

    FLAC of 16 bits, about half as large as WAV; WAV where there is no library for it. In mono where
    both sides are the same.
    """
    from nokturn.rendering.audio.files import audio_bytes

    frames = signal.T if not np.array_equal(*signal) else signal[0]
    try:
        return "audio/flac", audio_bytes(np.ascontiguousarray(frames), "flac")
    except ResourceError:
        return "audio/wav", audio_bytes(np.ascontiguousarray(frames), "wav")


def _beats(bar: PlayedBar, tpq: int) -> list[tuple[float, bool]]:
    """Return the beats of a bar as ticks of the score, and whether each is its first."""
    scale = tpq / TICKS_PER_QUARTER
    length = (bar.stop - bar.start) / scale
    if bar.meter.free:
        quarters = np.arange(0, length, TICKS_PER_QUARTER).tolist()
        return [(bar.start + tick * scale, tick == 0) for tick in quarters]
    missing = float(bar.meter.bar_ticks) - length if not bar.number else 0.0
    inside = (edge - missing for edge in _edges(bar.meter.beats))
    return [
        (bar.start + tick * scale, tick == 0 and not missing)
        for tick in inside
        if -1e-6 <= tick < length - 1e-6
    ]


def _edges(beats: tuple[Ticks, ...]) -> list[float]:
    return [float(sum(beats[:k])) for k in range(len(beats))]


def _played_seconds(score: Score) -> float:
    """Return the seconds of a score with all that its pedals hold."""
    from nokturn.rendering.audio.mix import check_length

    return check_length(score, MAX_SECONDS / SLOWEST)


def _clicked(seconds: NDArray[np.float64], first: list[bool], length: int) -> Signal:
    """Return clicks at times, (2, length)."""
    out = np.zeros((2, length), dtype=np.float32)
    tones = [_click(pitch, peak) for pitch, peak in zip(CLICKS, CLICK_PEAKS, strict=True)]
    for start, strong in zip(np.round(seconds * SAMPLE_RATE).astype(int), first, strict=True):
        tone = tones[0 if strong else 1][: max(0, length - start)]
        out[:, start : start + len(tone)] += tone
    return out


def _click(pitch: int, peak: float) -> NDArray[np.float32]:
    """Return one click, short and as loud as asked for."""
    from nokturn.rendering.audio.drums import hit

    tone = np.atleast_2d(hit(pitch, 100, SAMPLE_RATE))[0][: int(CLICK_S * SAMPLE_RATE)].copy()
    tone *= np.linspace(1, 0, len(tone), dtype=np.float32)
    scaled: NDArray[np.float32] = tone * np.float32(peak / np.abs(tone).max())
    return scaled
