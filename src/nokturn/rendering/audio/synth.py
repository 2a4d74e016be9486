"""Synth: the instruments by name and by General MIDI program.

    tone = instrument_of(program=0).tone(pitch=60, velocity=80, seconds=2.0, sample_rate=44100)
    tone = instrument_named("felt piano").tone(60, 80, 2.0, 44100)

All are made from code: pianos, plucked strings and bars are `struck`, the two electric pianos
`electric`, what is held by breath or bow is `blown`, a section of strings an `ensemble`. Tones
sound like their families and not like recordings; General MIDI has 128 programs.
"""

from __future__ import annotations

from nokturn.errors import UsageError, did_you_mean
from nokturn.rendering.audio.blown import Blown
from nokturn.rendering.audio.electric import Fm, Tine
from nokturn.rendering.audio.ensemble import Ensemble
from nokturn.rendering.audio.struck import Struck
from nokturn.rendering.audio.tones import Burst, Instrument, Tone

__all__ = ["INSTRUMENTS", "VELOCITY_BANDS", "Tone", "instrument_named", "instrument_of"]

VELOCITY_BANDS = 8  # a tone's colour has so many steps; its loudness follows each velocity


def _falling(count: int, slope: float, odd: float = 1.0) -> tuple[float, ...]:
    """Return the strengths of harmonics 1/n^slope, the even ones weakened by a factor."""
    return tuple(round(n**-slope * (1 if n % 2 else odd), 5) for n in range(1, count + 1))


INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        Struck(
            "piano", release=0.35, width=0.5, ring=7.0, slope=3.8, soft=6.0, damping=0.22,
            stiffness=0.0004, pluck=1 / 8, uneven=2.5, second=0.35, longest=14.0,
            body=((110, 3, 0.6), (420, 2, 0.8)), bursts=(Burst(80, 1900, 0.09, 0.4),),
        ),
        Struck(
            "felt piano", release=0.45, width=0.4, attack=0.006, ring=5.5, slope=4.0, soft=4.0,
            damping=0.35, stiffness=0.0004, pluck=1 / 8, felt=1300, uneven=2.5, second=0.3,
            spread=1.6, longest=12.0, body=((130, 3, 0.6), (340, 2, 0.6)),
            bursts=(Burst(60, 420, 0.14, 0.5), Burst(1200, 3600, 0.05, 0.05)),
        ),
        Tine(
            "electric piano", release=0.3, width=0.3, longest=12.0,
            bursts=(Burst(70, 500, 0.05, 0.15),),
        ),
        Fm("fm piano", release=0.35, width=0.3, longest=12.0),
        Struck(
            "plucked", release=0.25, width=0.25, ring=3.2, slope=4.0, soft=6.0, damping=0.3,
            stiffness=0.00006, pluck=0.19, longest=10.0, bursts=(Burst(80, 2000, 0.08, 0.12),),
        ),
        Struck(
            "nylon guitar", level=0.5, release=0.2, width=0.25, attack=0.003, ring=3.4, slope=2.5,
            soft=6.0, damping=0.4, stiffness=0.00003, pluck=0.17, felt=6000, uneven=2.0,
            second=0.25, spread=0.9, longest=8.0,
            body=((105, 5, 0.4), (205, 4, 0.35), (410, 3, 0.4)),
            bursts=(Burst(90, 320, 0.09, 0.35), Burst(1500, 6000, 0.025, 0.1)),
        ),
        Struck(
            "bass", level=1.0, release=0.15, ring=4.0, slope=7.0, soft=6.0, damping=0.35,
            stiffness=0.00005, pluck=0.27, longest=10.0, bursts=(Burst(60, 1500, 0.08, 0.12),),
        ),
        Struck(
            "electric bass", release=0.1, attack=0.004, ring=5.0, slope=3.0, soft=3.0,
            damping=0.22, stiffness=0.00004, pluck=0.23, felt=900, uneven=1.5, second=0.4,
            spread=0.6, longest=10.0, bursts=(Burst(700, 2600, 0.03, 0.12),),
        ),
        Blown(
            "sub bass", level=-1.0, release=0.08, attack=0.02, harmonics=(1, 0.22, 0.12),
            bright=0.7, swell=0.04,
        ),
        Struck(
            "mallet", level=-1.0, release=1.2, width=0.4, ring=2.4, slope=9.0, soft=8.0,
            damping=0.6, ratios=(1, 3.98, 9.2), longest=6.0, bursts=(Burst(80, 2000, 0.08, 0.15),),
        ),
        Struck(
            "vibraphone", release=0.9, width=0.4, attack=0.003, ring=4.8, slope=6.0, soft=8.0,
            damping=0.7, ratios=(1, 4.0, 10.1), motor=0.45, longest=9.0,
            bursts=(Burst(150, 1100, 0.05, 0.2),),
        ),
        Blown(
            "flute", level=-1.0, release=0.16, attack=0.045,
            harmonics=(1, 0.85, 0.55, 0.2, 0.13, 0.06, 0.03),
            bright=0.4, thin=0.45, vibrato=7, vibrato_hz=5.0, settling=0.6, shake=0.12, breath=0.03,
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
        Ensemble("strings pad", level=-2.0, release=0.9, width=0.2),
    )
}  # fmt: skip

# General MIDI has 16 families of 8 programs; some programs of a family sound like another one
_FAMILIES = (
    "piano", "mallet", "organ", "plucked", "bass", "fiddle", "pad", "brass",
    "reed", "flute", "reed", "pad", "pad", "plucked", "mallet", "pad",
)  # fmt: skip
_EXCEPTIONS = {
    4: "electric piano", 5: "fm piano", 6: "plucked", 7: "plucked", 11: "vibraphone",
    15: "plucked", 20: "reed", 21: "reed", 22: "reed", 23: "reed", 24: "nylon guitar",
    33: "electric bass", 38: "sub bass", 39: "sub bass", 44: "strings pad", 45: "plucked",
    46: "plucked", 47: "bass", 48: "strings pad", 49: "strings pad", 50: "strings pad",
    51: "strings pad", 55: "brass", 89: "strings pad", 108: "mallet", 109: "reed", 110: "fiddle",
    111: "reed",
}  # fmt: skip


def instrument_of(program: int) -> Instrument:
    """Return the instrument that plays a General MIDI program 0-127.

    >>> instrument_of(73).name, instrument_of(110).name
    ('flute', 'fiddle')
    """
    return INSTRUMENTS[_EXCEPTIONS.get(program, _FAMILIES[program // 8])]


def instrument_named(name: str) -> Instrument:
    """Return the instrument of a name; case and ``_`` or ``-`` for a space do not matter.

    Raises
    ------
    UsageError
        There is none of that name.

    >>> instrument_named("Felt-Piano").name
    'felt piano'
    """
    plain = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    if plain not in INSTRUMENTS:
        raise UsageError(
            f"There is no instrument named {name!r}.", did_you_mean(plain, INSTRUMENTS)
        )
    return INSTRUMENTS[plain]
