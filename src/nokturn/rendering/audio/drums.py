"""Drums: the kits, on the pitches of General MIDI.

    boom = hit(36, velocity=100, sample_rate=44100, kit="lofi")

Three kits: **acoustic**, a jazz kit in a dry room; **lofi**, the same off a dusty record by way of
an old sampler; **electronic**, a rhythm machine of the eighties. Pitches that General MIDI gives
no drum sound as the nearest one, and what a kit has not is the acoustic kit's. Every drum has a few
variations, so that a row of the same hits does not sound like a machine; the same hit is the same
bytes each time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError, did_you_mean
from nokturn.rendering.audio.percussion import Drum, Kit, Metal, Rattle, Skin
from nokturn.rendering.audio.tones import Tone

VARIATIONS = 4  # of every drum, played in turn

_STICK = Rattle(2500, 9000, 0.02, 0.3)


def _tom(pitch: float, ring: float, pan: float) -> Drum:
    name = "low tom" if pitch < 110 else "mid tom" if pitch < 150 else "high tom"
    layers = (
        Skin(1.35 * pitch, pitch, ring, 1.0, 0.06),
        Skin(1.75 * pitch, 1.59 * pitch, 0.5 * ring, 0.3),
        Rattle(300, 4000, 0.05, 0.2),
    )
    return Drum(name, layers, 0, pan)


def _hand(name: str, pitch: float, ring: float, pan: float, slap: float = 0.15) -> Drum:
    """Return a drum that a hand plays."""
    layers = (
        Skin(1.25 * pitch, pitch, ring, 1.0, 0.015),
        Skin(1.8 * pitch, 1.59 * pitch, 0.4 * ring, 0.3),
        Rattle(700, 6000, 0.04, slap),
    )
    return Drum(name, layers, -2, pan)


def _block(name: str, pitch: float, ring: float, level: float = -7) -> Drum:
    layers = (
        Skin(pitch, pitch, ring),
        Skin(2.57 * pitch, 2.57 * pitch, 0.5 * ring, 0.3),
        Rattle(1500, 8000, 0.01, 0.2),
    )
    return Drum(name, layers, level, 0.2)


def _bell(name: str, pitch: float, ring: float, pan: float) -> Drum:
    layers = (
        Skin(pitch, pitch, ring),
        Skin(1.51 * pitch, 1.51 * pitch, 0.8 * ring, 0.8),
        Metal(3 * pitch, 12 * pitch, 12, 0.3 * ring, 0.4),
    )
    return Drum(name, layers, -7, pan)


def _hat(name: str, ring: float, level: float, stick: float = 0.3) -> Drum:
    layers = (
        Metal(3600, 15500, 60, 1.8 * ring, 0.7),
        Rattle(7500, 17000, ring, 1.0),
        Rattle(4500, 14000, 0.015, stick),
    )
    return Drum(name, layers, level, 0.3, "hat")


def _crash(name: str, ring: float, pan: float, low: float = 420) -> Drum:
    layers = (
        Metal(low, 12500, 140, ring, 0.9),
        Rattle(4500, 15000, 0.6 * ring, 0.9, 0.004),
        Rattle(1500, 9000, 0.05, 0.3),
    )
    return Drum(name, layers, -2, pan)


def _ride(name: str, bell: float, pan: float) -> Drum:
    layers = (
        Metal(900, 11500, 70, 2.4, 0.4),
        Metal(2700, 7200, 5, 1.6, bell),
        Rattle(5000, 14000, 1.1, 0.35),
        Rattle(4500, 13000, 0.03, 0.8),
    )
    return Drum(name, layers, -7, pan)


def _scraped(name: str, ring: float, bursts: int) -> Drum:
    return Drum(name, (Rattle(2200, 8000, ring, 1.0, 0.002, bursts, 0.02),), -9, 0.3)


_KICK = Drum(
    "kick",
    (
        Skin(110, 56, 0.4, 1.0, 0.025),
        Skin(180, 118, 0.12, 0.2, 0.02),
        Rattle(60, 320, 0.08, 0.15),
        Rattle(1800, 6000, 0.014, 0.2),
    ),
    4,
)
_SNARE = Drum(
    "snare",
    (
        Skin(245, 186, 0.2, 0.7, 0.02),
        Skin(390, 332, 0.13, 0.4, 0.02),
        Rattle(1300, 8500, 0.26, 0.32),
        Rattle(350, 1500, 0.14, 0.35),
        _STICK,
    ),
    0,
    0.05,
)
_BRUSHED = Drum("snare", (Skin(230, 190, 0.15, 0.5), Rattle(1200, 9000, 0.3, 0.7, 0.003)), -1, 0.05)
_RIM = Drum(
    "side stick",
    (Skin(1720, 1690, 0.05), Skin(830, 810, 0.07, 0.8), Skin(2650, 2600, 0.03, 0.4), _STICK),
    -5,
)
_CLAP = Drum(
    "clap",
    (Rattle(900, 3200, 0.22, 1.0, 0.001, 4), Rattle(2500, 9000, 0.09, 0.3, 0.001, 3)),
    -2,
    -0.1,
)
_CLOSED = _hat("closed hi-hat", 0.15, -12)
_OPEN = _hat("open hi-hat", 0.9, -9, 0.2)
_PEDAL = _hat("pedal hi-hat", 0.1, -15, 0.0)
_SHAKER = Drum(
    "shaker", (Rattle(4200, 12500, 0.09, 1.0, 0.008), Rattle(5000, 14000, 0.03)), -11, -0.3
)
_TAMBOURINE = Drum(
    "tambourine",
    (Metal(4300, 14000, 24, 0.3, 0.8), Rattle(6000, 15000, 0.16, 0.7, 0.001, 2, 0.014)),
    -9,
    0.35,
)
_TRIANGLE = Drum(
    "triangle",
    (Skin(4080, 4080, 1.7), Skin(6690, 6690, 1.3, 0.6), Skin(9560, 9560, 0.9, 0.5)),
    -13,
    0.4,
)
_WHISTLE = Drum("whistle", (Skin(2300, 2360, 0.5), Rattle(2000, 4000, 0.3, 0.2)), -10, 0.3)

_ACOUSTIC = {
    35: _KICK, 36: _KICK, 37: _RIM, 38: _SNARE, 39: _CLAP, 40: _BRUSHED,
    41: _tom(78, 1.3, -0.4), 42: _CLOSED, 43: _tom(92, 1.2, -0.3), 44: _PEDAL,
    45: _tom(116, 1.05, -0.1), 46: _OPEN, 47: _tom(136, 0.95, 0.0), 48: _tom(162, 0.85, 0.15),
    49: _crash("crash cymbal", 3.2, -0.4), 50: _tom(192, 0.75, 0.3),
    51: _ride("ride cymbal", 0.3, -0.35), 52: _crash("china cymbal", 1.6, -0.4, 700),
    53: _ride("ride bell", 1.2, -0.35), 54: _TAMBOURINE,
    55: _crash("splash cymbal", 0.9, 0.3, 800), 56: _bell("cowbell", 562, 0.3, 0.25),
    57: _crash("crash cymbal", 2.8, 0.4, 480), 58: _scraped("vibraslap", 0.7, 8),
    59: _ride("ride cymbal", 0.4, 0.35), 60: _hand("bongo", 420, 0.16, 0.3),
    61: _hand("bongo", 310, 0.2, 0.3), 62: _hand("conga", 250, 0.1, -0.3, 0.4),
    63: _hand("conga", 240, 0.3, -0.3), 64: _hand("conga", 180, 0.35, -0.3),
    65: _hand("timbale", 360, 0.3, 0.2, 0.3), 66: _hand("timbale", 260, 0.35, 0.2, 0.3),
    67: _bell("agogo", 930, 0.35, 0.25), 68: _bell("agogo", 700, 0.35, 0.25),
    69: Drum("cabasa", (Rattle(5000, 13000, 0.1, 1.0, 0.006),), -11, -0.3), 70: _SHAKER,
    71: _WHISTLE, 72: Drum("whistle", (Skin(2300, 2360, 1.0), Rattle(2000, 4000, 0.6, 0.2)), -10),
    73: _scraped("guiro", 0.06, 5), 74: _scraped("guiro", 0.08, 14),
    75: _block("claves", 2450, 0.09), 76: _block("wood block", 1150, 0.09),
    77: _block("wood block", 840, 0.1), 78: _hand("cuica", 480, 0.15, 0.1),
    79: _hand("cuica", 340, 0.3, 0.1), 80: Drum("triangle", (Skin(4080, 4080, 0.15),), -14, 0.4),
    81: _TRIANGLE, 82: _SHAKER,
}  # fmt: skip

# soft and short: felt on the beater, a wallet on the snare, the hats half a room away
_DUSTY_KICK = Drum(
    "kick",
    (Skin(95, 54, 0.32, 1.0, 0.03), Skin(140, 95, 0.1, 0.3), Rattle(150, 1400, 0.025, 0.25)),
    5,
)
_DUSTY_SNARE = Drum(
    "snare",
    (
        Skin(215, 178, 0.13, 0.8, 0.02),
        Skin(845, 820, 0.05, 0.25),
        Rattle(700, 5500, 0.17, 0.6),
        Rattle(250, 900, 0.08, 0.3),
    ),
    0,
    0.04,
)
_DUSTY_RIM = Drum(
    "side stick",
    (Skin(1250, 1220, 0.045), Skin(640, 625, 0.06, 0.8), Rattle(1500, 5500, 0.012, 0.4)),
    -5,
    0.04,
)


def _dusty_hat(name: str, ring: float, level: float) -> Drum:
    layers = (Metal(2800, 8500, 40, 1.8 * ring, 0.6), Rattle(4600, 10000, ring, 1.0, 0.0015))
    return Drum(name, layers, level, 0.2, "hat")


_DUSTY = {
    35: _DUSTY_KICK, 36: _DUSTY_KICK, 37: _DUSTY_RIM, 38: _DUSTY_SNARE, 40: _DUSTY_SNARE,
    42: _dusty_hat("closed hi-hat", 0.09, -12), 44: _dusty_hat("pedal hi-hat", 0.07, -15),
    46: _dusty_hat("open hi-hat", 0.42, -10),
    70: Drum("shaker", (Rattle(3200, 8500, 0.08, 1.0, 0.01),), -12, -0.25),
    82: Drum("shaker", (Rattle(3200, 8500, 0.08, 1.0, 0.01),), -12, -0.25),
}  # fmt: skip


def _machine_hat(name: str, ring: float, level: float) -> Drum:
    layers = (Metal(5400, 13500, 18, 1.6 * ring, 1.0), Rattle(7500, 15000, ring, 0.5))
    return Drum(name, layers, level, 0.15, "hat")


def _machine_tom(pitch: float, ring: float, pan: float) -> Drum:
    layers = (Skin(1.5 * pitch, pitch, ring, 1.0, 0.03), Rattle(200, 1500, 0.08, 0.06))
    return Drum(f"tom {pitch:g} Hz", layers, 0, pan)


_MACHINE_KICK = Drum("kick", (Skin(170, 50, 0.85, 1.0, 0.014), Rattle(1500, 5000, 0.005, 0.2)), 5)
_MACHINE_SNARE = Drum(
    "snare",
    (
        Skin(260, 238, 0.16, 0.7, 0.01),
        Skin(490, 476, 0.1, 0.45, 0.01),
        Rattle(1800, 11000, 0.2, 0.6),
    ),
)
_MACHINE = {
    35: _MACHINE_KICK, 36: _MACHINE_KICK, 38: _MACHINE_SNARE, 40: _MACHINE_SNARE,
    37: Drum("side stick", (Skin(1667, 1667, 0.03), Skin(455, 455, 0.03, 0.7)), -6),
    39: Drum("clap", (Rattle(800, 2600, 0.25, 1.0, 0.0006, 3, 0.01),), -2),
    41: _machine_tom(82, 0.75, -0.3), 43: _machine_tom(92, 0.7, -0.2),
    45: _machine_tom(122, 0.62, -0.1), 47: _machine_tom(138, 0.58, 0.0),
    48: _machine_tom(165, 0.52, 0.1), 50: _machine_tom(190, 0.48, 0.2),
    42: _machine_hat("closed hi-hat", 0.09, -12), 44: _machine_hat("pedal hi-hat", 0.045, -15),
    46: _machine_hat("open hi-hat", 0.6, -8),
    49: Drum("crash cymbal", (Metal(3200, 13500, 40, 1.6, 1.0), Rattle(5000, 14000, 1.0, 0.8)), -4),
    56: Drum("cowbell", (Skin(540, 540, 0.28), Skin(800, 800, 0.28), Skin(1620, 1620, 0.2)), -7),
    70: Drum("shaker", (Rattle(6000, 14000, 0.05, 1.0, 0.004),), -12, -0.2),
    75: Drum("claves", (Skin(2500, 2500, 0.05),), -9, 0.2),
}  # fmt: skip

KITS = {
    "acoustic": Kit(_ACOUSTIC),
    "lofi": Kit({**_ACOUSTIC, **_DUSTY}, drive=0.35, top=7800, bits=10),
    "electronic": Kit({**_ACOUSTIC, **_MACHINE}, drive=0.1),
}


def kit_named(name: str) -> Kit:
    """Return the kit of a name.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    if name not in KITS:
        raise UsageError(f"There is no drum kit named {name!r}.", did_you_mean(name, KITS))
    return KITS[name]


