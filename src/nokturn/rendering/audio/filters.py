"""Filters: less treble, less bass, and a low-pass that moves.

    dull = convolve(signal, low_pass(44100, 3200))
    moving = swept(signal, 44100, slow_sweep(...))

A filter is its impulse response, a kernel for `convolve`; kernels of filters in a row are convolved
with each other first. The shapes are the second-order ones of every mixing desk, 12 dB an octave;
steeper ones are made of two.

Source: Robert Bristow-Johnson, Cookbook formulae for audio equalizer biquad filter coefficients.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.effects import Signal

Kernel = NDArray[np.float64]

BUTTERWORTH = 0.5**0.5  # the resonance of a filter without a peak
SIZE = 1 << 15  # samples in which a response is worked out
DEAD = 1e-5  # part of the peak below which a response is over
HOP = 24576  # samples (0.56 s) from one cutoff of a moving filter to the next
FADE = 4096  # samples in which one becomes the other
TAPS = 4096  # of the moving filter


def low_pass(sample_rate: int, cutoff_hz: float, resonance: float = BUTTERWORTH) -> Kernel:
    """Return the kernel of a low-pass, 3 dB down at its cutoff; above 0.45 of the rate: nothing."""
    if cutoff_hz >= 0.45 * sample_rate:
        return np.ones(1)
    cos, alpha = _angle(sample_rate, cutoff_hz, resonance)
    b = [(1 - cos) / 2, 1 - cos, (1 - cos) / 2]
    return _kernel(tuple(b), (1 + alpha, -2 * cos, 1 - alpha))


def high_pass(sample_rate: int, cutoff_hz: float, resonance: float = BUTTERWORTH) -> Kernel:
    """Return the kernel of a high-pass, 3 dB down at its cutoff; 20 Hz and more, 0 = nothing."""
    if cutoff_hz <= 0:
        return np.ones(1)
    cos, alpha = _angle(sample_rate, max(cutoff_hz, 20.0), resonance)
    b = [(1 + cos) / 2, -1 - cos, (1 + cos) / 2]
    return _kernel(tuple(b), (1 + alpha, -2 * cos, 1 - alpha))


def in_a_row(*kernels: NDArray[np.floating]) -> Kernel:
    """Return one kernel that does what several do one after another; of one side or of two."""
    whole = np.ones(1)
    for kernel in kernels:
        count = whole.shape[-1] + kernel.shape[-1] - 1
        size = 1 << (count - 1).bit_length()
        response = np.fft.rfft(whole, size) * np.fft.rfft(kernel, size)
        whole = np.fft.irfft(response, size)[..., :count] if size > 1 else whole * kernel
    return whole


def swept(signal: Signal, sample_rate: int, cutoffs_hz: NDArray[np.float64]) -> Signal:
    """Return a signal through a low-pass whose cutoff moves.

    Parameters
    ----------
    cutoffs_hz
        One for every 24,576 samples, shape (samples / 24576 + 2, rounded down): the first holds
        for the beginning. Each frame is filtered by its own and faded into the next.
    """
    length = signal.shape[-1]
    size = HOP + FADE + TAPS
    out = np.zeros((len(signal), length + size), dtype=np.float32)
    fade = np.sin(np.linspace(0, np.pi / 2, FADE, endpoint=False)).astype(np.float32) ** 2
    for k, cutoff in enumerate(cutoffs_hz):
        start = k * HOP - FADE
        if start >= length:
            break
        frame = np.zeros((len(signal), HOP + FADE), dtype=np.float32)
        part = signal[:, max(start, 0) : start + HOP + FADE]
        frame[:, max(-start, 0) :][:, : part.shape[-1]] = part
        if k:  # the first frame has nothing to be faded in from
            frame[:, :FADE] *= fade
        frame[:, HOP:] *= 1 - fade
        response = np.fft.rfft(low_pass(sample_rate, float(cutoff))[:TAPS].astype(np.float32), size)
        wet = np.fft.irfft(np.fft.rfft(frame, size) * response, size).astype(np.float32)
        begin = max(start, 0)
        out[:, begin : start + size] += wet[:, begin - start :]
    return out[:, :length]


def sweep_times(length: int, sample_rate: int, start: int = 0) -> NDArray[np.float64]:
    """Return the seconds at which `swept` asks for cutoffs, for so many samples from ``start``."""
    return (start + HOP * np.arange(length // HOP + 2)) / sample_rate


def _angle(sample_rate: int, hz: float, resonance: float) -> tuple[float, float]:
    turn = 2 * np.pi * hz / sample_rate
    return float(np.cos(turn)), float(np.sin(turn)) / (2 * resonance)


@lru_cache(maxsize=256)
def _kernel(b: tuple[float, ...], a: tuple[float, ...]) -> Kernel:
    """Return the impulse response of (b0 + b1 z + b2 z^2) / (a0 + a1 z + a2 z^2), until it dies."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(SIZE))
    response = (b[0] + b[1] * z + b[2] * z**2) / (a[0] + a[1] * z + a[2] * z**2)
    kernel: Kernel = np.fft.irfft(response, SIZE)
    alive = np.flatnonzero(np.abs(kernel) > DEAD * np.abs(kernel).max())
    kernel = kernel[: int(alive[-1]) + 1].copy()
    kernel.flags.writeable = False
    return kernel
