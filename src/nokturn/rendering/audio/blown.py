"""Blown: flute, fiddle, reed, brass, organ, pad. Harmonics that last.

    Blown("pipe", harmonics=(1, 0.4, 0.2)).tone(72, velocity=80, seconds=2.0, sample_rate=44100)

Harmonics of one waving phase, summed by Horner's rule, with a brightness that swells and a breath
of noise. A note begins and ends by itself: there is no slur from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nokturn.rendering.audio.tones import Instrument, Samples, frequency, noise

MIDDLE_C = frequency(60)


@dataclass(frozen=True)
class Blown(Instrument):
    """Harmonics that last.

    Attributes
    ----------
    harmonics
        Strength of the harmonics from the first on, when bright.
    bright
        How far the brightness falls between velocity 127 and 1, 0-1.
    thin
        How much of the brightness is lost with every octave up from middle C, 0-1.
    swell
        Seconds in which the tone gets bright.
    vibrato, vibrato_hz
        Cents up and down, and how often a second; it grows from a fifth of a second on.
    settling
        Seconds in which it grows.
    shake
        How much it is heard as loudness too, 0-1.
    breath
        Loudness of the breath or bow noise.
    layers
        Copies for an ensemble: cents each. Those that are out of tune are half as loud and a
        quarter turn ahead, so that they wave the tone's phase and never cancel it.
    """

    attack: float = 0.03
    harmonics: tuple[float, ...] = (1.0,)
    bright: float = 0.3
    thin: float = 0.0
    swell: float = 0.08
    vibrato: float = 0.0
    vibrato_hz: float = 5.2
    settling: float = 0.4
    shake: float = 0.0
    breath: float = 0.0
    layers: tuple[float, ...] = (0.0,)

    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        t = np.arange(count) / rate
        tone = np.zeros(count)
        for cents in self.layers:
            base, ahead = frequency(pitch + cents / 100), np.pi / 2 if cents else 0.0
            wave = self._wave(t, base, velocity, rate, ahead)
            tone += wave / 2 if cents else wave
        if self.shake:
            tone *= 1 + self.shake * self._waving(t) * np.sin(2 * np.pi * self.vibrato_hz * t)
        if self.breath:
            tone += self._noise(t, pitch, velocity, rate)
        tone *= (1 - np.exp(-3.5 * t / self.attack)) * (1 - 0.12 * np.clip(t / 1.5, 0, 1))
        return tone

    def _waving(self, t: Samples) -> Samples:
        """Return how much vibrato there is, 0-1: none until the tone has settled."""
        depth: Samples = np.clip((t - 0.2) / self.settling, 0, 1)
        return depth

    def _wave(self, t: Samples, base: float, velocity: int, rate: int, ahead: float) -> Samples:
        """Return Im(h1 w + h2 w^2 + ...): the harmonics h, w = brightness x e^(i phase)."""
        phase = 2 * np.pi * base * t + ahead
        if self.vibrato:
            depth = base * (2 ** (self.vibrato / 1200) - 1) / self.vibrato_hz
            swing = 2 * np.pi * self.vibrato_hz * t
            phase = phase + depth * self._waving(t) * np.sin(swing)
        level = 1 - self.bright * (1 - velocity / 127)
        level *= (1 - self.thin) ** max(0.0, np.log2(base / MIDDLE_C))
        rising = level * (1 - 0.35 * np.exp(-t / self.swell))
        turn = np.exp(1j * np.mod(phase, 2 * np.pi)).astype(np.complex64)
        step = turn * rising.astype(np.float32)
        count = max(1, min(len(self.harmonics), int(0.45 * rate / base)))
        total = np.zeros_like(turn)
        for strength in reversed(self.harmonics[1:count]):
            total = (total + np.float32(strength)) * step
        total = (total + np.float32(self.harmonics[0])) * turn
        wave: Samples = total.imag.astype(np.float64)
        return wave

    def _noise(self, t: Samples, pitch: int, velocity: int, rate: int) -> Samples:
        """Return breath: noise around the note, strongest at its beginning."""
        base = frequency(pitch)
        air = noise(len(t), 0.9 * base, min(4 * base + 1500, 0.4 * rate), rate, 1000 + pitch)
        start = 1 + 2.0 * np.exp(-t / 0.04)
        loud: Samples = self.breath * (0.6 + 0.4 * velocity / 127) * start * air
        return loud
