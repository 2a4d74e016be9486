"""Loudness and peaks as broadcasters measure them: ITU-R BS.1770-4 and EBU R 128.

A full-scale 1 kHz sine in both channels has 0 LUFS, one at -20 dBFS has -20 LUFS:

    >>> t = np.arange(3 * 48000) / 48000
    >>> sine = (0.1 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    >>> round(integrated(np.stack([sine, sine]), 48000), 1)
    -20.0

The sound is weighted as the ear hears it (K), cut into blocks of 400 ms that begin every 100 ms,
and averaged over the blocks that are not silence: louder than -70 LUFS, and within 10 LU of the
mean of those. Shorter sounds than one block count as one block.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio._cores import on_one_core
from nokturn.rendering.audio.effects import Signal, convolve

SILENCE = -70.0  # LUFS: blocks below do not count, and what has none louder measures this
OVERSAMPLING = 4
TAPS = 24  # of the interpolating filter, for each of the phases
HOPS = 100  # of 100 ms, squared at once
NEAR = 32  # samples that are interpolated or left out together, TAPS or more
AT_ONCE = 2048  # such blocks interpolated at once


def _biquads(rate: float) -> list[tuple[list[float], list[float]]]:
    """Return the two filters of K-weighting for a sample rate: head (a shelf), then high-pass.

    Source: BS.1770-4 gives the coefficients at 48 kHz; the analogue prototype behind them is that
    of libebur128, which gives the same coefficients there and the right ones elsewhere.
    """
    k, q, vh = (
        np.tan(np.pi * 1681.974450955533 / rate),
        0.7071752369554196,
        10 ** (3.999843853973347 / 20),
    )
    vb, a0 = vh**0.4996667741545416, 1 + k / q + k * k
    shelf = (
        [(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0],
        [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0],
    )
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high = ([1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
    return [shelf, high]


@lru_cache(maxsize=4)
def _k_kernel(rate: int) -> NDArray[np.float64]:
    """Return the impulse response of K-weighting; after a quarter of a second nothing is left."""
    size = 1 << 16
    kernel: NDArray[np.float64] = np.fft.irfft(k_weighting(rate, size), size)[: rate // 4]
    return kernel


def k_weighting(rate: int, size: int) -> NDArray[np.complex128]:
    """Return the response of K-weighting at the frequencies of a spectrum of ``size`` samples."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response: NDArray[np.complex128] = np.ones_like(z)
    for b, a in _biquads(rate):
        response *= (b[0] + b[1] * z + b[2] * z**2) / (a[0] + a[1] * z + a[2] * z**2)
    return response


def integrated(signal: Signal, sample_rate: int, gain: float = 1.0) -> float:
    """Return the integrated loudness in LUFS of a signal times a gain; at least -70.

    Shape: (channels, samples).
    """
    hop = sample_rate // 10
    weighted = convolve(signal, _k_kernel(sample_rate))
    hops = np.zeros(max(-(-signal.shape[-1] // hop), 4))
    for k in range(0, len(hops), HOPS):  # not all at once: squares are wide
        part = weighted[:, k * hop : (k + HOPS) * hop].astype(np.float64)
        energy = np.zeros(min(HOPS, len(hops) - k) * hop)
        energy[: part.shape[-1]] = (part**2).sum(axis=0)
        hops[k : k + HOPS] = energy.reshape(-1, hop).mean(axis=1)
    blocks = np.convolve(hops, np.full(4, 0.25), "valid")
    return _gated(gain**2 * blocks)


def _gated(blocks: NDArray[np.float64]) -> float:
    """Return the loudness of the blocks' energies that pass both gates."""
    loud = blocks[_lufs(blocks) > SILENCE]
    if not len(loud):
        return SILENCE
    loud = loud[_lufs(loud) > _lufs(loud.mean()) - 10]
    return float(_lufs(loud.mean()))


def _lufs(energy: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    lufs: NDArray[np.float64] = -0.691 + 10 * np.log10(np.maximum(energy, 1e-12))
    return lufs


@lru_cache(maxsize=1)
def _phases() -> NDArray[np.float32]:
    """Return the filters that give the values a quarter, half, three quarters between samples."""
    at = np.arange(TAPS) - TAPS / 2 + 1
    offsets = np.arange(1, OVERSAMPLING)[:, None] / OVERSAMPLING
    x = at[None, :] - offsets
    window = np.cos(np.pi * x / (TAPS + 2)) ** 2
    taps = np.sinc(x) * window
    filters: NDArray[np.float32] = (taps / taps.sum(axis=1, keepdims=True))[:, ::-1].astype(
        np.float32
    )
    return filters


@lru_cache(maxsize=1)
def _between() -> NDArray[np.float32]:
    """Return the matrix from two blocks of samples to all values between those about the seam.

    Shape (2 * NEAR, NEAR * (OVERSAMPLING - 1)).
    """
    matrix = np.zeros((2 * NEAR, NEAR, OVERSAMPLING - 1), dtype=np.float32)
    for at in range(NEAR):
        matrix[at : at + TAPS, at] = _phases()[:, ::-1].T
    return matrix.reshape(2 * NEAR, -1)


def true_peak(signal: Signal) -> float:
    """Return the largest value that the sound reaches, between samples too (4 x oversampled).

    Between samples it cannot exceed the samples around by more than the filter's weights together:
    only where those are loud enough, loudest first, is anything worked out.
    """
    peak = sample_peak(signal)
    if signal.shape[-1] < TAPS:
        return peak
    most = float(np.abs(_phases()).sum(axis=1).max())
    for channel in signal:
        blocks = np.pad(channel, (NEAR, NEAR + -len(channel) % NEAR)).reshape(-1, NEAR)
        loudest = np.maximum(blocks.max(axis=1), -blocks.min(axis=1))
        reached = most * np.maximum(loudest[:-1], loudest[1:])
        order = np.argsort(-reached)
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            if reached[rows[0]] <= peak:
                break
            near = np.concatenate([blocks[rows], blocks[rows + 1]], axis=1)
            between = on_one_core(near, _between())
            peak = max(peak, float(between.max()), -float(between.min()))
    return peak


def sample_peak(signal: Signal) -> float:
    """Return the largest value of a signal, without its sign."""
    return max(float(signal.max(initial=0.0)), -float(signal.min(initial=0.0)))
