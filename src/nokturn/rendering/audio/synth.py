"""Synthesiser: one note of an instrument as a mono signal, by additive synthesis.

    note("piano", pitch=60, velocity=90, seconds=0.5)     float32, 44,100 samples a second

Every instrument is a table of partials with their decay, an envelope and a little movement; drums
are in `drums`. The same arguments give the same samples. Its weakness: what makes a real instrument
alive (breath, bow, sympathetic strings) is only hinted at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """How an instrument sounds.

    Parameters
    ----------
    partials
        Amplitudes of the harmonics, the first one 1.
    decay_s
        Time constant of the lowest partial at A4; inf = it is held.
    damping
        How much faster each higher partial decays.
    attack_s, release_s
        Rise at the beginning, fall after the end.
    inharmonicity
        Stretch of the partials, as of stiff strings.
    brightness
        How much louder notes gain in high partials.
    vibrato
        Depth in cents, 5 times a second, after the first fifth of a second.
    noise
        Share of breath or hammer noise in the attack.
    level
        Loudness beside the other instruments.
    """

    partials: tuple[float, ...]
    decay_s: float
    damping: float
    attack_s: float
    release_s: float
    inharmonicity: float = 0.0
    brightness: float = 0.6
    vibrato: float = 0.0
    noise: float = 0.0
    level: float = 1.0


VOICES = {
    "piano": Voice((1, 0.62, 0.38, 0.26, 0.17, 0.12, 0.08, 0.06, 0.045, 0.03, 0.02, 0.014),
                   1.5, 0.32, 0.003, 0.14, 3e-4, 1.0, 0.0, 0.05, 1.0),
    "plucked": Voice((1, 0.75, 0.55, 0.38, 0.3, 0.2, 0.16, 0.12, 0.08, 0.06),
                     0.8, 0.38, 0.002, 0.12, 1e-4, 0.9, 0.0, 0.08, 1.0),
    "flute": Voice((1, 0.32, 0.14, 0.05, 0.025, 0.012),
                   np.inf, 0, 0.045, 0.07, 0, 0.5, 9, 0.02, 0.8),
    "strings": Voice((1, 0.6, 0.42, 0.3, 0.24, 0.17, 0.13, 0.09, 0.07, 0.05),
                     np.inf, 0, 0.05, 0.12, 0, 0.6, 7, 0.01, 0.55),
    "reed": Voice((1, 0.5, 0.7, 0.35, 0.45, 0.2, 0.2, 0.1),
                  np.inf, 0, 0.02, 0.06, 0, 0.6, 3, 0.0, 0.5),
    "pad": Voice((1, 0.4, 0.28, 0.12, 0.1, 0.05), np.inf, 0, 0.28, 0.5, 0, 0.3, 4, 0.0, 0.5),
    "bass": Voice((1, 0.7, 0.34, 0.2, 0.1, 0.05), 1.1, 0.3, 0.006, 0.09, 5e-5, 0.7, 0.0, 0.03, 1.1),
}  # fmt: skip

# The family of eight programs that a General MIDI program belongs to -> an instrument of ours.
FAMILIES = (
    "piano", "plucked", "reed", "plucked", "bass", "strings", "pad", "reed",
    "reed", "flute", "reed", "pad", "pad", "plucked", "plucked", "pad",
)  # fmt: skip


def instrument(program: int) -> str:
    """Return which of our instruments plays a General MIDI program, 0-127."""
    return FAMILIES[(program & 0x7F) // 8]


@lru_cache(maxsize=2048)
def note(name: str, pitch: int, velocity: int, seconds: float) -> Signal:
    """Return a note.

    Parameters
    ----------
    name
        One of `VOICES`.
    pitch, velocity
        MIDI numbers.
    seconds
        How long it is held; the release comes on top.

    Returns
    -------
    float32 (samples,), peaks about the loudness of the velocity; treat it as read-only.
    """
    voice = VOICES[name]
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    count = int((seconds + voice.release_s) * RATE) + 1
    time: Signal = np.arange(count, dtype=np.float32) / np.float32(RATE)
    strength = velocity / 127
    tilt = 1 + voice.brightness * (1 - strength) * 1.6  # soft notes are dark
    numbers = np.arange(1, len(voice.partials) + 1)
    frequencies = frequency * numbers * np.sqrt(1 + voice.inharmonicity * numbers**2)
    frequencies *= frequency / frequencies[0]  # stretched, but in tune
    signal: Signal = np.zeros(count, dtype=np.float32)
    phase = _phase(time, voice.vibrato)
    decay = voice.decay_s * min(4.0, (440.0 / frequency) ** 0.5)
    for k, (amplitude, at) in enumerate(zip(voice.partials, frequencies, strict=True)):
        if at > 0.45 * RATE:
            break
        loudness = np.float32(amplitude * (k + 1) ** (1 - tilt))
        wave = np.sin(np.float32(2 * np.pi * at) * phase + np.float32(0.7 * k))
        if np.isfinite(decay):
            wave *= np.exp(time * np.float32(-(1 + voice.damping * k) / decay))
        signal += loudness * wave
    if voice.noise:
        signal += _noise(len(time), pitch, voice)
    signal *= _envelope(time, seconds, voice)
    signal *= np.float32(voice.level * strength**1.5 / sum(voice.partials[:4]) * _balance(pitch))
    signal.setflags(write=False)
    return signal


def _phase(time: Signal, vibrato: float) -> Signal:
    """Return the time that the oscillators see: the clock, swaying with the vibrato."""
    if not vibrato:
        return time
    depth = (2 ** (vibrato / 1200) - 1) / (2 * np.pi * 5.2)
    onset = np.clip((time - 0.2) / 0.3, 0, 1)
    swayed: Signal = (time + depth * onset * np.sin(2 * np.pi * 5.2 * time)).astype(np.float32)
    return swayed


def _noise(length: int, pitch: int, voice: Voice) -> Signal:
    """Return the noise of hammer, pick or breath: short for struck notes, soft for held ones."""
    noise = np.random.default_rng(pitch).standard_normal(min(length, RATE // 8)).astype(np.float32)
    noise = np.convolve(noise, np.hanning(9).astype(np.float32) / 4.5, mode="same")
    fall = 0.012 if np.isfinite(voice.decay_s) else 0.05
    noise *= voice.noise * 2 * np.exp(-np.arange(len(noise)) / np.float32(fall * RATE))
    return np.pad(noise, (0, length - len(noise))).astype(np.float32)


def _envelope(time: Signal, seconds: float, voice: Voice) -> Signal:
    rise = np.clip(time / np.float32(voice.attack_s), 0, 1)
    fall = np.clip(
        (np.float32(seconds + voice.release_s) - time) / np.float32(voice.release_s), 0, 1
    )
    shaped: Signal = (rise * (2 - rise) * fall * fall * (3 - 2 * fall)).astype(np.float32)
    return shaped


def _balance(pitch: int) -> float:
    """Return a factor by which low notes gain and very high ones lose, as on real instruments."""
    return float(np.interp(pitch, (21, 48, 72, 96, 120), (1.25, 1.1, 1.0, 0.8, 0.5)))
