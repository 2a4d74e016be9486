"""Drums: the General MIDI kit as samples, made of two things only.

A drum is a **skin** (a sine that falls in pitch and dies) and a **rattle** (noise between two
frequencies that dies), mixed. Pitches that General MIDI gives no drum sound as the nearest one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nokturn.rendering.audio.tones import Tone, noise


class Drum(NamedTuple):
    """One drum: its skin, its rattle, where it stands.

    ``high`` and ``low`` are the frequencies in Hz between which the skin falls, ``skin`` and
    ``rattle`` how long each sounds in seconds (to -60 dB), ``band`` the rattle's frequencies,
    ``noise`` its part of the sound 0-1, ``level`` dB, ``pan`` -1 left to 1 right.
    """

    name: str
    high: float
    low: float
    skin: float
    band: tuple[float, float]
    rattle: float
    noise: float
    level: float = 0.0
    pan: float = 0.0


_KICK = Drum("kick", 160, 48, 0.45, (1500, 5000), 0.03, 0.08, 4)
_STICK = Drum("side stick", 1700, 1600, 0.06, (1500, 7000), 0.06, 0.4, -3)
_SNARE = Drum("snare", 240, 180, 0.25, (1200, 9000), 0.32, 0.62, 1, 0.05)
_CLAP = Drum("clap", 900, 900, 0.02, (800, 5000), 0.3, 0.95, -1, -0.1)
_CLOSED = Drum("closed hi-hat", 9000, 9000, 0.01, (7000, 15000), 0.09, 0.97, -9, 0.3)
_OPEN = Drum("open hi-hat", 9000, 9000, 0.01, (6500, 15000), 0.7, 0.97, -9, 0.3)
_CRASH = Drum("crash cymbal", 5200, 5200, 0.01, (3000, 14000), 2.4, 0.97, -6, -0.4)
_RIDE = Drum("ride cymbal", 4300, 4300, 0.6, (5000, 13000), 1.4, 0.75, -10, -0.35)
_COWBELL = Drum("cowbell", 560, 555, 0.35, (1500, 5000), 0.05, 0.15, -5, 0.25)
_SHAKER = Drum("shaker", 8000, 8000, 0.01, (5000, 12000), 0.12, 0.97, -9, -0.3)
_TAMBOURINE = Drum("tambourine", 7600, 7600, 0.1, (6000, 14000), 0.3, 0.85, -8, 0.35)
_TRIANGLE = Drum("triangle", 4100, 4100, 1.6, (8000, 14000), 0.2, 0.1, -12, 0.4)
_SCRAPE = Drum("guiro", 2500, 2500, 0.02, (2000, 8000), 0.25, 0.95, -8, 0.3)
_WHISTLE = Drum("whistle", 2350, 2300, 0.5, (2000, 4000), 0.3, 0.2, -10, 0.3)


def _skin(name: str, pitch: float, seconds: float, pan: float, noise: float = 0.12) -> Drum:
    return Drum(name, 1.6 * pitch, pitch, seconds, (600, 4000), 0.06, noise, 0, pan)


KIT = {
    35: _KICK, 36: _KICK, 37: _STICK, 38: _SNARE, 39: _CLAP, 40: _SNARE,
    41: _skin("low tom", 80, 0.6, -0.4), 42: _CLOSED, 43: _skin("low tom", 95, 0.55, -0.3),
    44: _CLOSED._replace(name="pedal hi-hat", rattle=0.06, level=-12.0),
    45: _skin("mid tom", 120, 0.5, -0.1), 46: _OPEN, 47: _skin("mid tom", 140, 0.45, 0.0),
    48: _skin("high tom", 170, 0.4, 0.15), 49: _CRASH, 50: _skin("high tom", 200, 0.38, 0.3),
    51: _RIDE, 52: _CRASH._replace(name="china cymbal", rattle=1.6), 53: _RIDE._replace(noise=0.45),
    54: _TAMBOURINE, 55: _CRASH._replace(name="splash cymbal", rattle=0.9, pan=0.3), 56: _COWBELL,
    57: _CRASH._replace(pan=0.4), 58: _SCRAPE._replace(name="vibraslap", rattle=0.8),
    59: _RIDE._replace(pan=0.35), 60: _skin("bongo", 420, 0.16, 0.3),
    61: _skin("bongo", 310, 0.2, 0.3), 62: _skin("conga", 250, 0.1, -0.3, 0.3),
    63: _skin("conga", 240, 0.3, -0.3), 64: _skin("conga", 180, 0.35, -0.3),
    65: _skin("timbale", 360, 0.3, 0.2, 0.25), 66: _skin("timbale", 260, 0.35, 0.2, 0.25),
    67: _COWBELL._replace(name="agogo", high=930, low=925),
    68: _COWBELL._replace(name="agogo", high=700, low=695), 69: _SHAKER._replace(name="cabasa"),
    70: _SHAKER._replace(name="maracas", rattle=0.08), 71: _WHISTLE,
    72: _WHISTLE._replace(skin=1.0), 73: _SCRAPE, 74: _SCRAPE._replace(rattle=0.5),
    75: _STICK._replace(name="claves", high=2450, low=2440, noise=0.05),
    76: _STICK._replace(name="wood block", high=1150, low=1100, noise=0.08),
    77: _STICK._replace(name="wood block", high=850, low=820, noise=0.08),
    78: _skin("cuica", 480, 0.15, 0.1), 79: _skin("cuica", 340, 0.3, 0.1),
    80: _TRIANGLE._replace(skin=0.15), 81: _TRIANGLE,
}  # fmt: skip


def drum_of(pitch: int) -> Drum:
    """Return the drum of a pitch; the nearest one where General MIDI has none.

    >>> drum_of(38).name, drum_of(0).name
    ('snare', 'kick')
    """
    return KIT[min(KIT, key=lambda known: (abs(known - pitch), known))]


def hit(pitch: int, velocity: int, sample_rate: int) -> Tone:
    """Return one hit as a mono tone, at the loudness of velocity 127; harder hits are brighter."""
    drum = drum_of(pitch)
    count = int((max(drum.skin, drum.rattle) + 0.01) * sample_rate)
    t = np.arange(count) / sample_rate
    fall = 0.035  # seconds in which the skin's pitch falls
    phase = drum.low * t + (drum.high - drum.low) * fall * (1 - np.exp(-t / fall))
    skin = np.sin(2 * np.pi * phase) * np.exp(-6.9 * t / drum.skin)
    low, high = drum.band
    hard = 0.5 + 0.5 * velocity / 127
    top = min(high * hard, 0.45 * sample_rate)
    rattle = noise(count, low * hard, top, sample_rate, 4000 + pitch)
    rattle = rattle * np.exp(-6.9 * t / drum.rattle)
    tone = (1 - drum.noise) * skin + 0.5 * drum.noise * rattle
    tone *= np.clip(t / 0.0006, 0, 1) * np.clip(
        (count - np.arange(count)) / (0.005 * sample_rate), 0, 1
    )
    sound: Tone = (0.42 * 10 ** (drum.level / 20) * (tone - tone.mean())).astype(np.float32)
    return sound
