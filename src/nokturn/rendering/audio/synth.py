"""Synth: one note of one instrument as samples.

    tone = instrument_of(program=0).tone(pitch=60, velocity=80, seconds=2.0, sample_rate=44100)

Two ways to make a tone, both without a loop over samples:

- **Struck** (piano, plucked string, bass, mallets): a sum of partials that die away. A partial is
  a power series z^n of one complex number, and z^(256 b + r) = z^(256 b) z^r, so that a whole note
  is one product of two small matrices.
- **Blown** (flute, fiddle, reed, brass, organ, pad): harmonics of one waving phase, summed by
  Horner's rule, with a brightness that swells and a breath of noise.

Tones sound like their families and not like recordings; there are nine families and General MIDI
has 128 programs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Tone = NDArray[np.float32]

BLOCK = 256  # samples in a row of the matrix that makes a struck tone
CONCERT_A = 440.0
VELOCITY_BANDS = 8  # a tone's colour has so many steps; its loudness follows each velocity


def frequency(pitch: float) -> float:
    """Return the frequency in Hz of a MIDI pitch in equal temperament."""
    return float(CONCERT_A * 2 ** ((pitch - 69) / 12))


def noise(count: int, low: float, high: float, rate: int, seed: int) -> NDArray[np.float64]:
    """Return noise between two frequencies, of power 1; the same for the same seed."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    f = np.fft.rfftfreq(count, 1 / rate)
    f[0] = 1e-6
    spectrum *= 1 / (1 + (low / f) ** 4) / (1 + (f / high) ** 4)
    spectrum[0] = 0
    signal = np.fft.irfft(spectrum, count)
    shaped: NDArray[np.float64] = signal / max(float(np.sqrt((signal**2).mean())), 1e-9)
    return shaped


