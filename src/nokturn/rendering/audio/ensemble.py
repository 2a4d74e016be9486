"""Ensemble: many strings at once, slow and wide.

    Ensemble("strings pad").tone(pitch=60, velocity=80, seconds=8.0, sample_rate=44100)

A section of strings is no sum of a few, but a harmonic tone whose every harmonic is spread over a
small band, because no two players agree. So it is made as a spectrum, harmonic by harmonic, and
turned into sound at once, once for the left and once for the right. The sound goes round after six
seconds, without a seam. There are no bow strokes.

Source: Nasca, "PADsynth", 2003 (ZynAddSubFX); ours keeps a steady line in each band, so that the
section stays in tune and never fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.rendering.audio.tones import Instrument, Samples, frequency

PERIOD = 1 << 18  # at most so many samples until the sound repeats
HARMONICS = 32
VIBRATO_HZ = 1.0  # a band is at least so wide: slower swings would be heard as out of tune


@dataclass(frozen=True)
class Ensemble(Instrument):
    """A section of players.

    Attributes
    ----------
    slope
        How fast the harmonics get weaker, in dB an octave, at velocity 127.
    soft
        dB more at velocity 1, for every octave.
    spread
        Cents to either side over which the players lie (a standard deviation).
    together
        Part of each harmonic's power in which they agree, 0-1.
    top
        Frequency in Hz above which wood and air take the treble away.
    """

    attack: float = 0.35
    slope: float = 4.5
    soft: float = 5.0
    spread: float = 9.0
    together: float = 0.7
    top: float = 4500.0

    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        size = _period(frequency(pitch), rate)
        cycle = np.fft.irfft(self._spectrum(pitch, velocity, size, rate), size)
        tone: Samples = np.tile(cycle, (1, -(-count // size)))[:, :count]
        t = np.arange(count) / rate
        tone *= np.sin(0.5 * np.pi * np.clip(t / self.attack, 0, 1)) ** 2
        return tone

    def _spectrum(self, pitch: int, velocity: int, size: int, rate: int) -> NDArray[np.complex128]:
        """Return the spectrum of one period, left and right."""
        rng = np.random.default_rng(9000 + pitch)
        base = frequency(pitch)
        spectrum = np.zeros((2, size // 2 + 1), dtype=np.complex128)
        slope = self.slope + self.soft * (1 - velocity / 127)
        for n in range(1, min(HARMONICS, int(0.42 * rate / base)) + 1):
            f = n * base
            strength = 10 ** (-slope * np.log2(n) / 20) / (1 + (f / self.top) ** 2)
            centre = round(f * size / rate)
            width = np.hypot(f * self.spread / 1731, VIBRATO_HZ) * size / rate
            offsets = np.arange(1, min(int(4 * width), centre - 1) + 1)
            shape = np.exp(-0.5 * (offsets / width) ** 2)
            shape *= strength * np.sqrt((1 - self.together) / 2 / (shape**2).sum())
            aside = shape * np.exp(2j * np.pi * rng.random((2, len(offsets))))
            phase = np.exp(2j * np.pi * rng.random())
            spectrum[:, centre] += phase * strength * np.sqrt(self.together)
            # a quarter turn ahead on one side and behind on the other: they wave the phase of the
            # line in the middle, and never cancel it
            spectrum[:, centre + offsets] += 1j * phase * aside
            spectrum[:, centre - offsets] += 1j * phase * aside.conj()
        return spectrum


def _period(base: float, rate: int) -> int:
    """Return how many samples one period has: nearly whole waves, and transformed fast."""
    sizes = PERIOD - 2048 * np.arange(20)
    waves = sizes * base / rate
    return int(sizes[np.abs(waves - np.round(waves)).argmin()])
