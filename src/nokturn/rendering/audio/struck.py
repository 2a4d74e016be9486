"""Struck: pianos, plucked strings, bars. A sum of partials that die away.

    Struck("harp", ring=4.0, pluck=0.3).tone(pitch=60, velocity=80, seconds=2.0, sample_rate=44100)

How loud each partial is follows from where and how softly the string is struck and from the body
that carries it; how long it sounds from its pitch. Strings do not hear each other, and a partial
only ever gets weaker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nokturn.rendering.audio.tones import DEAD, Instrument, Samples, frequency, power_series

PARTIALS = 40
WEAKEST = 3e-4  # of the strongest partial: what is weaker is left out


@dataclass(frozen=True)
class Struck(Instrument):
    """Partials that die away.

    Attributes
    ----------
    ring
        Seconds until the first partial of middle C is 60 dB down; low notes ring longer.
    slope
        How fast the partials get weaker, in dB an octave, at velocity 127.
    soft
        dB more at velocity 1, for every octave.
    damping
        How much faster high partials die.
    stiffness
        Inharmonicity of middle C's string; doubles with every octave.
    pluck
        Where the string is struck, as a part of its length; partials that rest there are missing.
    ratios
        Frequencies of the partials where they are not those of a string (bars, bells).
    felt
        Frequency in Hz from which a soft hammer or fingertip swallows the partials, at velocity
        127; an octave and a half lower at velocity 1. 0 = it is hard.
    body
        Resonances of the wood: (Hz, dB, width in octaves) each.
    uneven
        dB by which partials are stronger or weaker than they should be, as in anything built.
    second
        Strength of a second, slower decay: the strings' sideways swing.
    spread
        Cents between the two; they beat slowly.
    """

    ring: float = 6.0
    slope: float = 6.0
    soft: float = 6.0
    damping: float = 0.35
    stiffness: float = 0.0
    pluck: float = 1 / 8
    ratios: tuple[float, ...] = ()
    felt: float = 0.0
    body: tuple[tuple[float, float, float], ...] = ()
    uneven: float = 0.0
    second: float = 0.0
    spread: float = 0.7

    def _made(self, pitch: int, velocity: int, count: int, rate: int) -> Samples:
        base = frequency(pitch)
        ring = self.ring * 2 ** (-(pitch - 60) / 22)
        count = min(count, int(1.5 * ring * (3 if self.second else 1) * rate) + 1)
        f, amplitude = self._partials(base, pitch, velocity, rate)
        decay = DEAD / ring * (1 + self.damping * np.maximum(f / base - 1, 0) ** 1.2)
        phase = 0.4 * np.arange(len(f)) ** 2  # spread, so that the partials do not pile up at once
        waves = [(f, amplitude, decay)]
        if self.second:
            apart = 2 ** (self.spread / 2400)
            waves = [
                (f / apart, amplitude * (1 - self.second), decay * 1.6),
                (f * apart, amplitude * self.second, decay * 0.45),
            ]
        z = np.concatenate([2j * np.pi * f / rate - d / rate for f, _, d in waves])
        start = np.concatenate([a * np.exp(1j * phase) for _, a, _ in waves])
        tone = power_series(z, start, count)
        rise = int(self.attack * rate)
        tone[:rise] *= np.sin(np.linspace(0, np.pi / 2, len(tone[:rise]))) ** 2
        return tone

    def _partials(
        self, base: float, pitch: int, velocity: int, rate: int
    ) -> tuple[Samples, Samples]:
        """Return the frequencies of the partials and how strong each is."""
        if self.ratios:
            f = base * np.array(self.ratios)
            n = f / base
            comb = np.ones_like(n)
        else:
            n = np.arange(1.0, PARTIALS + 1)
            stiff = self.stiffness * 2 ** ((pitch - 60) / 12)
            f = base * n * np.sqrt((1 + stiff * n**2) / (1 + stiff))
            comb = np.abs(np.sin(np.pi * n * self.pluck)) + 0.05
        hard = velocity / 127
        db = -(self.slope + self.soft * (1 - hard)) * np.log2(n) + self._wood(f)
        if self.felt:
            db -= 8.7 * f / (self.felt * 2 ** (-1.5 * (1 - hard)))
        if self.uneven:
            db += self.uneven * np.random.default_rng(pitch).uniform(-1, 1, len(n)) * (n > 1)
        amplitude = comb * 10 ** (db / 20)
        audible = (f < 0.45 * rate) & (amplitude > WEAKEST * amplitude.max())
        return f[audible], amplitude[audible]

    def _wood(self, f: Samples) -> Samples:
        """Return what the body adds at frequencies, in dB."""
        gain = np.zeros_like(f)
        for centre, db, width in self.body:
            gain += db * np.exp(-((np.log2(f / centre) / width) ** 2))
        return gain
