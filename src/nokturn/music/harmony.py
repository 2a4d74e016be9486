"""Chord symbols: what ``Gm7/B`` says, and the names that MusicXML has for it.

    >>> parse("F#m7/C#")
    Harmony(root=(3, 1), quality='m7', bass=(0, 1))
    >>> kind_of("m7"), quality_of("minor-seventh")
    ('minor-seventh', 'm7')
    >>> [[str(chord) for chord in bar] for bar in progression("Dm7 G7 | Cmaj7")]
    [['Dm7', 'G7'], ['Cmaj7']]

Roots are (step 0-6 for C-B, alteration). The quality is kept as it was written; only its meaning
is looked up, so an unusual symbol survives a journey through another format. Roman numerals and
lower-case roots are not chord symbols here; a bass in lower case, as in ``D/f+``, is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from nokturn.errors import InputError
from nokturn.music.pitch import ACCIDENTALS, LETTERS, SEMITONES, Key

Root = tuple[int, int]  # step, alteration

# quality as written -> MusicXML kind; the first spelling of a kind is the one that is written
_KINDS = {
    "": "major", "maj": "major", "M": "major",
    "m": "minor", "min": "minor", "-": "minor", "mi": "minor",
    "7": "dominant", "dom7": "dominant",
    "maj7": "major-seventh", "M7": "major-seventh", "Δ": "major-seventh", "Δ7": "major-seventh",
    "^7": "major-seventh", "^": "major-seventh", "ma7": "major-seventh",
    "m7": "minor-seventh", "min7": "minor-seventh", "-7": "minor-seventh", "mi7": "minor-seventh",
    "dim": "diminished", "o": "diminished", "°": "diminished", "d": "diminished",
    "dim7": "diminished-seventh", "o7": "diminished-seventh", "°7": "diminished-seventh",
    "m7b5": "half-diminished", "ø": "half-diminished", "ø7": "half-diminished",
    "%": "half-diminished", "%7": "half-diminished", "h": "half-diminished",
    "h7": "half-diminished", "-7b5": "half-diminished", "min7b5": "half-diminished",
    "aug": "augmented", "+": "augmented",
    "aug7": "augmented-seventh", "+7": "augmented-seventh", "7#5": "augmented-seventh",
    "mM7": "major-minor", "mmaj7": "major-minor", "m(maj7)": "major-minor", "m^7": "major-minor",
    "-^7": "major-minor", "mΔ7": "major-minor", "-Δ7": "major-minor", "mΔ": "major-minor",
    "6": "major-sixth", "maj6": "major-sixth",
    "m6": "minor-sixth", "min6": "minor-sixth", "-6": "minor-sixth",
    "9": "dominant-ninth", "maj9": "major-ninth", "M9": "major-ninth", "^9": "major-ninth",
    "m9": "minor-ninth", "-9": "minor-ninth",
    "11": "dominant-11th", "maj11": "major-11th", "m11": "minor-11th",
    "13": "dominant-13th", "maj13": "major-13th", "m13": "minor-13th",
    "sus2": "suspended-second", "sus4": "suspended-fourth", "sus": "suspended-fourth",
    "5": "power",
}  # fmt: skip
_SYMBOL = re.compile(
    r"([A-G])(##|bb|[#b♯♭])?([^/\s]{0,24}?(?:6/9)?)(?:/([A-Ga-g])(##|bb|[#b♯♭+])?)?"
)
_ALTERS = {"": 0, "#": 1, "♯": 1, "+": 1, "b": -1, "♭": -1, "##": 2, "bb": -2}
_QUALITY = re.compile(
    r"(?:maj|ma|min|mi|dim|d$|aug|sus|add|omit|no|alt|dom|6/9|[mM+\-o°øh%Δ()#b♯♭^0-9,])*"
)


class Harmony(NamedTuple):
    """A chord symbol: root, quality as written, and the bass where one is named."""

    root: Root
    quality: str = ""
    bass: Root | None = None

    def __str__(self) -> str:
        """As written: ``F#m7/C#``."""
        return _name(self.root) + self.quality + (f"/{_name(self.bass)}" if self.bass else "")


@lru_cache(maxsize=4096)
def parse(text: str) -> Harmony | None:
    """Return what a chord symbol says, or None where the text is not one.

    >>> parse("Am"), parse("Allegro")
    (Harmony(root=(5, 0), quality='m', bass=None), None)
    """
    match = _SYMBOL.fullmatch(text.strip())
    if not match or not _QUALITY.fullmatch(match[3]):
        return None
    bass = (LETTERS.index(match[4].upper()), _ALTERS[match[5] or ""]) if match[4] else None
    return Harmony((LETTERS.index(match[1]), _ALTERS[match[2] or ""]), match[3], bass)


def kind_of(quality: str) -> str:
    """Return the MusicXML kind of a quality; ``other`` where there is none."""
    return _KINDS.get(quality, "other")


def quality_of(kind: str) -> str:
    """Return the quality to write for a MusicXML kind; empty (a major chord) for unknown ones."""
    return next((quality for quality, name in _KINDS.items() if name == kind), "")


def progression(
    text: str,
    source: str = "<text>",
    *,
    read: Callable[[str], Harmony | None] = parse,
    expected: str = "one like Dm7, Bbmaj7 or G7/B",
) -> list[list[Harmony]]:
    """Return the chords of each bar of a text like ``Dm7 G7 | Cmaj7 | %``.

    Bars stand between bar lines or line ends; ``%`` alone is the bar before once more.

    Parameters
    ----------
    read
        What makes a chord of a word, or None where it is none.
    expected
        The words that ``read`` takes, for the message of an error.

    Raises
    ------
    InputError
        A word is no chord symbol, or ``%`` stands before the first bar.
    """
    bars: list[list[Harmony]] = []
    for number, line in enumerate(text.splitlines(), 1):
        for cell in re.finditer(r"[^|:\[\]]+", line):
            words = list(re.finditer(r"\S+", cell[0]))
            if [word[0] for word in words] == ["%"] and bars:
                bars.append(bars[-1])
            elif words:
                bars.append([])
                for word in words:
                    chord = read(word[0])
                    if chord is None:
                        column = cell.start() + word.start() + 1
                        raise _no_chord(word[0], expected, source, number, column)
                    bars[-1].append(chord)
    return bars


def _no_chord(word: str, expected: str, source: str, line: int, column: int) -> InputError:
    message = f"{word[:40]!r} is no chord symbol; expected {expected}."
    return InputError(message, source=source, line=line, column=column)


def pitch_class(root: Root) -> int:
    """Return the pitch class 0-11 of a root or bass."""
    return (SEMITONES[root[0]] + root[1]) % 12


def spelled(pitch_class: int, key: Key | None = None) -> Root:
    """Return a pitch class as a root that is near to the key: flats in F, sharps in D.

    >>> spelled(10, Key.parse("F")), spelled(10, Key.parse("B"))
    ((6, -1), (5, 1))
    """
    # of twelve neighbours on the line of fifths (C is 0), none with two accidentals
    lowest = min(-1, max(-7, (key.fifths if key else 0) - 5))
    fifths = lowest + (7 * pitch_class - lowest) % 12
    return 4 * fifths % 7, (fifths + 1) // 7


def _name(root: Root) -> str:
    return LETTERS[root[0]] + ACCIDENTALS[root[1]]
