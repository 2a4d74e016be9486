"""Ambience: rain, vinyl and tape hiss that go on for ever.

    rain = Rain(seed=7, amount=0.4, kind="thunder").block(0, 44100 * 60)

Everything is made anew from the seed, segment by segment of six seconds: noise and sparse impulses
through short kernels, and drops of which each has its own pitch. Nothing is ever repeated, and a
block holds the same samples however it is cut out. No recording is used, and rain on a roof, on a
window and on a lake sound alike here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError, did_you_mean
from nokturn.rendering.audio.effects import Signal, convolve
from nokturn.rendering.audio.loudness import integrated

SEGMENT = 1 << 18  # samples drawn from one generator
REACH = 2  # segments into which what begins in one may still sound
TAIL = 4096  # samples that a kernel may last
LAW = 1.5  # gain = amount to this power: half the knob is 9 dB down
SLOW = 16  # thunder is made at a sixteenth of the sample rate
RAINS = ("light", "heavy", "thunder")
HUM_HZ = 50.0

Samples = NDArray[np.float64]


@dataclass
class Ambience(ABC):
    """What all ambiences have.

    Attributes
    ----------
    seed
        Of everything that happens in it.
    amount
        0 (nothing) to 1: `LOUDEST` LUFS, and 12 dB less at 0.4. Music has -16.
    sample_rate
        Samples a second.
    """

    LOUDEST: ClassVar[float]

    seed: int = 0
    amount: float = 0.4
    sample_rate: int = 44_100
    _made: dict[int, Signal] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse amounts that no knob has."""
        if not 0 <= self.amount <= 1:
            raise UsageError(
                f"the amount of {type(self).__name__.lower()} is {self.amount:g}.",
                "Give 0 (none) to 1.",
            )

    def block(self, start: int, count: int) -> Signal:
        """Return ``count`` samples from sample ``start`` on (0 or more), shape (2, count)."""
        out = np.zeros((2, count), dtype=np.float32)
        if not self.amount:
            return out
        for number in range(start // SEGMENT, -(-(start + count) // SEGMENT)):
            begin, end = number * SEGMENT, (number + 1) * SEGMENT
            low, high = max(begin, start), min(end, start + count)
            out[:, low - start : high - start] = self._segment(number)[
                :, low - begin : high - begin
            ]
        out *= np.float32(self.amount**LAW * self._level())
        return out

    @abstractmethod
    def _level(self) -> float:
        """Return the factor that brings this ambience to its loudness at amount 1."""

    @abstractmethod
    def _happening(self, number: int, rng: np.random.Generator) -> Signal:
        """Return what begins in a segment, (2, at most 3 segments), at any loudness."""

    def _segment(self, number: int) -> Signal:
        """Return a segment: what begins in it, and what still sounds from those before."""
        out = np.zeros((2, SEGMENT), dtype=np.float32)
        for back in range(REACH + 1):
            heard = self._begun(number - back)[:, back * SEGMENT : (back + 1) * SEGMENT]
            out[:, : heard.shape[1]] += heard
        for old in [known for known in self._made if not number - REACH <= known <= number]:
            del self._made[old]
        return out

    def _begun(self, number: int) -> Signal:
        if number not in self._made:
            # segments before the first are needed for what still sounds from them
            rng = np.random.default_rng([self.seed, number + REACH, len(type(self).__name__)])
            self._made[number] = self._happening(number, rng)
        return self._made[number]


@dataclass
class Rain(Ambience):
    """Rain: a broad rush, and single drops in front of it.

    ``kind`` is ``light`` (many drops, little rush), ``heavy`` (the other way round), or
    ``thunder``: heavy, with distant thunder twice a minute or so.
    """

    LOUDEST: ClassVar[float] = -22.0

    kind: str = "light"

    def __post_init__(self) -> None:
        """Refuse rain of an unknown kind."""
        super().__post_init__()
        if self.kind not in RAINS:
            raise UsageError(f"there is no {self.kind!r} rain.", did_you_mean(self.kind, RAINS))

    def _level(self) -> float:
        kind = "heavy" if self.kind == "thunder" else self.kind  # thunder stands out of the rain
        return _calibrated(Rain, self.sample_rate, kind=kind)

    def _happening(self, number: int, rng: np.random.Generator) -> Signal:
        rate = self.sample_rate
        light = self.kind == "light"
        rush = rng.standard_normal((2, SEGMENT), dtype=np.float32)
        rush *= _gusts(number, self.seed, rate) * np.float32(0.5 if light else 0.85)
        drops = _scattered(rng, 220.0 if light else 500.0, rate, spread=0.8)
        out = _spread(rush, _shaped(rate, 350.0 if light else 220.0, 9000.0))
        out += _spread(drops * 5.0, _shaped(rate, 2500.0, 12000.0))
        _add_drops(out, rng, rate, 24.0 if light else 8.0, 1900.0, 0.004, 1.3)
        return self._with_thunder(out, rng) if self.kind == "thunder" else out

    def _with_thunder(self, rain: Signal, rng: np.random.Generator) -> Signal:
        """Return rain, with a thunder that begins in one segment out of five."""
        if rng.random() >= SEGMENT / self.sample_rate / 30:
            return rain
        rumble = _thunder(rng, self.sample_rate)
        at = int(rng.integers(SEGMENT))
        out = np.zeros((2, max(rain.shape[1], at + rumble.shape[1])), dtype=np.float32)
        out[:, : rain.shape[1]] = rain
        out[:, at : at + rumble.shape[1]] += rumble
        return out[:, : (REACH + 1) * SEGMENT]


@dataclass
class Vinyl(Ambience):
    """An old record: ticks, a pop now and then, the hum of the mains and a rumble."""

    LOUDEST: ClassVar[float] = -32.0

    def _level(self) -> float:
        return _calibrated(Vinyl, self.sample_rate)

    def _happening(self, number: int, rng: np.random.Generator) -> Signal:
        rate = self.sample_rate
        surface = rng.standard_normal((2, SEGMENT), dtype=np.float32)
        out = _spread(surface * np.float32(0.02), _shaped(rate, 300.0, 6000.0))
        _add_drops(out, rng, rate, 14.0, 4200.0, 0.0005, 1.0)
        _add_drops(out, rng, rate, 0.7, 700.0, 0.002, 0.8)
        out[:, :SEGMENT] += _hum(number, self.seed, rate)
        return out


@dataclass
class Hiss(Ambience):
    """Tape hiss: noise that grows with frequency, up to 12 kHz."""

    LOUDEST: ClassVar[float] = -36.0

    def _level(self) -> float:
        return _calibrated(Hiss, self.sample_rate)

    def _happening(self, number: int, rng: np.random.Generator) -> Signal:
        noise = rng.standard_normal((2, SEGMENT), dtype=np.float32)
        return _spread(noise, _shaped(self.sample_rate, 2500.0, 12000.0))


@lru_cache(maxsize=16)
def _calibrated(made: type[Ambience], sample_rate: int, **rest: str) -> float:
    """Return the factor that brings an ambience to its loudest, measured on twelve seconds."""
    plain = made(sample_rate=sample_rate, **rest)  # type: ignore[arg-type]
    whole = np.concatenate([plain._segment(0), plain._segment(1)], axis=1)
    return float(10 ** ((made.LOUDEST - integrated(whole, sample_rate)) / 20))


def _scattered(rng: np.random.Generator, a_second: float, rate: int, spread: float) -> Signal:
    """Return impulses at random moments, sizes (log-normal) and places between the sides."""
    count = int(rng.poisson(a_second * SEGMENT / rate))
    at = rng.integers(SEGMENT, size=count)
    size = np.exp(spread * np.clip(rng.standard_normal(count), -3, 1.6))
    size *= rng.choice((-1.0, 1.0), count)
    angle = rng.uniform(0.1, 0.4, count) * np.pi
    out = np.zeros((2, SEGMENT))
    np.add.at(out[0], at, size * np.cos(angle))
    np.add.at(out[1], at, size * np.sin(angle))
    return out.astype(np.float32)


def _spread(source: Signal, kernel: Samples) -> Signal:
    """Return a segment of impulses or noise through a kernel, with the tail that hangs over."""
    tail = np.zeros((2, SEGMENT + TAIL), dtype=np.float32)
    tail[:, :SEGMENT] = source
    return convolve(tail, kernel)


def _add_drops(
    out: Signal,
    rng: np.random.Generator,
    rate: int,
    a_second: float,
    hz: float,
    decay_s: float,
    size: float,
) -> None:
    """Add drops or ticks at random moments: resonances that die, each of its own pitch and size."""
    count = int(rng.poisson(a_second * SEGMENT / rate))
    t = np.arange(min(int(8 * decay_s * rate), TAIL)) / rate
    tuned = hz * 2 ** rng.uniform(-1, 1, (count, 1))
    decay = decay_s * 2 ** rng.uniform(-1, 0.5, (count, 1))
    waves = np.sin(2 * np.pi * tuned * t + rng.uniform(0, 2 * np.pi, (count, 1)))
    waves *= np.exp(-t / decay) * np.clip((t[-1] - t) / (0.2 * t[-1]), 0, 1)
    waves -= waves.mean(axis=1, keepdims=True) * np.hanning(len(t)) * 2  # nothing below
    sizes = size * np.exp(0.6 * np.clip(rng.standard_normal(count), -3, 1.8))
    angles = rng.uniform(0.1, 0.4, count) * np.pi
    sides = np.stack([np.cos(angles), np.sin(angles)]) * sizes
    for k, at in enumerate(rng.integers(SEGMENT, size=count)):
        out[:, at : at + len(t)] += sides[:, k, None] * waves[k]


def _shaped(rate: int, low: float, high: float) -> Samples:
    """Return a kernel of energy 1 that lets pass what lies between two frequencies, softly."""
    count = 1024
    f = np.fft.rfftfreq(count, 1 / rate)
    response = (f / low) ** 1.5 / (1 + (f / low) ** 2) / (1 + (f / high) ** 4)
    kernel = np.roll(np.fft.irfft(response, count), count // 2) * np.hanning(count)
    unit: Samples = kernel / np.sqrt((kernel**2).sum())
    return unit


def _gusts(number: int, seed: int, rate: int) -> Signal:
    """Return the gain of the wind in a segment: slow waves that never come together again."""
    phases = np.random.default_rng([seed, 5]).uniform(0, 2 * np.pi, 3)
    t = (number * SEGMENT + np.arange(0, SEGMENT + 1, 1024)) / rate
    waves = [np.sin(hz * t + phase) for hz, phase in zip((0.31, 0.53, 0.84), phases, strict=True)]
    gain = 1 + 0.09 * np.sum(waves, axis=0)
    at = np.arange(SEGMENT) / 1024
    line: Signal = np.interp(at, np.arange(len(gain)), gain).astype(np.float32)
    return line


def _hum(number: int, seed: int, rate: int) -> Signal:
    """Return the mains' hum in a segment, in step with the segments beside it."""
    at = (number * SEGMENT + np.arange(SEGMENT)) % rate  # whole seconds hold whole waves
    return _second_of_hum(seed, rate)[:, at]


@lru_cache(maxsize=4)
def _second_of_hum(seed: int, rate: int) -> Signal:
    rng = np.random.default_rng([seed, 50])
    sizes = np.array([0.03, 0.014, 0.018, 0.006]) * rng.uniform(0.6, 1.4, 4)
    turns = 2 * np.pi * HUM_HZ * np.outer((1, 2, 3, 6), np.arange(rate)) / rate
    phases = rng.uniform(0, 2 * np.pi, (2, 4, 1))
    hum: Signal = np.einsum("k,skn->sn", sizes, np.sin(turns + phases)).astype(np.float32)
    return hum


def _thunder(rng: np.random.Generator, rate: int) -> Signal:
    """Return a distant thunder, (2, 6 to 11 seconds): claps that roll, ever duller."""
    slow = rate / SLOW
    count = int(rng.uniform(6, 11) * slow)
    t = np.arange(count) / slow
    envelope = np.zeros(count)
    for begun in np.sort(rng.uniform(0, 3.5, 5)):
        age = np.clip(t - begun, 0, None)
        swell = 1 - np.exp(-age / rng.uniform(0.05, 0.3))
        envelope += rng.uniform(0.3, 1) * swell * np.exp(-age / rng.uniform(0.8, 1.8))
    envelope *= np.clip((t[-1] - t) / 1.5, 0, 1)
    f = np.fft.rfftfreq(count, 1 / slow)
    out = np.zeros((2, count))
    for low, high, fade in ((25.0, 70.0, 9.0), (50.0, 190.0, 2.2)):
        noise = np.fft.rfft(rng.standard_normal((3, count)))
        noise *= (f / low) ** 2 / (1 + (f / low) ** 2) / (1 + (f / high) ** 4)
        wave = np.fft.irfft(noise, count)
        wave /= np.sqrt((wave**2).mean())
        out += (wave[:2] + wave[2]) * np.exp(-t / fade)  # partly the same on both sides
    out *= rng.uniform(1.2, 3.5) * envelope
    at = np.arange(count * SLOW) / SLOW
    return np.stack([np.interp(at, np.arange(count), side) for side in out]).astype(np.float32)
