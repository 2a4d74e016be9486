"""Space: a room, a plate, echoes in time, and the width of the stereo picture.

    wet = convolve(dry, plate(44100))
    echoed = convolve(melody, echoes(44100, seconds=0.5769))

Room, plate and echoes are impulse responses (2, samples) for `convolve`. All are synthesised,
noise that dies away, and not measured in any real hall.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError
from nokturn.rendering.audio.effects import PIECE, Signal

ROOM_SECONDS = 1.3  # until it is 60 dB down
PLATE_SECONDS = 2.0
LONGEST_ECHO = 2.0  # seconds
ECHOES_DB = -48.0  # where echoes are over


@lru_cache(maxsize=4)
def room(sample_rate: int) -> Signal:
    """Return the impulse response of a small hall, (2, samples): two sides that differ.

    Its energy is 1 a side, so that convolving keeps a steady sound's level.
    """
    length = int(ROOM_SECONDS * sample_rate)
    t = np.arange(length) / sample_rate
    noise = np.random.default_rng(1770).standard_normal((2, length))
    spectrum = np.fft.rfft(noise)
    f = np.fft.rfftfreq(length, 1 / sample_rate)
    # walls swallow treble, and bass would only be mud
    spectrum *= 1 / np.sqrt(1 + (f / 3200) ** 2) * (f / 180) ** 2 / (1 + (f / 180) ** 2)
    tail = np.fft.irfft(spectrum, length) * 10 ** (-3 * t / ROOM_SECONDS)
    tail *= np.clip((t - 0.012) / 0.02, 0, 1)  # the first walls are 4 m away
    tail *= np.clip((ROOM_SECONDS - t) / 0.1, 0, 1)
    return _unit(tail)


@lru_cache(maxsize=4)
def plate(sample_rate: int) -> Signal:
    """Return the impulse response of a plate of steel, (2, samples), of energy 1 a side.

    Dense from the first moment and bright; the bass arrives a little later than the treble, and the
    treble is gone sooner.
    """
    length = int(PLATE_SECONDS * sample_rate)
    t = np.arange(length) / sample_rate
    f = np.fft.rfftfreq(length, 1 / sample_rate)
    rng = np.random.default_rng(1957)
    edges = np.array([120.0, 300, 700, 1600, 3600, 8000])
    seconds = PLATE_SECONDS / (1 + (edges / 2600) ** 1.2)
    tail = np.zeros((2, length))
    for edge, ring in zip(edges, seconds, strict=True):
        octaves = np.log2(np.maximum(f, 1) / edge)
        band = np.fft.rfft(rng.standard_normal((2, length))) * np.exp(-(octaves**2) / 0.8)
        late = 0.002 + 0.25 / edge  # bending waves travel slowly where they are long
        grown = np.clip((t - 0.004 - late) / 0.004, 0, 1)
        tail += np.fft.irfft(band, length) * grown * 10 ** (-3 * t / ring)
    tail *= np.clip((PLATE_SECONDS - t) / 0.1, 0, 1)
    return _unit(tail)


def echoes(
    sample_rate: int, seconds: float, *, feedback: float = 0.4, dark_hz: float = 2600.0
) -> Signal:
    """Return the impulse response of echoes that jump from left to right, (2, samples).

    Each is weaker by the feedback and duller than the one before; the sound itself is not in it.

    Parameters
    ----------
    seconds
        From one echo to the next, 0.02 to 2: a tempo's dotted eighth is 45 / tempo.
    feedback
        0 to 0.9.
    dark_hz
        Where each echo loses its treble, 6 dB an octave; no bass below 150 Hz comes back.

    Raises
    ------
    UsageError
        Outside these ranges.
    """
    if not 0.02 <= seconds <= LONGEST_ECHO or not 0 <= feedback <= 0.9:
        raise UsageError(
            f"echoes every {seconds:g} s with a feedback of {feedback:g} cannot be made.",
            f"Ask for 0.02 to {LONGEST_ECHO:g} s and a feedback of 0 to 0.9.",
        )
    count = 1 if feedback < 0.01 else 1 + int(ECHOES_DB / (20 * np.log10(feedback)))
    step = round(seconds * sample_rate)
    ring = sample_rate // 20  # after which the last echo's filter is silent
    kernel = np.zeros((2, count * step + ring))
    f = np.fft.rfftfreq(2 * ring, 1 / sample_rate)
    once = (1j * f / 150) / (1 + 1j * f / 150) / (1 + 1j * f / dark_hz)
    for k in range(1, count + 1):
        echo = np.fft.irfft(once**k, 2 * ring)[:ring] * feedback ** (k - 1)
        kernel[(k - 1) % 2, k * step : k * step + ring] += echo
    return kernel.astype(np.float32)


def widened(signal: Signal, width: float) -> Signal:
    """Return a signal with its sides further apart: 0 mono, 1 as it is, 2 at most."""
    if width == 1:
        return signal
    out = np.empty_like(signal)
    for start in range(0, signal.shape[-1], PIECE):
        left, right = signal[:, start : start + PIECE]
        middle, side = 0.5 * (left + right), np.float32(0.5 * width) * (left - right)
        out[0, start : start + PIECE] = middle + side
        out[1, start : start + PIECE] = middle - side
    return out


def _unit(tail: NDArray[np.float64]) -> Signal:
    unit: Signal = (tail / np.sqrt((tail**2).sum(axis=1, keepdims=True))).astype(np.float32)
    return unit
