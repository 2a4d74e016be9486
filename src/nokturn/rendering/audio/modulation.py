"""Modulation: chorus and tremolo, slow waves of pitch and loudness.

    wide = chorused(pad, 44100)
    swinging = tremolo(electric_piano, 44100, hz=4.5, pan=True)

With ``period_s`` the waves fit a loop a whole number of times; ``start`` is the number of the first
sample, so that a piece of a longer signal moves as the whole does.
"""

from __future__ import annotations

import numpy as np

from nokturn.rendering.audio.effects import Signal, control_times, delayed, locked, turned

CHORUS_MS = 14.0  # about which the copies are late


def chorused(
    signal: Signal,
    sample_rate: int,
    *,
    mix: float = 0.5,
    hz: float = 0.6,
    depth_ms: float = 2.5,
    period_s: float | None = None,
    start: int = 0,
) -> Signal:
    """Return a signal with a copy whose pitch waves, a quarter turn apart on the two sides.

    ``mix`` is the copy's part, 0 (off) to 1; the whole is as loud as before.
    """
    if mix <= 0:
        return signal
    t = control_times(signal.shape[-1], sample_rate, start)
    out = np.empty_like(signal)
    for side, channel in enumerate(signal):
        wave = np.sin(2 * np.pi * locked(hz, period_s) * t + side * np.pi / 2)
        late = (CHORUS_MS + depth_ms * wave) * sample_rate / 1000
        out[side] = channel + np.float32(mix) * delayed(channel[None], late)[0]
    out /= np.float32(np.sqrt(1 + mix * mix))
    return out


def tremolo(
    signal: Signal,
    sample_rate: int,
    *,
    depth: float = 0.4,
    hz: float = 4.5,
    pan: bool = False,
    period_s: float | None = None,
    start: int = 0,
) -> Signal:
    """Return a signal whose loudness waves; with ``pan`` from side to side, as stage pianos do.

    ``depth`` is how much of the loudness goes, 0 (off) to 1.
    """
    if depth <= 0:
        return signal
    t = control_times(signal.shape[-1], sample_rate, start)
    out = np.empty_like(signal)
    for side, channel in enumerate(signal):
        wave = np.sin(2 * np.pi * locked(hz, period_s) * t + (np.pi * side if pan else 0))
        out[side] = turned(channel, 1 - depth * (0.5 - 0.5 * wave))
    return out
