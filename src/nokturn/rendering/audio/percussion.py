"""Percussion: what drums are made of.

    tom = Drum("tom", (Skin(170, 110, ring=0.5), Rattle(400, 3000, ring=0.04, level=0.2)))
    tom.struck(velocity=100, rate=44100, nth=0)

A drum is layers of **skin** (a sine that falls in pitch and dies), **rattle** (noise between two
frequencies that dies) and **metal** (partials without order, the high ones dying first); a kit is
drums, and what their recorder did to them. Drums do not ring along with each other, and a blow
never meets a skin that is still swinging.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nokturn.rendering.audio.tones import DEAD, LEVEL, Samples, Tone, loudness, noise, power_series

HEAD = 0.1  # seconds that say how loud a hit is
FADE = 0.006  # seconds in which a hit ends


@dataclass(frozen=True)
class Skin:
    """A sine that falls from one frequency (Hz) to another and dies.

    Attributes
    ----------
    high, low
        Where it begins and ends, in Hz; soft blows stretch the skin less and begin lower.
    ring
        Seconds until it is 60 dB down.
    level
        Amplitude among the layers.
    fall
        Seconds in which it falls to 37 % of the way.
    """

    high: float
    low: float
    ring: float
    level: float = 1.0
    fall: float = 0.03

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.ring

    def wave(self, t: Samples, hard: float, rate: int, rng: np.random.Generator) -> Samples:
        """Return the layer of a blow, ``hard`` 0-1."""
        tuned = 1 + 0.008 * rng.uniform(-1, 1)
        drop = (self.high - self.low) * (0.4 + 0.6 * hard) * self.fall
        turns = tuned * (self.low * t + drop * (1 - np.exp(-t / self.fall)))
        wave: Samples = self.level * np.sin(2 * np.pi * turns) * np.exp(-DEAD * t / self.ring)
        return wave


@dataclass(frozen=True)
class Rattle:
    """Noise that dies: wires, beads, a stick's click, the air of a cymbal.

    Attributes
    ----------
    low, high
        Frequencies in Hz between which it lies; soft blows have less treble.
    ring
        Seconds until it is 60 dB down.
    level
        Amplitude (RMS at its beginning) among the layers.
    rise
        Seconds until it is there.
    bursts, gap
        How many hands, and seconds between them.
    """

    low: float
    high: float
    ring: float
    level: float = 1.0
    rise: float = 0.0005
    bursts: int = 1
    gap: float = 0.011

    @property
    def seconds(self) -> float:
        """How long it sounds, with all its bursts."""
        return self.ring + self.gap * (self.bursts - 1)

    def wave(self, t: Samples, hard: float, rate: int, rng: np.random.Generator) -> Samples:
        """Return the layer of a blow, ``hard`` 0-1."""
        high = min(self.high * (0.55 + 0.45 * hard), 0.45 * rate)
        count = min(len(t), int(rate * (self.seconds + self.gap)) + 1)
        air = noise(count, min(self.low, 0.6 * high), high, rate, int(rng.integers(1 << 31)))
        begun = t[:count, None] - self.gap * np.arange(self.bursts)
        begun[:, 1:] += self.gap * 0.2 * rng.uniform(-1, 1, self.bursts - 1)
        dying = np.full(self.bursts, 0.5 * DEAD / self.gap)  # 30 dB down before the next
        dying[-1] = DEAD / self.ring
        shape = np.clip(begun / self.rise, 0, 1) * np.exp(-dying * np.maximum(begun, 0))
        wave = np.zeros_like(t)
        wave[:count] = self.level * air * shape.max(axis=1)
        return wave


@dataclass(frozen=True)
class Metal:
    """Partials without order: plates, bells, shells.

    Attributes
    ----------
    low, high
        Frequencies in Hz between which the partials lie.
    count
        How many there are.
    ring
        Seconds until the lowest is 60 dB down.
    level
        Amplitude (RMS at its beginning) among the layers.
    """

    low: float
    high: float
    count: int
    ring: float
    level: float = 1.0

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.ring

    def wave(self, t: Samples, hard: float, rate: int, rng: np.random.Generator) -> Samples:
        """Return the layer of a blow, ``hard`` 0-1; the same plate, struck elsewhere each time."""
        plate = np.random.default_rng(int(self.low) + self.count)
        places = (np.arange(self.count) + plate.random(self.count)) / self.count
        f = self.low * (min(self.high, 0.45 * rate) / self.low) ** places
        strength = np.exp(0.5 * rng.standard_normal(self.count)) * (f / self.low) ** (hard - 1)
        strength *= self.level * np.sqrt(2 / (strength**2).sum())
        decay = DEAD / self.ring * (f / self.low) ** 0.4
        turns = np.exp(2j * np.pi * rng.random(self.count))
        return power_series((2j * np.pi * f - decay) / rate, strength * turns, len(t))


@dataclass(frozen=True)
class Drum:
    """One drum.

    Attributes
    ----------
    name
        What it is.
    layers
        What it is made of.
    level
        Loudness among the others, in dB: of velocity 127, K-weighted, in its first tenth of a
        second.
    pan
        Where it stands, -1 left to 1 right.
    choke
        Drums of one word stop each other, as the closed hi-hat does the open one; "" = none.
    """

    name: str
    layers: tuple[Skin | Rattle | Metal, ...]
    level: float = 0.0
    pan: float = 0.0
    choke: str = ""

    def blow(self, velocity: int, rate: int, nth: int) -> Samples:
        """Return one blow at any loudness; the ``nth`` differs a little from the others."""
        rng = np.random.default_rng([nth, *self.name.encode()])
        seconds = max(layer.seconds for layer in self.layers) + FADE
        t = np.arange(int(seconds * rate)) / rate
        hard = velocity / 127
        tone: Samples = sum((layer.wave(t, hard, rate, rng) for layer in self.layers), 0 * t)
        return tone


@dataclass(frozen=True)
class Kit:
    """Drums, and what their recorder did to them.

    Attributes
    ----------
    drums
        By General MIDI pitch.
    drive
        How far the tape is overdriven, 0-1.
    top
        Frequency in Hz above which the recorder hears nothing, 0 = it hears everything.
    bits
        Of the sampler, 0 = as fine as can be.
    """

    drums: Mapping[int, Drum]
    drive: float = 0.0
    top: float = 0.0
    bits: int = 0

    def hit(self, pitch: int, velocity: int, rate: int, nth: int) -> Tone:
        """Return one hit of the drum of a pitch, at its level and ending in silence."""
        drum = self.drum(pitch)
        tone = self.recorded(drum.blow(velocity, rate, nth), rate)
        window = np.clip(np.arange(len(tone)) / (0.0005 * rate), 0, 1)
        window *= np.clip((len(tone) - 1 - np.arange(len(tone))) / (FADE * rate), 0, 1)
        # what is taken from the mean dies with the drum, so that it leaves no step behind
        dying = window * np.exp(-2 * DEAD * np.arange(len(tone)) / len(tone))
        tone = window * tone
        tone -= dying * (tone.sum() / dying.sum())
        head = np.zeros(max(int(HEAD * rate), 1))
        head[: len(tone)] = tone[: len(head)]
        gain = LEVEL * 10 ** (drum.level / 20) / max(loudness(head, rate), 1e-9)
        return (gain * tone).astype(np.float32)

    def drum(self, pitch: int) -> Drum:
        """Return the drum of a pitch; the nearest one where there is none."""
        return self.drums[min(self.drums, key=lambda known: (abs(known - pitch), known))]

    def recorded(self, tone: Samples, rate: int) -> Samples:
        """Return a drum as the kit's recorder gives it back."""
        if self.drive:
            tone = tone / np.abs(tone).max()
            tone = np.tanh((1 + 3 * self.drive) * tone)
        if self.bits:
            step = np.abs(tone).max() / 2 ** (self.bits - 1)
            tone = step * np.round(tone / step)
        if self.top:
            taps = 2 * round(0.6 * rate / self.top) + 1
            kernel = np.sinc((np.arange(taps) - taps // 2) * 2 * self.top / rate)
            kernel *= np.hanning(taps + 2)[1:-1]
            tone = np.convolve(tone, kernel / kernel.sum(), "same")
        return tone