@dataclass(frozen=True)
class Instrument:
    """What all instruments have.

    Attributes
    ----------
    name
        Of the family.
    level
        Loudness among the others, in dB.
    release
        Seconds after the note's end until it has gone down by 60 dB.
    width
        How far low and high notes stand apart in the stereo picture, 0-1.
    send
        Part of the sound that goes into the room, 0-1.
    """

    name: str
    level: float = 0.0
    release: float = 0.3
    width: float = 0.0
    longest: float = 20.0  # seconds that one tone is worth making

    def tone(self, pitch: int, velocity: int, seconds: float, sample_rate: int) -> Tone:
        """Return a mono tone that sounds for so many seconds, at the loudness of velocity 127.

        Parameters
        ----------
        pitch
            MIDI pitch.
        velocity
            1-127: how bright it is.
        seconds
            At most ``longest`` of them are made.
        """
        raise NotImplementedError

    def _levelled(self, tone: NDArray[np.float64], pitch: int, rate: int) -> Tone:
        """Return the tone at the instrument's level: as loud in its first 0.3 s as any other."""
        head = tone[: int(0.3 * rate)]
        power = float(np.sqrt((head**2).mean())) if len(head) else 0.0
        tilt = -0.06 * (pitch - 60)  # dB: the ear hears high notes louder
        gain = 0.12 * 10 ** ((self.level + tilt) / 20) / max(power, 1e-6)
        return (tone * gain).astype(np.float32)


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
    knock
        Loudness of the hammer's noise.
    """

    ring: float = 6.0
    slope: float = 6.0
    soft: float = 6.0
    damping: float = 0.35
    stiffness: float = 0.0
    pluck: float = 1 / 8
    ratios: tuple[float, ...] = ()
    knock: float = 0.0
    second: float = 0.0  # strength of a second, slower decay: the strings' sideways swing

    def tone(self, pitch: int, velocity: int, seconds: float, sample_rate: int) -> Tone:
        """Return the tone; it ends where it has died away if that is sooner."""
        base = frequency(pitch)
        ring = self.ring * 2 ** (-(pitch - 60) / 22)
        seconds = min(seconds, self.longest, 1.5 * ring * (3 if self.second else 1))
        count = int(seconds * sample_rate) + 1
        f, amplitude = self._partials(base, pitch, velocity, sample_rate)
        rate = 6.9 / ring * (1 + self.damping * (f / base - 1) ** 1.2)
        phase = 0.4 * np.arange(len(f)) ** 2  # spread, so that the partials do not pile up at once
        waves = [(f, amplitude, rate)]
        if self.second:
            waves = [
                (f * 2 ** (-0.35 / 1200), amplitude * (1 - self.second), rate * 1.6),
                (f * 2 ** (0.35 / 1200), amplitude * self.second, rate * 0.45),
            ]
        z = np.concatenate([2j * np.pi * f / sample_rate - d / sample_rate for f, _, d in waves])
        start = np.concatenate([a * np.exp(1j * phase) for _, a, _ in waves])
        tone = _power_series(z, start, count)
        if self.knock:
            tone += self._hammer(tone, pitch, velocity, sample_rate)
        attack = int(0.0015 * sample_rate)
        tone[:attack] *= np.sin(np.linspace(0, np.pi / 2, len(tone[:attack]))) ** 2
        return self._levelled(tone, pitch, sample_rate)

    def _partials(
        self, base: float, pitch: int, velocity: int, sample_rate: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.ratios:
            f = base * np.array(self.ratios)
            n = f / base
            comb = np.ones_like(n)
        else:
            n = np.arange(1.0, 41.0)
            stiff = self.stiffness * 2 ** ((pitch - 60) / 12)
            f = base * n * np.sqrt((1 + stiff * n**2) / (1 + stiff))
            comb = np.abs(np.sin(np.pi * n * self.pluck)) + 0.05
        hard = velocity / 127
        octave_db = self.slope + self.soft * (1 - hard)
        amplitude = comb * 10 ** (-octave_db * np.log2(n) / 20)
        audible = (f < 0.45 * sample_rate) & (amplitude > 1e-4 * amplitude.max())
        return f[audible], amplitude[audible]

    def _hammer(
        self, tone: NDArray[np.float64], pitch: int, velocity: int, rate: int
    ) -> NDArray[np.float64]:
        """Return the noise of the key and the hammer, dull and short."""
        count = min(len(tone), int(0.09 * rate))
        t = np.arange(count) / rate
        burst = noise(count, 80, 900 + 12 * velocity, rate, pitch) * np.exp(-t / 0.014)
        loud = self.knock * float(np.sqrt((tone[: int(0.1 * rate)] ** 2).mean()))
        knock = np.zeros(len(tone))
        knock[:count] = burst * loud * np.linspace(1, 0, count)
        return knock


def _power_series(
    z: NDArray[np.complex128], start: NDArray[np.complex128], count: int
) -> NDArray[np.float64]:
    """Return the real part of sum_k start_k exp(z_k n) for n = 0 ... count - 1."""
    rows = -(-count // BLOCK)
    coarse = np.exp(np.outer(np.arange(rows) * BLOCK, z)) * start
    fine = np.exp(np.outer(z, np.arange(BLOCK)))
    left = np.concatenate([coarse.real, -coarse.imag], axis=1)
    right = np.concatenate([fine.real, fine.imag], axis=0)
    series: NDArray[np.float64] = (left @ right).ravel()[:count]
    return series


@dataclass(frozen=True)
class Blown(Instrument):
    """Harmonics that last.

    Attributes
    ----------
    harmonics
        Strength of the harmonics from the first on, when bright.
    attack
        Seconds until the tone is there.
    bright
        How far the brightness falls between velocity 127 and 1, 0-1.
    swell
        Seconds in which the tone gets bright.
    vibrato
        Cents up and down, from a quarter of a second on.
    breath
        Loudness of the breath or bow noise.
    layers
        Copies for an ensemble: cents each. Those that are out of tune are half as loud and a
        quarter turn ahead, so that they wave the tone's phase and never cancel it.
    """

    harmonics: tuple[float, ...] = (1.0,)
    attack: float = 0.03
    bright: float = 0.3
    swell: float = 0.08
    vibrato: float = 0.0
    vibrato_hz: float = 5.2
    breath: float = 0.0
    layers: tuple[float, ...] = (0.0,)

    def tone(self, pitch: int, velocity: int, seconds: float, sample_rate: int) -> Tone:
        """Return the tone."""
        count = int(min(seconds, self.longest) * sample_rate) + 1
        t = np.arange(count) / sample_rate
        tone = np.zeros(count)
        for cents in self.layers:
            base, ahead = frequency(pitch + cents / 100), np.pi / 2 if cents else 0.0
            wave = self._wave(t, base, velocity, sample_rate, ahead)
            tone += wave / 2 if cents else wave
        if self.breath:
            tone += self._noise(t, pitch, velocity, sample_rate)
        envelope = 1 - np.exp(-3.5 * t / self.attack)
        tone *= envelope * (1 - 0.12 * np.clip(t / 1.5, 0, 1))
        return self._levelled(tone, pitch, sample_rate)

    def _wave(
        self, t: NDArray[np.float64], base: float, velocity: int, rate: int, ahead: float
    ) -> NDArray[np.float64]:
        """Return Im(h1 w + h2 w^2 + ...): the harmonics h, w = brightness x e^(i phase)."""
        phase = 2 * np.pi * base * t + ahead
        if self.vibrato:
            depth = base * (2 ** (self.vibrato / 1200) - 1) / self.vibrato_hz
            swing = 2 * np.pi * self.vibrato_hz * t
            phase = phase + depth * np.clip((t - 0.2) / 0.4, 0, 1) * np.sin(swing)
        level = 1 - self.bright * (1 - velocity / 127)
        rising = level * (1 - 0.35 * np.exp(-t / self.swell))
        turn = np.exp(1j * np.mod(phase, 2 * np.pi)).astype(np.complex64)
        step = turn * rising.astype(np.float32)
        count = max(1, min(len(self.harmonics), int(0.45 * rate / base)))
        total = np.zeros_like(turn)
        for strength in reversed(self.harmonics[1:count]):
            total = (total + np.float32(strength)) * step
        total = (total + np.float32(self.harmonics[0])) * turn
        wave: NDArray[np.float64] = total.imag.astype(np.float64)
        return wave

    def _noise(
        self, t: NDArray[np.float64], pitch: int, velocity: int, rate: int
    ) -> NDArray[np.float64]:
        """Return breath: noise around the note, strongest at its beginning."""
        base = frequency(pitch)
        air = noise(len(t), 0.9 * base, min(4 * base + 1500, 0.4 * rate), rate, 1000 + pitch)
        start = 1 + 2.0 * np.exp(-t / 0.04)
        return self.breath * (0.6 + 0.4 * velocity / 127) * start * air


def _falling(count: int, slope: float, odd: float = 1.0) -> tuple[float, ...]:
    """Return the strengths of harmonics 1/n^slope, the even ones weakened by a factor."""
    return tuple(round(n**-slope * (1 if n % 2 else odd), 5) for n in range(1, count + 1))


INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        Struck(
            "piano", release=0.35, width=0.5, ring=7.0, slope=5.0, soft=7.0, damping=0.22,
            stiffness=0.0004, pluck=1 / 8, knock=0.35, second=0.35, longest=14.0,
        ),
        Struck(
            "electric piano", release=0.3, width=0.3, ring=6.0, slope=10.0, soft=9.0, damping=0.5,
            ratios=(1, 2, 3, 4, 7.1, 14.2), knock=0.1, longest=12.0,
        ),
        Struck(
            "plucked", level=-0.5, release=0.25, width=0.25, ring=3.2, slope=4.0, soft=6.0,
            damping=0.3, stiffness=0.00006, pluck=0.19, knock=0.12, longest=10.0,
        ),
        Struck(
            "bass", level=1.0, release=0.15, ring=4.0, slope=7.0, soft=6.0, damping=0.35,
            stiffness=0.00005, pluck=0.27, knock=0.1, longest=10.0,
        ),
        Struck(
            "mallet", level=-1.0, release=1.2, width=0.4, ring=2.4, slope=9.0, soft=8.0,
            damping=0.6, ratios=(1, 3.98, 9.2), knock=0.15, longest=6.0,
        ),
        Blown(
            "flute", release=0.16, harmonics=(1, 0.42, 0.2, 0.05, 0.03, 0.01), attack=0.04,
            bright=0.4, vibrato=7, breath=0.035,
        ),
        Blown(
            "fiddle", level=-1.0, release=0.14,
            harmonics=(1, 0.85, 0.7, 0.5, 0.55, 0.3, 0.24, 0.26, 0.14, 0.1, 0.09, 0.06, 0.05, 0.04,
                       0.03, 0.02),
            attack=0.045, bright=0.25, swell=0.06, vibrato=9, vibrato_hz=5.6, breath=0.02,
        ),
        Blown(
            "reed", level=-1.5, release=0.12, harmonics=_falling(18, 0.9, odd=0.55), attack=0.03,
            bright=0.2, vibrato=3, breath=0.012,
        ),
        Blown(
            "brass", level=-1.5, release=0.15, harmonics=_falling(16, 0.75), attack=0.05,
            bright=0.35, swell=0.12, vibrato=4,
        ),
        Blown(
            "organ", level=-1.5, release=0.12, width=0.2,
            harmonics=(1, 0.7, 0.4, 0.45, 0.0, 0.2, 0.0, 0.22), attack=0.015, bright=0.1,
        ),
        Blown(
            "pad", level=-2.0, release=0.9, width=0.3, harmonics=_falling(12, 1.25), attack=0.25,
            bright=0.3, swell=0.6, layers=(-6.0, 0.0, 6.0),
        ),
    )
}  # fmt: skip

# General MIDI has 16 families of 8 programs; some programs of a family sound like another one
_FAMILIES = (
    "piano", "mallet", "organ", "plucked", "bass", "fiddle", "pad", "brass",
    "reed", "flute", "reed", "pad", "pad", "plucked", "mallet", "pad",
)  # fmt: skip
_EXCEPTIONS = {
    4: "electric piano", 5: "electric piano", 6: "plucked", 7: "plucked", 15: "plucked",
    20: "reed", 21: "reed", 22: "reed", 23: "reed", 44: "pad", 45: "plucked", 46: "plucked",
    47: "bass", 55: "brass", 108: "mallet", 109: "reed", 110: "fiddle", 111: "reed",
}  # fmt: skip


def instrument_of(program: int) -> Instrument:
    """Return the instrument that plays a General MIDI program 0-127.

    >>> instrument_of(73).name, instrument_of(110).name
    ('flute', 'fiddle')
    """
    return INSTRUMENTS[_EXCEPTIONS.get(program, _FAMILIES[program // 8])]