def drum_of(pitch: int, kit: str = "acoustic") -> Drum:
    """Return the drum of a pitch; the nearest one where General MIDI has none.

    >>> drum_of(38).name, drum_of(0).name, drum_of(46, "lofi").choke
    ('snare', 'kick', 'hat')
    """
    return kit_named(kit).drum(pitch)


def hit(pitch: int, velocity: int, sample_rate: int, kit: str = "acoustic", nth: int = 0) -> Tone:
    """Return one hit as a mono tone, at the loudness of velocity 127; harder hits are brighter.

    Parameters
    ----------
    pitch
        Of General MIDI's drums.
    velocity
        1-127.
    kit
        Of `KITS`.
    nth
        Which hit of this drum it is: each of `VARIATIONS` differs a little.
    """
    return kit_named(kit).hit(pitch, velocity, sample_rate, nth % VARIATIONS)


def turns(pitches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for hits in order which of its drum's variations each one is.

    >>> turns(np.array([42, 42, 36, 42, 42, 42])).tolist()
    [0, 1, 0, 2, 3, 0]
    """
    nth = np.zeros_like(pitches)
    for pitch in np.unique(pitches):
        mine = pitches == pitch
        nth[mine] = np.arange(mine.sum()) % VARIATIONS
    return nth


def sounding(
    starts: NDArray[np.float64], pitches: NDArray[np.int64], kit: str = "acoustic"
) -> NDArray[np.float64]:
    """Return how many seconds each hit may sound until another one chokes it; inf = for ever.

    >>> sounding(np.array([0.0, 0.5, 0.5]), np.array([46, 36, 42])).tolist()
    [0.5, inf, inf]
    """
    free = np.full(len(starts), np.inf)
    words = np.array([drum_of(int(pitch), kit).choke for pitch in pitches], dtype=object)
    for word in set(words) - {""}:
        mine = np.flatnonzero(words == word)
        mine = mine[np.argsort(starts[mine], kind="stable")]
        later = starts[mine]
        following = np.searchsorted(later, later, side="right")
        ends = np.append(later, np.inf)[following]
        free[mine] = ends - later
    return free
