"""Dynamics: a compressor, a limiter, and music that makes room for the kick.

    calm = compressed(signal, 44100, threshold_db=-20, ratio=2)
    pumping = ducked(chords, 44100, kicks, depth_db=6)

Both sides are always turned down together, so that nothing moves in the stereo picture. Gains are
smooth curves over the whole signal, worked out at every 64th (32nd) sample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.effects import CONTROL, PIECE, Controls, Signal, control_times, turned

LIMITER_BLOCK = 32  # samples that share one gain
LIMITER_REACH = 40  # blocks (29 ms) over which the limiter ducks and recovers
SILENT_DB = -120.0
DUCKED_AT_ONCE = 4  # kicks that may still be heard in the ducking: rolls


def compressed(
    signal: Signal,
    sample_rate: int,
    *,
    threshold_db: float = -20.0,
    ratio: float = 2.0,
    attack_s: float = 0.02,
    release_s: float = 0.25,
    knee_db: float = 6.0,
) -> Signal:
    """Return a signal whose loud moments are turned down; none is turned up.

    Parameters
    ----------
    threshold_db
        Level (mean square of both sides, 0 = a full square wave) from which it works.
    ratio
        Decibels in for one decibel out above the threshold; 1 = off.
    attack_s
        Seconds until 63 % of a new gain is reached.
    release_s
        Seconds in which the measured level falls by 10 dB.
    knee_db
        Width of the bend at the threshold.

    Source: the smooth decoupled detector of Giannoulis, Massberg and Reiss, 2012, with a release
    that is straight in decibels: max_k (level[n - k] - k r) is a running maximum.
    """
    if ratio <= 1:
        return signal
    level = _levels_db(signal)
    slope = 10 * CONTROL / (release_s * sample_rate) * np.arange(len(level))
    held = np.maximum.accumulate(level + slope) - slope
    over = np.clip(held - threshold_db + knee_db / 2, 0, None)
    over = np.where(over < knee_db, over**2 / (2 * knee_db), over - knee_db / 2)
    gain_db = _followed(-over * (1 - 1 / ratio), attack_s * sample_rate / CONTROL)
    return turned(signal, 10 ** (gain_db / 20))


def ducked(
    signal: Signal,
    sample_rate: int,
    onsets: NDArray[np.int64],
    *,
    depth_db: float = 6.0,
    attack_s: float = 0.008,
    release_s: float = 0.22,
) -> Signal:
    """Return a signal that dips at each onset and comes back: a side-chain without a detector.

    Parameters
    ----------
    onsets
        Samples at which the kick is heard, rising, shape (N,).
    depth_db
        How far it dips, 0 = off.
    """
    if depth_db <= 0 or not len(onsets):
        return signal
    now = CONTROL * np.arange(signal.shape[-1] // CONTROL + 2)
    last = np.searchsorted(onsets, now, side="right") - 1
    dip = np.zeros(len(now))
    for back in range(DUCKED_AT_ONCE):
        begun = last - back >= 0
        age = (now - onsets[np.maximum(last - back, 0)]) / sample_rate
        rise = np.clip((age - attack_s) / release_s, 0, 1)
        shape = np.clip(age / attack_s, 0, 1) * (0.5 + 0.5 * np.cos(np.pi * rise))
        np.maximum(dip, np.where(begun, shape, 0), out=dip)
    return turned(signal, 10 ** (-depth_db * dip / 20))


def limited(signal: Signal, ceiling: float) -> Signal:
    """Return a signal of which no sample exceeds a ceiling, ducked smoothly around its peaks."""
    return follow(signal, limiting(signal, ceiling))


def limiting(signal: Signal, ceiling: float) -> Controls | None:
    """Return the gain that `limited` gives each block of samples; None: nothing is too loud."""
    length = signal.shape[-1]
    blocks = -(-length // LIMITER_BLOCK)
    padded = np.zeros(blocks * LIMITER_BLOCK, dtype=np.float32)
    for channel in signal:
        np.maximum(padded[:length], np.abs(channel), out=padded[:length])
    peaks = padded.reshape(blocks, LIMITER_BLOCK).max(axis=1)
    if peaks.max(initial=0.0) <= ceiling:
        return None
    gain = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    reach = LIMITER_REACH
    # the lowest gain in reach, then its mean over the same reach: smooth, and never too high
    around = np.pad(gain, reach + 1, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 3).min(axis=1)
    weights = np.hanning(2 * reach + 1)
    smooth: Controls = np.convolve(
        np.pad(lowest, reach, mode="edge"), weights / weights.sum(), "valid"
    )
    return smooth


def follow(signal: Signal, gains: Controls | None) -> Signal:
    """Return a signal turned by the gains of a limiter; None leaves it as it is."""
    if gains is None:
        return signal
    length = signal.shape[-1]
    centres = (np.arange(len(gains)) + 0.5) * LIMITER_BLOCK
    out = np.empty_like(signal)
    for start in range(0, length, PIECE):
        part = signal[:, start : start + PIECE]
        times = np.arange(start, start + part.shape[-1])
        out[:, start : start + PIECE] = part * np.interp(times, centres, gains)
    return out


def _levels_db(signal: Signal) -> Controls:
    """Return the mean square around each control value, in decibels."""
    length = signal.shape[-1]
    energy = np.zeros(len(control_times(length, 1)))
    for start in range(0, length, PIECE):
        part = signal[:, start : start + PIECE]
        power = np.einsum("cn,cn->n", part, part) / len(part)
        power = np.pad(power, (0, -len(power) % CONTROL))
        means = power.reshape(-1, CONTROL).mean(axis=1)
        energy[start // CONTROL : start // CONTROL + len(means)] = means
    levels: Controls = 10 * np.log10(np.maximum(energy, 10 ** (SILENT_DB / 10)))
    return levels


def _followed(wanted: Controls, steps: float) -> Controls:
    """Return controls that follow others with a time constant in control steps (one pole)."""
    if steps <= 0:
        return wanted
    keep = np.exp(-1 / steps)
    weights = (1 - keep) * keep ** np.arange(max(1, int(10 * steps)))
    weights /= weights.sum()
    padded = np.concatenate([np.full(len(weights) - 1, wanted[0]), wanted])
    followed: Controls = np.convolve(padded, weights, "valid")
    return followed
