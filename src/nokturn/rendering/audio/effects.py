"""Effects: what all of them are made of, convolution and slow movement.

    wet = convolve(dry, room(44100))

Signals are float32, channels first (channels, samples), and no effect changes what it is given. A
filter or a room is a convolution with its impulse response, so that no loop ever walks over
samples; what moves (a gain, a delay) is worked out at every 64th sample and drawn between them.
The effects themselves are in `filters`, `space`, `tape`, `modulation` and `dynamics`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]
Controls = NDArray[np.float64]  # one value for every 64th sample, the first for sample 0

CONTROL = 64  # samples from one control value to the next
PIECE = 1 << 16  # samples worked on at once: they stay in the processor's cache


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


def control_times(length: int, sample_rate: int, start: int = 0) -> Controls:
    """Return the seconds of the control values for so many samples, the first being ``start``."""
    return (start + CONTROL * np.arange(length // CONTROL + 2)) / sample_rate


def drawn(controls: Controls, start: int, stop: int) -> NDArray[np.float64]:
    """Return straight lines between control values, for the samples from start to stop."""
    first, last = start // CONTROL, -(-stop // CONTROL)
    near = controls[np.minimum(np.arange(first, last + 1), len(controls) - 1)]
    steps = np.diff(near)[:, None] * (np.arange(CONTROL) / CONTROL)
    line: NDArray[np.float64] = (near[:-1, None] + steps).ravel()
    return line[start - first * CONTROL : stop - first * CONTROL]


def turned(signal: Signal, controls: Controls) -> Signal:
    """Return a signal times a gain that moves, the same on both sides."""
    out = np.empty_like(signal)
    length = signal.shape[-1]
    for start in range(0, length, PIECE):
        stop = min(start + PIECE, length)
        gain = drawn(controls, start, stop).astype(np.float32)
        np.multiply(signal[..., start:stop], gain, out=out[..., start:stop])
    return out


def delayed(signal: Signal, delays: Controls) -> Signal:
    """Return a signal read with a delay that moves: y[n] = x[n - d(n)], cubic between samples.

    ``delays`` are control values in samples; below 0 it reads ahead. Outside there is silence.

    Source: four-point Lagrange interpolation, which loses 0.7 dB at 10 kHz half-way between samples
    at 44.1 kHz, and nothing on them.
    """
    length = signal.shape[-1]
    out = np.empty_like(signal)
    for start in range(0, length, PIECE):
        stop = min(start + PIECE, length)
        at = np.arange(start, stop) - drawn(delays, start, stop)
        whole = np.floor(at).astype(np.int64)
        low, high = int(whole.min()) - 1, int(whole.max()) + 3
        near = _slice(signal, low, high)
        index = whole - low - 1
        total = np.zeros((len(signal), stop - start), dtype=np.float32)
        for k, weight in enumerate(_lagrange((at - whole).astype(np.float32))):
            for row, samples in zip(total, near, strict=True):
                row += weight * samples[k:].take(index)
        out[:, start:stop] = total
    return out


def locked(hz: float, period_s: float | None) -> float:
    """Return the frequency nearest to one given that fits a period whole times; None: any fits.

    >>> locked(0.6, 4.0)
    0.5
    """
    return hz if period_s is None else max(1, round(hz * period_s)) / period_s


def _slice(signal: Signal, low: int, high: int) -> Signal:
    """Return samples low to high of a signal, zeros where it has none."""
    length = signal.shape[-1]
    before, after = max(0, -low), max(0, high - length)
    inside = signal[:, min(max(low, 0), length) : max(min(high, length), 0)]
    if not before and not after:
        return inside
    whole = np.zeros((len(signal), high - low), dtype=np.float32)
    first = min(before, high - low)
    whole[:, first : first + inside.shape[-1]] = inside
    return whole


def _lagrange(x: NDArray[np.float32]) -> list[NDArray[np.floating]]:
    """Return the weights of the samples at -1, 0, 1, 2 for a point x between 0 and 1."""
    below, above, far = x + 1, x - 1, x - 2
    sixth, half = np.float32(1 / 6), np.float32(1 / 2)
    return [-sixth * x * above * far, half * below * above * far, -half * below * x * far,
            sixth * below * x * above]  # fmt: skip
