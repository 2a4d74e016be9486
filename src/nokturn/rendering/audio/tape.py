"""Tape: wow and flutter, saturation, and the coarse steps of an old sampler.

    old = wobbled(saturated(signal, drive=1.5), 44100, wow_cents=8, flutter_cents=2, seed=7)

Wow is a few slow waves of the speed, flutter a few fast ones, as a worn capstan makes them; what
they delay, they later hurry, so that nothing ever lies more than some milliseconds from the beat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.effects import PIECE, Controls, Signal, control_times, delayed, locked

WOW_HZ = (0.45, 0.71, 1.13)
FLUTTER_HZ = (5.3, 7.9, 11.2)
HALF_BAND = 31  # taps of the filter that stands between samples, an odd number on each side


def wobbled(
    signal: Signal,
    sample_rate: int,
    *,
    wow_cents: float = 8.0,
    flutter_cents: float = 2.0,
    seed: int = 0,
    period_s: float | None = None,
    start: int = 0,
) -> Signal:
    """Return a signal from a tape that does not run evenly.

    Parameters
    ----------
    wow_cents, flutter_cents
        How far the pitch goes up and down at most, slowly and fast; 0 and 0 = off.
    seed
        Of the waves' places.
    period_s
        Length of a loop, which the waves then fit.
    start
        Number of the first sample.
    """
    if wow_cents <= 0 and flutter_cents <= 0:
        return signal
    t = control_times(signal.shape[-1], sample_rate, start)
    waves = [(hz, wow_cents) for hz in WOW_HZ] + [(hz, flutter_cents) for hz in FLUTTER_HZ]
    return delayed(signal, sample_rate * _lateness(t, waves, seed, period_s))


def _lateness(
    t: Controls, waves: list[tuple[float, float]], seed: int, period_s: float | None
) -> Controls:
    """Return by how many seconds the tape is late; its slope is the speed's deviation."""
    phases = np.random.default_rng([seed, 78]).uniform(0, 2 * np.pi, len(waves))
    late = np.zeros_like(t)
    for (hz, cents), phase in zip(waves, phases, strict=True):
        turns = 2 * np.pi * locked(hz, period_s)
        late += (2 ** (cents / 3 / 1200) - 1) / turns * np.sin(turns * t + phase)
    return late


def saturated(signal: Signal, drive: float) -> Signal:
    """Return a signal rounded off as by tape: tanh(drive x) / drive.

    What is soft stays as it is, and hardly anything exceeds 1 / drive. Worked out at twice the
    rate, so that the harmonics it adds do not fold back.

    Parameters
    ----------
    drive
        0 = off; at 1 a full-scale peak becomes 0.76.
    """
    if drive <= 0:
        return signal
    taps, reach = _between(), HALF_BAND - 1
    out = np.empty_like(signal)
    length = signal.shape[-1]
    for side, channel in enumerate(signal):
        padded = np.pad(channel, reach + 1)
        for start in range(0, length, PIECE):
            stop = min(start + PIECE, length)
            near = padded[start : stop + 2 * reach + 2]
            # samples half-way: their first lies HALF_BAND/2 samples after the first of `near`
            half = _bent(np.convolve(near, taps, "valid"), drive)
            back = np.convolve(half, taps, "valid")
            middle = _bent(channel[start:stop], drive)
            out[side, start:stop] = 0.5 * (middle + back[: stop - start])
    return out


def crushed(signal: Signal, bits: float) -> Signal:
    """Return a signal in so many bits, as an old sampler holds it; 16 and more change nothing.

    Zero stays zero, so that silence is silent and no direct current comes in.
    """
    if bits >= 16:
        return signal
    steps = np.float32(2 ** (bits - 1))
    coarse: Signal = signal * steps
    np.rint(coarse, out=coarse)
    coarse /= steps
    return coarse


def held(
    signal: Signal,
    sample_rate: int,
    hold_hz: float,
    *,
    period_s: float | None = None,
    start: int = 0,
) -> Signal:
    """Return a signal sampled more slowly without a filter: each value stands until the next.

    The images that this makes above half of ``hold_hz`` are what is wanted of it. A loop of
    ``period_s`` holds a whole number of steps; ``start`` is the number of the first sample, so that
    a piece has the steps of the whole.
    """
    if hold_hz >= sample_rate:
        return signal
    step = sample_rate / locked(hold_hz, period_s)
    now = start + np.arange(signal.shape[-1])
    taken = np.floor(np.floor(now / step) * step).astype(np.int64)
    return signal[:, np.maximum(taken - start, 0)]


def _bent(samples: NDArray[np.float32], drive: float) -> NDArray[np.float32]:
    bent: NDArray[np.float32] = np.tanh(samples * np.float32(drive)) / np.float32(drive)
    return bent


def _between() -> NDArray[np.float32]:
    """Return the filter that gives the values half-way between samples, an even number of taps."""
    at = np.arange(HALF_BAND + 1) - HALF_BAND / 2
    taps = np.sinc(at) * np.cos(np.pi * at / (HALF_BAND + 3)) ** 2
    filtered: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return filtered
