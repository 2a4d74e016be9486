"""Effects: convolution, a room, a limiter.

    wet = convolve(dry, room(44100))

Signals are float32, channels first (channels, samples). Everything works on whole arrays: a filter
is a convolution with its impulse response, so that no loop ever walks over samples. The room is a
synthesised one, noise that dies away, not measured in any real hall.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

ROOM_SECONDS = 1.3  # until it is 60 dB down
LIMITER_BLOCK = 32  # samples that share one gain
LIMITER_PIECE = 1 << 19  # samples turned down at once
LIMITER_REACH = 40  # blocks (29 ms) over which the limiter ducks and recovers


def convolve(signal: Signal, kernel: NDArray[np.floating]) -> Signal:
    """Return a signal convolved with a kernel, cut to the signal's length.

    Shape: (channels, samples), (samples of the kernel,) or (channels, samples of the kernel).
    """
    taps = kernel.shape[-1]
    size = 1 << max(15, int(np.ceil(np.log2(4 * taps))))  # long blocks: little overlap to redo
    step = size - taps + 1
    length = signal.shape[-1]
    spectrum = np.fft.rfft(kernel.astype(np.float32), size)
    out = np.zeros_like(signal)
    for start in range(0, length, step):
        block = np.fft.rfft(signal[..., start : start + step], size) * spectrum
        stop = min(start + size, length)
        out[..., start:stop] += np.fft.irfft(block, size)[..., : stop - start].astype(np.float32)
    return out


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
    quiet: Signal = (tail / np.sqrt((tail**2).sum(axis=1, keepdims=True))).astype(np.float32)
    return quiet


def limited(signal: Signal, ceiling: float) -> Signal:
    """Return a signal of which no sample exceeds a ceiling, ducked smoothly around its peaks."""
    length = signal.shape[-1]
    blocks = -(-length // LIMITER_BLOCK)
    padded = np.zeros(blocks * LIMITER_BLOCK, dtype=np.float32)
    for channel in signal:
        np.maximum(padded[:length], np.abs(channel), out=padded[:length])
    peaks = padded.reshape(blocks, LIMITER_BLOCK).max(axis=1)
    if peaks.max(initial=0.0) <= ceiling:
        return signal
    gain = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    reach = LIMITER_REACH
    # the lowest gain in reach, then its mean over the same reach: smooth, and never too high
    around = np.pad(gain, reach + 1, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 3).min(axis=1)
    weights = np.hanning(2 * reach + 1)
    smooth = np.convolve(np.pad(lowest, reach, mode="edge"), weights / weights.sum(), "valid")
    centres = (np.arange(blocks) + 0.5) * LIMITER_BLOCK
    out = np.empty_like(signal)
    for start in range(0, length, LIMITER_PIECE):
        part = signal[:, start : start + LIMITER_PIECE]
        times = np.arange(start, start + part.shape[-1])
        out[:, start : start + LIMITER_PIECE] = part * np.interp(times, centres, smooth)
    return out
