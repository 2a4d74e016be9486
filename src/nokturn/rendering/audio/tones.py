"""Tones: what all instruments have, and the few things that they are made of.

    class Sine(Instrument):
        def _made(self, pitch, velocity, count, rate):
            return np.sin(2 * np.pi * frequency(pitch) * np.arange(count) / rate)

An instrument makes a tone at any loudness; the base class brings it to its level, so that all
instruments are equally loud to the ear (K-weighted, as in `loudness`) and the mixer decides who is
heard. One note is one tone: notes of one instrument do not change each other, as strings do that
share a piano.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio._cores import on_one_core
from nokturn.rendering.audio.loudness import k_weighting

Tone = NDArray[np.float32]  # (samples,), or (2, samples) where an instrument fills the room
Samples = NDArray[np.float64]

BLOCK = 256  # samples in a row of the matrix that makes a power series
CONCERT_A = 440.0
HEAD = 0.4  # seconds after the attack that say how loud a tone is: a block of BS.1770
LEVEL = 0.125  # K-weighted amplitude (RMS) of every tone's head
DEAD = 6.9  # e-foldings to -60 dB


def frequency(pitch: float) -> float:
    """Return the frequency in Hz of a MIDI pitch in equal temperament."""
    return float(CONCERT_A * 2 ** ((pitch - 69) / 12))


def noise(count: int, low: float, high: float, rate: int, seed: int) -> Samples:
    """Return noise between two frequencies, of power 1; the same for the same seed."""
    size = -(-count // 2048) * 2048  # a length that is transformed fast
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    f = np.fft.rfftfreq(size, 1 / rate)
    f[0] = 1e-6
    spectrum *= 1 / (1 + (low / f) ** 4) / (1 + (f / high) ** 4)
    spectrum[0] = 0
    signal = np.fft.irfft(spectrum, size)[:count]
    shaped: Samples = signal / max(float(np.sqrt((signal**2).mean())), 1e-9)
    return shaped


def power_series(
    z: NDArray[np.complexfloating], start: NDArray[np.complexfloating], count: int
) -> Samples:
    """Return the real part of sum_k start_k exp(z_k n) for n = 0 ... count - 1.

    z^(256 b + r) = z^(256 b) z^r, so that a whole note is one product of two small matrices.
    """
    rows = -(-count // BLOCK)
    coarse = np.exp(np.outer(np.arange(rows) * BLOCK, z)) * start
    fine = np.exp(np.outer(z, np.arange(BLOCK)))
    left = np.concatenate([coarse.real, -coarse.imag], axis=1).astype(np.float32)
    right = np.concatenate([fine.real, fine.imag], axis=0).astype(np.float32)
    series: Samples = on_one_core(left, right).ravel()[:count].astype(np.float64)
    return series


@dataclass(frozen=True)
class Burst:
    """A short noise at a note's beginning: felt, finger, stick, key.

    Attributes
    ----------
    low, high
        Frequencies in Hz between which it lies; ``high`` is for velocity 127, and three quarters
        of an octave lower for the softest touch.
    seconds
        Until it is 60 dB down.
    level
        Loudness among the tone's first tenth of a second (RMS), 0-1.
    """

    low: float
    high: float
    seconds: float
    level: float

    def added(self, tone: Samples, velocity: int, rate: int, seed: int) -> Samples:
        """Return a tone with the noise in it; harder touches give more of it."""
        count = min(len(tone), int(self.seconds * rate))
        if count < 2:
            return tone
        hard = velocity / 127
        t = np.arange(count) / rate
        high = min(self.high * (0.6 + 0.4 * hard), 0.45 * rate)
        shape = np.exp(-DEAD * t / self.seconds) * np.clip(t / 0.001, 0, 1)
        burst = noise(count, self.low, high, rate, seed) * shape * np.linspace(1, 0, count)
        loud = self.level * (0.5 + 0.5 * hard) * float(np.sqrt((tone[: rate // 10] ** 2).mean()))
        whole = tone.copy()
        whole[:count] += loud * burst
        return whole


@dataclass(frozen=True)
class Instrument(ABC):
    """What all instruments have.

    Attributes
    ----------
    name
        What it is called: "felt piano".
    level
        Loudness among the others, in dB.
    release
        Seconds after the note's end until it has gone down by 60 dB.
    width
        How far low and high notes stand apart in the stereo picture, 0-1.
    attack
        Seconds until the tone is there.
    longest
        Seconds that one tone is worth making.
    bursts
        The noises of its beginning.
    motor, motor_hz
        Depth 0-1 and speed of a motor that makes all of its notes wave together, as it opens and
        shuts the pipes of a vibraphone; it is not in a tone, but in how tones are laid.
    """

    name: str
    level: float = 0.0
    release: float = 0.3
    width: float = 0.0
    attack: float = 0.0015
    longest: float = 20.0
    bursts: tuple[Burst, ...] = ()
    motor: float = 0.0
    motor_hz: float = 4.6

    def tone(self, pitch: int, velocity: int, seconds: float, sample_rate: int) -> Tone:
        """Return a tone that sounds for so many seconds, at the loudness of velocity 127.

        Parameters
        ----------
        pitch
            MIDI pitch.
        velocity
            1-127: how bright it is.
        seconds
            At most ``longest`` of them are made; fewer where it has died away.

        Returns
        -------
        Samples, float32, shape (samples,), or (2, samples) for left and right.
        """
        wanted = int(min(seconds, self.longest) * sample_rate) + 1
        begin, head = int(self.attack * sample_rate), int(HEAD * sample_rate)
        made = self._made(pitch, velocity, max(wanted, begin + head), sample_rate)
        for i, burst in enumerate(self.bursts):
            made = burst.added(made, velocity, sample_rate, 100 * pitch + i)
        loud = loudness(made[..., begin : begin + head], sample_rate)
        gain = LEVEL * 10 ** (self.level / 20) / max(loud, 1e-6)
        return (made[..., :wanted] * gain).astype(np.float32)

    @abstractmethod
    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        """Return so many samples, or fewer where the tone has died away, at any loudness."""


def loudness(head: Samples, rate: int) -> float:
    """Return the K-weighted amplitude (RMS of the sides together) of a tone's beginning."""
    count = head.shape[-1]
    size = -(-count // 2048) * 2048
    power = np.abs(np.fft.rfft(head, size) * _weights(rate, size)) ** 2
    sides = head.size / count
    return float(np.sqrt(2 * power.sum() / size / count / sides))


@lru_cache(maxsize=8)
def _weights(rate: int, size: int) -> Samples:
    """Return K-weighting's gain at the frequencies of a spectrum."""
    gains: Samples = np.abs(k_weighting(rate, size))
    return gains
