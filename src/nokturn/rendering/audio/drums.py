"""Drums: the General MIDI percussion map on a kit made of sines and noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.synth import RATE, Signal

KICKS, SNARES, CLAPS = {35, 36}, {37, 38, 40}, {39}
CLOSED, OPEN = {42, 44}, {46}
TOMS = {41: 82.0, 43: 98.0, 45: 117.0, 47: 140.0, 48: 165.0, 50: 196.0}
CYMBALS = {49, 51, 52, 53, 55, 57, 59}


@lru_cache(maxsize=512)
def hit(pitch: int, velocity: int) -> Signal:
    """Return the sound of one drum, float32 (samples,); treat it as read-only."""
    strength = velocity / 127
    if pitch in KICKS:
        signal = _drum(52.0, 130.0, 0.22, 0.05)
    elif pitch in SNARES:
        signal = 0.6 * _drum(185.0, 60.0, 0.12, 0.0) + 0.5 * _noise(0.22, 0.06, pitch, 1200)
    elif pitch in TOMS:
        signal = _drum(TOMS[pitch], 40.0, 0.32, 0.03)
    elif pitch in CLOSED:
        signal = 0.4 * _noise(0.09, 0.018, pitch, 7000)
    elif pitch in OPEN:
        signal = 0.4 * _noise(0.5, 0.13, pitch, 6500)
    elif pitch in CYMBALS:
        signal = 0.35 * _noise(1.6, 0.45, pitch, 4500)
    elif pitch in CLAPS:
        signal = 0.6 * _noise(0.2, 0.05, pitch, 1000)
    else:
        signal = 0.5 * _drum(200.0 + 12 * (pitch % 40), 20.0, 0.1, 0.02)
    loud: Signal = (signal * strength**1.4).astype(np.float32)
    loud.setflags(write=False)
    return loud


def _drum(frequency: float, sweep: float, decay_s: float, click: float) -> Signal:
    """Return a skin: a sine that falls in pitch, with a click at its start."""
    time = np.arange(int(6 * decay_s * RATE)) / RATE
    phase = frequency * time + sweep * 0.03 * (1 - np.exp(-time / 0.03))
    signal = np.sin(2 * np.pi * phase) * np.exp(-time / decay_s) * np.minimum(1, time / 0.001)
    signal += click * np.exp(-time / 0.002) * np.sin(2 * np.pi * 3000 * time)
    return _faded(signal)


def _noise(seconds: float, decay_s: float, seed: int, above: float) -> Signal:
    """Return noise above a frequency in Hz that dies away."""
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 1 / (1 + (above / np.maximum(frequencies, 1.0)) ** 4)
    signal = np.fft.irfft(spectrum, count)
    time = np.arange(count) / RATE
    return _faded(signal * np.exp(-time / decay_s) * np.minimum(1, time / 0.001))


def _faded(signal: NDArray[np.float64]) -> Signal:
    """Return a signal whose last two hundredths of a second go to nothing."""
    count = min(len(signal), RATE // 50)
    signal[-count:] *= np.linspace(1, 0, count)
    return signal.astype(np.float32)
