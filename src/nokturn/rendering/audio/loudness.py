"""Loudness as people hear it: ITU-R BS.1770-4, integrated, in LUFS; and the true peak.

The two filters of the standard are applied to the spectrum, as the product of their responses, so
that no sample loop runs in Python.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # (samples, 2)
BLOCK_S, STEP_S = 0.4, 0.1
# Coefficients of the standard at 48 kHz, as poles and zeros in z; evaluated at other rates by
# their analogue frequencies, which is exact enough up to 10 kHz.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285),
          (1.0, -1.69065929318241, 0.73248077421585))  # fmt: skip
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


@lru_cache(maxsize=4)
def _weights(count: int, rate: int) -> NDArray[np.float32]:
    """Return the power response of the K-weighting at the frequencies of an rfft."""
    grid = np.linspace(0, min(rate / 2, 23_900.0), 16_385)
    z = np.exp(-2j * np.pi * grid / 48_000)
    response = np.ones(len(z), dtype=np.complex128)
    for top, below in (_SHELF, _HIGH_PASS):
        response *= np.polyval(top[::-1], z) / np.polyval(below[::-1], z)
    frequencies = np.fft.rfftfreq(count, 1 / rate)
    return np.interp(frequencies, grid, np.abs(response)).astype(np.float32)


def lufs(samples: Samples, rate: int) -> float:
    """Return the integrated loudness; -inf for silence.

    Parameters
    ----------
    samples
        (samples, channels), full scale 1.
    """
    count = max(len(samples), int(BLOCK_S * rate))
    size = -(-count // 46_080) * 46_080  # a product of 2, 3 and 5: quick to transform
    weights = _weights(size, rate)
    power = np.zeros(count, dtype=np.float32)
    for channel in range(samples.shape[1]):
        spectrum = np.fft.rfft(samples[:, channel], size) * weights
        power += np.fft.irfft(spectrum, size)[:count] ** 2
    total = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    block, step = int(BLOCK_S * rate), int(STEP_S * rate)
    starts = np.arange(0, count - block + 1, step)
    energy = (total[starts + block] - total[starts]) / block
    loud = energy[energy > 10 ** ((-70 + 0.691) / 10)]
    if not len(loud):
        return -np.inf
    loud = loud[loud > loud.mean() * 0.1]
    return float(-0.691 + 10 * np.log10(loud.mean()))


def true_peak(samples: Samples) -> float:
    """Return the highest level between the samples too, found by fourfold oversampling."""
    highest = float(np.abs(samples).max(initial=0.0))
    size = 1 << 16
    for start in range(0, len(samples), size - 512):
        part = samples[start : start + size]
        spectrum = np.fft.rfft(part * _window(len(part))[:, None], axis=0)
        fine = np.fft.irfft(spectrum, 4 * len(part), axis=0) * 4
        highest = max(highest, float(np.abs(fine).max(initial=0.0)))
    return highest


def _window(count: int) -> NDArray[np.float64]:
    """Return ones with soft ends, so that cutting a signal up makes no peaks of its own."""
    window = np.ones(count)
    ramp = min(128, count // 4)
    if ramp:
        window[:ramp] = np.linspace(0, 1, ramp)
        window[-ramp:] = window[:ramp][::-1]
    return window
