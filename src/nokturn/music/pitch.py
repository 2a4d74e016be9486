"""Spelled pitches and keys.

A **Pitch** is a letter, an alteration and an octave (C4 is middle C, MIDI 60): F#4 and Gb4 sound
the same and are not the same pitch. A **Key** is a tonic, a mode and perhaps explicit
accidentals; it says which alteration each letter has where nothing else is written.

    >>> Pitch.parse("Bb4").midi
    70
    >>> str(Key.parse("Ador")), Key.parse("Ador").fifths
    ('Ador', 1)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from nokturn.errors import UsageError

LETTERS = "CDEFGAB"
SEMITONES = (0, 2, 4, 5, 7, 9, 11)  # of the seven letters above C
SHARP_ORDER = (3, 0, 4, 1, 5, 2, 6)  # F C G D A E B, as steps
ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}

# How many fifths a mode's signature lies above that of the major key on the same tonic.
MODES = {
    "major": 0,
    "minor": -3,
    "ionian": 0,
    "dorian": -2,
    "phrygian": -4,
    "lydian": 1,
    "mixolydian": -1,
    "aeolian": -3,
    "locrian": -5,
}
_MODE_SUFFIX = {
    "major": "",
    "minor": "m",
    "ionian": "ion",
    "dorian": "dor",
    "phrygian": "phr",
    "lydian": "lyd",
    "mixolydian": "mix",
    "aeolian": "aeo",
    "locrian": "loc",
}


class Pitch(NamedTuple):
    """A spelled pitch.

    ``step`` is 0-6 for C D E F G A B, ``alter`` semitones up (+) or down (-), ``octave`` 4 for the
    octave from middle C.
    """

    step: int
    alter: int = 0
    octave: int = 4

    @property
    def midi(self) -> int:
        """MIDI note number; 60 is middle C. It may leave 0-127 for extreme octaves."""
        return 12 * (self.octave + 1) + SEMITONES[self.step] + self.alter

    @property
    def diatonic(self) -> int:
        """Staff position: letters above C0 (C4 = 28)."""
        return 7 * self.octave + self.step

    def __str__(self) -> str:
        """``F#4``; double flats are ``Bbb3``."""
        sign = ACCIDENTALS.get(self.alter) or ("#" if self.alter > 0 else "b") * abs(self.alter)
        return f"{LETTERS[self.step]}{sign}{self.octave}"

    @staticmethod
    def parse(text: str) -> Pitch:
        """Read ``C4``, ``F#5``, ``Bb-1``; raises `UsageError` for anything else."""
        match = re.fullmatch(r"([A-Ga-g])(#{0,3}|b{0,3})(-?\d)", text.strip())
        if not match:
            raise UsageError(f"{text!r} is not a pitch.", "Write a letter, #/b and octave: F#4.")
        letter, sign, octave = match.groups()
        alter = len(sign) * (1 if "#" in sign else -1)
        return Pitch(LETTERS.index(letter.upper()), alter, int(octave))


@lru_cache(maxsize=4096)
def signature(fifths: int) -> tuple[int, ...]:
    """Return the alteration of each of the seven letters C-B in a signature of so many fifths.

    >>> signature(2)
    (1, 0, 0, 1, 0, 0, 0)
    """
    alters = [0] * 7
    for i in range(abs(fifths)):
        step = SHARP_ORDER[i % 7] if fifths > 0 else SHARP_ORDER[6 - i % 7]
        alters[step] += 1 if fifths > 0 else -1
    return tuple(alters)


