"""Chord tones: which notes a chord symbol's quality means, as it is written.

    >>> tones("m7b5")
    ((0, 0), (2, 3), (4, 6), (6, 10))
    >>> reduced("13b9", "sevenths"), reduced("^9", "sevenths"), reduced("m^7", "triads")
    ('7', 'maj7', 'm')

A tone is (letters, semitones) above the root, so that it can be spelled: (2, 3) is a minor third.
A quality is read from left to right; what is not understood changes nothing. ``sus`` is a fourth,
``+`` before a number a sharp, ``^`` and ``maj`` raise the seventh that follows, ``alt`` is 7#5b9#9.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Tone = tuple[int, int]  # letters, semitones above the root
Depth = Literal["all", "sevenths", "triads"]

_NATURAL = {2: (1, 2), 4: (3, 5), 5: (4, 7), 6: (5, 9), 9: (8, 14), 11: (10, 17), 13: (12, 21)}
_WORD = re.compile(
    r"maj|ma(?!dd)|Δ|\^|min|mi|dim|dom|d|aug|sus[24]?|add|omit|no|alt|m|M|o|°|ø|h|%"
    r"|[#b♯♭+\-]?(?:13|11|10|[2-9])|\+|-"
)
_TRIADS = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug", (5, 7): "sus4", (2, 7): "sus2"}
_SEVENTHS = {
    "": {9: "6", 10: "7", 11: "maj7"},
    "m": {9: "m6", 10: "m7", 11: "mmaj7"},
    "dim": {9: "dim7", 10: "m7b5"},
    "aug": {10: "aug7", 11: "maj7#5"},
    "sus4": {10: "7sus4"},
}


@lru_cache(maxsize=4096)
def tones(quality: str) -> tuple[Tone, ...]:
    """Return the tones of a quality from the root up.

    >>> tones("7b9")
    ((0, 0), (2, 4), (4, 7), (6, 10), (8, 13))
    """
    if quality == "5":
        return (0, 0), (4, 7)
    reader = _Reader()
    for word in _WORD.findall(quality):
        reader.read(word)
    return reader.tones()


class _Reader:
    """Takes in the words of a quality."""

    def __init__(self) -> None:
        self.third: Tone | None = (2, 4)
        self.fifth: Tone | None = (4, 7)
        self.seventh: Tone | None = None
        self.more: set[Tone] = set()
        self.size = 10  # of a seventh that follows
        self.before = ""

    def read(self, word: str) -> None:
        """Take in a word; the one before it may say what it means."""
        if word[-1].isdigit() and not word.startswith("sus"):
            self._number(word)
        elif word in ("m", "min", "mi") or (word == "-" and not self.before):
            self.third = (2, 3)
        elif word in ("maj", "ma", "M", "Δ", "^"):
            self.size = 11
            self.seventh = (6, 11) if word in "Δ^" else self.seventh
        elif word in ("dim", "d", "o", "°"):
            self.third, self.fifth, self.size = (2, 3), (4, 6), 9
        elif word in ("ø", "h", "%"):
            self.third, self.fifth, self.seventh = (2, 3), (4, 6), (6, 10)
        elif word in ("aug", "+"):
            self.fifth = (4, 8)
        elif word.startswith("sus"):
            self.third = (1, 2) if word == "sus2" else (3, 5)
        elif word == "alt":
            self.fifth, self.seventh, self.more = (4, 8), (6, 10), {(8, 13), (8, 15)}
        self.before = word

    def _number(self, word: str) -> None:
        sign, number = (word[0], int(word[1:])) if not word[0].isdigit() else ("", int(word))
        if sign == "-" and not self.before:  # -7 is m7, but m7-5 is m7b5
            self.third, sign = (2, 3), ""
        if sign == "+" and number in (6, 7):  # +7 is an augmented chord
            self.fifth, sign = (4, 8), ""
        if self.before in ("no", "omit"):
            self.third = None if number == 3 else self.third
            self.fifth = None if number == 5 else self.fifth
        elif sign:
            self._altered(-1 if sign in "b♭-" else 1, number)
        elif self.before == "add" or number in (2, 4, 6):
            self.more |= {_NATURAL[number]} if number in _NATURAL else set()
        elif number in (7, 9, 11, 13):
            self.more |= {_NATURAL[n] for n in (9, 11, 13) if n <= number and n in _NATURAL}
            # over 6, as in 6/9, a ninth brings no seventh with it
            self.seventh = None if (5, 9) in self.more and number == 9 else (6, self.size)
            self.more -= {(10, 17)} if number == 13 else set()  # nobody plays it

    def _altered(self, by: int, number: int) -> None:
        if number == 5:
            self.fifth = (4, 7 + by)
        elif number in _NATURAL:
            letters, semitones = _NATURAL[number]
            self.more.discard((letters, semitones))
            self.more.add((letters, semitones + by))

    def tones(self) -> tuple[Tone, ...]:
        """Return what was said."""
        found = {(0, 0), *self.more}
        found |= {tone for tone in (self.third, self.fifth, self.seventh) if tone}
        return tuple(sorted(found, key=lambda tone: (tone[1], tone[0])))


@lru_cache(maxsize=4096)
def reduced(quality: str, depth: Depth) -> str:
    """Return the quality that is left without tensions, or without seventh and sixth, too."""
    if depth == "all":
        return quality
    sizes = {semitones for _, semitones in tones(quality)}
    third = next((size for size in (4, 3, 5, 2) if size in sizes), 4)
    fifth = next((s for s in (7, 6, 8) if s in sizes), 7)
    triad = _TRIADS.get((third, fifth)) or _TRIADS[third, 7]
    if depth == "triads":
        return triad
    seventh = next((size for size in (10, 11, 9) if size in sizes), 0)
    return _SEVENTHS.get(triad, {}).get(seventh, triad)
