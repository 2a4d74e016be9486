"""Mix: a Score as stereo sound, at -16 LUFS with peaks below -1 dBFS.

    samples = render(score)            float32 (samples, 2), 44,100 a second

Each track is placed a little to one side, a light room is put around all, and the loudness is that
of a podcast or stream. The length is known before the first sample is made, and limited.
"""

from __future__ import annotations

import numpy as np

from nokturn.errors import LimitError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio import drums, synth
from nokturn.rendering.audio.loudness import Samples, lufs, true_peak
from nokturn.rendering.audio.synth import RATE, Signal

MAX_SECONDS = 1800.0
TARGET_LUFS = -16.0
CEILING = 10 ** (-1.2 / 20)
TAIL_S = 1.6
PANS = (0.0, -0.35, 0.35, -0.6, 0.6, -0.2, 0.2)  # -1 left, 1 right


def render(score: Score, *, reverb: float = 0.16, max_seconds: float = MAX_SECONDS) -> Samples:
    """Return a score as sound.

    Parameters
    ----------
    reverb
        Share of the room, 0-1.
    max_seconds
        Longest piece that is rendered.

    Returns
    -------
    float32 (samples, 2) at 44,100 samples a second; silence where the score has no notes.

    Raises
    ------
    LimitError
        The piece lasts longer than ``max_seconds``.
    """
    seconds = score.seconds(score.end)
    if seconds > max_seconds:
        raise LimitError(
            f"the piece lasts {seconds / 60:,.0f} minutes; {max_seconds / 60:g} are the limit.",
            "Take a part of it.",
        )
    count = int((seconds + TAIL_S) * RATE)
    mixed = np.zeros((count, 2), dtype=np.float32)
    for number, track in enumerate(score.tracks):
        pan = 0.0 if track.drums else PANS[number % len(PANS)]
        left, right = np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)
        dry = _track(score, track, count)
        mixed[:, 0] += np.float32(left) * dry
        mixed[:, 1] += np.float32(right) * dry
    if reverb:
        mixed += np.float32(reverb) * _room(mixed)
    mixed -= mixed.mean(axis=0)
    _fade_out(mixed)
    return mastered(mixed)


def _track(score: Score, track: Track, count: int) -> Signal:
    """Return a track in mono, every note at its time."""
    notes = track.notes
    starts = score.seconds_at(notes["onset"])
    ends = score.seconds_at(notes["onset"] + notes["duration"])
    line = np.zeros(count, dtype=np.float32)
    name = synth.instrument(track.program)
    rows = zip(starts.tolist(), ends.tolist(), notes["pitch"], notes["velocity"], strict=True)
    for start, end, pitch, velocity in rows:
        if track.drums:
            sound = drums.hit(int(pitch), int(velocity) // 4 * 4 + 3)
        else:  # lengths to a hundredth of a second, so that equal notes are made once
            held = max(0.03, round(end - start, 2))
            sound = synth.note(name, int(pitch), int(velocity) // 4 * 4 + 3, held)
        at = int(start * RATE)
        room = min(len(sound), count - at)
        line[at : at + room] += sound[:room]
    return line


def _room(samples: Samples) -> Samples:
    """Return the answer of a small room: noise that dies away, another one for each ear."""
    length = int(1.2 * RATE)
    time = np.arange(length) / RATE
    random = np.random.default_rng(16)
    wet = np.empty_like(samples)
    for ear in range(2):
        answer = random.standard_normal(length) * np.exp(-time / 0.22)
        answer[: RATE // 90] = 0
        spectrum = np.fft.rfft(answer)
        spectrum /= 1 + np.fft.rfftfreq(length, 1 / RATE) / 3500  # walls swallow the treble
        answer = np.fft.irfft(spectrum, length)
        answer /= np.sqrt((answer**2).sum())
        wet[:, ear] = _convolved(samples[:, 1 - ear], answer.astype(np.float32))
    return wet


def _convolved(signal: Signal, answer: Signal) -> Signal:
    """Return the convolution, as long as the signal, by overlapping blocks."""
    size = 1 << 18
    block = size - len(answer) + 1
    spectrum = np.fft.rfft(answer, size)
    result = np.zeros(len(signal) + size, dtype=np.float32)
    for start in range(0, len(signal), block):
        part = np.fft.irfft(np.fft.rfft(signal[start : start + block], size) * spectrum, size)
        result[start : start + size] += part.astype(np.float32)
    return result[: len(signal)]


def _fade_out(samples: Samples) -> None:
    count = min(len(samples), int(0.4 * RATE))
    if count:
        samples[-count:] *= np.linspace(1, 0, count, dtype=np.float32)[:, None] ** 2


def mastered(samples: Samples) -> Samples:
    """Return the mix at -16 LUFS, loud moments held below -1 dBFS by a soft limiter."""
    for _ in range(4):
        level = lufs(samples, RATE)
        if not np.isfinite(level):
            return samples
        samples = limited(samples * np.float32(10 ** ((TARGET_LUFS - level) / 20)))
        if abs(lufs(samples, RATE) - TARGET_LUFS) < 0.3:
            break
    if np.abs(samples).max() < CEILING / 2:  # between samples it rises by less than 6 dB
        return samples
    scaled: Samples = samples * np.float32(min(1.0, CEILING / max(true_peak(samples), 1e-9)))
    return scaled


def limited(samples: Samples) -> Samples:
    """Return the samples with a gain that dips before each peak and recovers after it."""
    window = 441
    if np.abs(samples).max() <= 0.95 * CEILING:
        return samples
    peaks = np.abs(samples).max(axis=1, initial=0.0)
    blocks = -(-len(peaks) // window)
    tops = np.pad(peaks, (0, blocks * window - len(peaks))).reshape(blocks, window).max(axis=1)
    tops = np.maximum.reduce([tops, np.roll(tops, 1), np.roll(tops, -1)])
    gain = np.minimum(1.0, 0.95 * CEILING / np.maximum(tops, 1e-9))
    at = (np.arange(blocks) + 0.5) * window
    smooth = np.interp(np.arange(len(samples)), at, gain).astype(np.float32)
    held: Samples = samples * smooth[:, None]
    return held