@dataclass(frozen=True)
class Key:
    """A key: tonic, mode and perhaps explicit accidentals.

    Parameters
    ----------
    tonic
        Step 0-6 for C-B.
    alter
        The tonic's alteration: -1 in Bb, +1 in F#.
    mode
        One of `MODES`; or ``"none"`` (ABC ``K:none``: no signature, no tonic), ``"Hp"`` (highland
        pipes, F# C# shown) or ``"HP"`` (the same sounding pitches, nothing shown).
    explicit
        Accidentals written after the mode, (step, alter) each: ``K:D Phr ^f`` gives ((3, 1),).
    exact
        ABC's ``exp``: the explicit accidentals are the whole signature.
    """

    tonic: int = 0
    alter: int = 0
    mode: str = "major"
    explicit: tuple[tuple[int, int], ...] = ()
    exact: bool = False
    alters: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        alters = [0] * 7 if self.exact else list(signature(self.fifths))
        for step, alter in self.explicit:
            alters[step] = alter
        object.__setattr__(self, "alters", tuple(alters))

    @property
    def fifths(self) -> int:
        """Sharps (+) or flats (-) of the signature before explicit accidentals.

        >>> Key.parse("Bb").fifths, Key.parse("F#m").fifths
        (-2, 3)
        """
        if self.mode not in MODES:
            return 2 if self.mode in ("Hp", "HP") else 0
        major = (0, 2, 4, -1, 1, 3, 5)[self.tonic] + 7 * self.alter
        return major + MODES[self.mode]

    @property
    def minor(self) -> bool:
        """Whether the third is minor: minor, dorian, phrygian, aeolian, locrian."""
        return self.mode in ("minor", "aeolian", "dorian", "phrygian", "locrian")

    @property
    def tonic_class(self) -> int:
        """Pitch class 0-11 of the tonic."""
        return (SEMITONES[self.tonic] + self.alter) % 12

    @property
    def name(self) -> str:
        """In words: ``A dorian``, ``Bb major``."""
        if self.mode not in MODES:
            return {"none": "no key"}.get(self.mode, "highland pipes")
        return f"{LETTERS[self.tonic]}{ACCIDENTALS[self.alter]} {self.mode}"

    def __str__(self) -> str:
        """As in an ABC ``K:`` field: ``Ador``, ``F#m``, ``D phr ^f``; the canonical form."""
        if self.mode in MODES:
            head = f"{LETTERS[self.tonic]}{ACCIDENTALS[self.alter]}{_MODE_SUFFIX[self.mode]}"
        else:
            head = self.mode
        signs = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
        extra = "".join(f" {signs[alter]}{LETTERS[step].lower()}" for step, alter in self.explicit)
        return head + (" exp" if self.exact else "") + extra

    @staticmethod
    def parse(text: str) -> Key:
        """Read ``D``, ``Dm``, ``D minor``, ``Ddor``, ``Bb``, ``F#m``, ``none``.

        Raises `UsageError` for anything else. Clefs and the other things that an ABC ``K:`` field
        may hold are the ABC reader's business.
        """
        match = re.fullmatch(r"([A-Ga-g])\s*([#b♯♭]?)\s*([A-Za-z]*)", text.strip())
        if text.strip().lower() == "none":
            return Key(mode="none")
        mode = mode_named(match[3]) if match else None
        if not match or mode is None:
            raise UsageError(
                f"{text!r} is not a key.",
                "Use A-G with # or b, then major, minor, dorian, mixolydian ...: for example Bm.",
            )
        alter = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(match[2], 0)
        return Key(LETTERS.index(match[1].upper()), alter, mode)


def mode_named(text: str) -> str | None:
    """Return the mode that a word means (its first three letters count), or None.

    >>> mode_named("Mix"), mode_named(""), mode_named("m"), mode_named("xyz")
    ('mixolydian', 'major', 'minor', None)
    """
    word = text.strip().lower()
    if word in ("", "maj", "major") or text == "M":
        return "major"
    if word in ("m", "min", "minor"):
        return "minor"
    return next((mode for mode in MODES if len(word) >= 3 and mode.startswith(word[:3])), None)


_USUAL_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def usual_name(midi: int) -> str:
    """Return the usual name of a MIDI pitch with its octave, whatever the key.

    >>> usual_name(60), usual_name(70), usual_name(0)
    ('C4', 'Bb4', 'C-1')
    """
    return _USUAL_NAMES[midi % 12] + str(midi // 12 - 1)


def named(name: str) -> int:
    """Return the MIDI pitch of a usual name: the inverse of `usual_name`."""
    letters = name.rstrip("-0123456789")
    return _USUAL_NAMES.index(letters) + 12 * (int(name[len(letters) :]) + 1)
