"""Electric: two electric pianos, the one of the seventies and the one of the eighties.

    Tine("electric piano").tone(pitch=60, velocity=80, seconds=2.0, sample_rate=44100)

- **Tine**: a steel rod swings before a magnetic pickup. The pickup bends what it hears: a rod that
  swings wide barks, one that swings little is nearly a sine, and every note mellows as it dies.
- **Fm**: pairs of sines, one shaking the phase of the other; the glassy keys of the DX7.

Neither has an amplifier or a tremolo: those are effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.tones import DEAD, Instrument, Samples, frequency, power_series


@dataclass(frozen=True)
class Tine(Instrument):
    """A rod before a pickup.

    The flux through the pickup is 1 / (1 + x^2), x = where the rod's tip is, in widths of the
    pickup's field; what is heard is its change.

    Attributes
    ----------
    ring
        Seconds until middle C is 60 dB down; an octave and a third below it is twice as long.
    swing
        How far the rod swings at velocity 127, in widths of the field.
    offset
        Where it rests: 0 before the middle of the pickup (only even harmonics) to 1.
    bell
        Strength of the rod's second mode, which is not in tune and soon gone.
    warmth
        Samples at 44.1 kHz that the loudspeaker rounds off: more is darker.
    """

    ring: float = 13.0
    swing: float = 1.5
    offset: float = 0.55
    bell: float = 0.05
    warmth: int = 7

    MODES = (7.11, 19.9)  # above the first, of a rod with a spring of wire on its tip

    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        base, hard = frequency(pitch), velocity / 127
        ring = self.ring * 2 ** (-(pitch - 60) / 16)
        count = min(count, int(1.4 * ring * rate) + 1)
        swing = self.swing * (0.3 + 0.7 * hard**1.6) * 2 ** (-max(pitch - 60, 0) / 40)
        bell = self.bell * (0.3 + 0.7 * hard)
        parts = [(base, 0.4, DEAD / ring * 2.2), (base, 0.6, DEAD / ring)]
        for i, ratio in enumerate(self.MODES):
            if base * ratio < 0.3 * rate:
                parts.append((base * ratio, bell / (1 + 2 * i), DEAD / (0.5 / (1 + i))))
        f, strength, decay = (np.array(column) for column in zip(*parts, strict=True))
        z = (2j * np.pi * f - decay) / rate
        rod = swing * power_series(z, strength * np.exp(-0.5j * np.pi), count + 1)
        rise = int(self.attack * rate)
        rod[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
        tone = np.diff(1 / (1 + (rod - self.offset) ** 2)) / swing
        taps = max(2, round(self.warmth * rate / 44100))
        speaker = np.hanning(taps + 2)[1:-1]
        heard: Samples = np.convolve(tone, speaker / speaker.sum())[:count]
        return heard


@dataclass(frozen=True)
class Fm(Instrument):
    """Pairs of sines.

    Attributes
    ----------
    ring
        Seconds until middle C is 60 dB down; low notes ring longer.
    index
        How far the body's phase is shaken at velocity 127, in radians.
    glass
        How far the second pair's is, by a sine fourteen times as high.
    detune
        Cents between the two pairs.
    """

    ring: float = 7.0
    index: float = 2.0
    glass: float = 0.9
    detune: float = 0.7

    TREBLE = 14  # the high modulator's ratio, less where that would leave the audible

    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        base, hard = frequency(pitch), velocity / 127
        ring = self.ring * 2 ** (-(pitch - 60) / 24)
        count = min(count, int(1.2 * ring * rate) + 1)
        t = np.arange(count, dtype=np.float32) / np.float32(rate)
        apart = 2 ** (self.detune / 2400)
        low, high = self._phase(base / apart, count, rate), self._phase(base * apart, count, rate)
        ratio = max(1, min(self.TREBLE, int(0.35 * rate / base)))
        index = self.index * (0.3 + 0.7 * hard**1.4) * 2 ** (-max(pitch - 60, 0) / 30)
        body = np.sin(low + index * (0.3 + 0.7 * np.exp(-t / 0.9)) * np.sin(low))
        glass = self.glass * (0.25 + 0.75 * hard**1.4) * np.exp(-t / 0.3)
        chime = np.sin(high + glass * np.sin(ratio * high))
        tone = (body + 0.5 * chime) * np.exp(np.float32(-DEAD / ring) * t)
        rise = int(self.attack * rate)
        tone[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
        whole: Samples = tone.astype(np.float64)
        return whole

    @staticmethod
    def _phase(f: float, count: int, rate: int) -> NDArray[np.float32]:
        """Return the phase of a sine, within one turn, so that 32 bits are enough."""
        turns = np.arange(count) * (f / rate)
        phase: NDArray[np.float32] = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
        return phase
