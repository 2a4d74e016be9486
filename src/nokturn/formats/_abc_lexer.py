"""The words of ABC music: one pattern over a line, and what its note words mean.

    for word in WORD.finditer("|:(3ABc d2>e|"):
        word.lastgroup          "bar", "tuplet", "note", "note", "note", "space", "note", ...

`RUN_OR_WORD` takes notes side by side as one, "run", and `MEASURES` all that stands before a bar
line, with it, where that can be nothing but notes and what belongs to them: that is what the reader
goes by. A text means the same in every tune but for the unit length and the key, so what it means
is kept (`_abc_known`): bars that come again cost one look-up, and others one for each `GROUP`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from nokturn.music.pitch import Pitch
from nokturn.music.time import Ticks, exact

LENGTH = r"\d*(?:/+\d*)?"
_SIGN = r"(?:\^\^|\^/?\d?(?=[A-Ga-g])|\^|__|_/?\d?(?=[A-Ga-g])|_|=)"
_END = rf"[,']*{LENGTH}-?"
_NOTE = rf"{_SIGN}?[A-Ga-g]{_END}"
_RUN = rf"(?:[A-Ga-g]{{1,64}}{_END}|[ \t]+|{_SIGN}[A-Ga-g]{_END}){{1,64}}"  # longer: in parts
BAR = r":*\.?(?:\[\||\|)[|\]:]*(?:\[\|[|\]:]*)*|::+"
_PART = r"""(?: [A-Ga-gxyzH-Wh-w~0-9^_=,'/<>)-]{1,40}+ | \((?!\d+:) | \.
  | "[^"|]{0,40}" | \{[^}|"]{0,40}\} | ![^!|"{[]{1,40}! | \[(?![\s\d])[^]|:"{!]{0,40}\] )"""
_MEASURE = rf"""
    (?![ \t]*\d)  # the number of an ending
    (?: {_PART} | [ \t]+ ){{1,40}}+  # bounded: where no bar line follows, it was tried in vain
    (?<!\.) (?!\.) (?={BAR})"""

WORD = re.compile(
    rf"""
      (?P<note>{_NOTE})
    | (?P<space>[ \t]+)
    | (?P<bar>{BAR})
    | (?P<rest>[zx]{LENGTH})
    | (?P<bars>[ZX]\d*)
    | (?P<tuplet>\(\d+(?::\d*){{0,2}})
    | (?P<broken>[<>]+)
    | (?P<quoted>"[^"]*"?)
    | (?P<grace>\{{[^}}]*\}}?)
    | (?P<field>\[[A-Za-z]:[^\]]*\]?)
    | (?P<ending>\[?\s?\d[\d,\-.x]*|\["[^"]*"\]?)
    | (?P<chord>\[[^\]|:]*\]{LENGTH}-?)
    | (?P<slur>\.?[()])
    | (?P<decoration>![^!\s|]{{1,40}}!|![a-zA-Z][a-zA-Z. ]{{0,38}}!|\+[a-zA-Z.<>()]{{1,40}}\+)
    | (?P<shorthand>[.~H-Wh-w])
    | (?P<tie>-)
    | (?P<overlay>&+)
    | (?P<spacer>y{LENGTH})
    | (?P<ignored>[`$!*;?@]|\\.?|[\x00-\x1f])
    | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)

RUN_OR_WORD = re.compile(rf"(?P<run>{_RUN})|{WORD.pattern}", re.VERBOSE | re.DOTALL)
MEASURES = re.compile(rf"({_MEASURE})?({BAR})|(.+)", re.VERBOSE | re.DOTALL)
GROUP = re.compile(rf"{_PART}++", re.VERBOSE)  # of a measure: what stands between spaces
NOTE = re.compile(_NOTE)
ODD_LENGTH = re.compile(r"//+\d")  # two slashes and a number

SHORTHANDS = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda",
    "P": "uppermordent", "S": "segno", "T": "trill", "u": "upbow", "v": "downbow", "J": "slide",
}  # fmt: skip
SYNONYMS = {
    "emphasis": "accent", ">": "accent", "mordent": "lowermordent", "pralltriller": "uppermordent",
    "plus": "+", "marcato": "marcato", "^": "marcato", "crescendo(": "<(", "crescendo)": "<)",
    "diminuendo(": ">(", "diminuendo)": ">)", "D.C.alfine": "D.C.alfine", "FINE": "fine",
    "tr": "trill", "DC": "D.C.", "DS": "D.S.", "stacc": "staccato", "ten": "tenuto",
}  # fmt: skip

_NOTE_PARTS = re.compile(rf"(\^\^|\^/?\d?|__|_/?\d?|=)?([A-Ga-g])([,']*)({LENGTH})(-?)")
_STEPS = {letter: step for step, letter in enumerate("CDEFGAB")}


class NoteWord(NamedTuple):
    """What a note's text means, but for key and unit: ``alter`` is None where none is written."""

    alter: int | None
    step: int
    octave: int
    factor: Ticks  # of the unit note length
    tied: bool
    micro: bool  # a quarter tone was written and is not kept


@lru_cache(maxsize=8192)
def note_word(text: str) -> NoteWord:
    """Read the text of one note. Raises `ValueError` for an impossible length or octave."""
    match = _NOTE_PARTS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a note")
    sign, letter, marks, length, tie = match.groups()
    octave = (4 if letter.isupper() else 5) + marks.count("'") - marks.count(",")
    if len(marks) > 16 or not -1 <= octave <= 10:
        raise ValueError(f"{text!r} is more octaves away than anyone can hear")
    alter = None
    if sign:
        alter = {"^^": 2, "__": -2, "=": 0}.get(sign, 1 if sign[0] == "^" else -1)
    micro = bool(sign) and ("/" in sign or sign[-1].isdigit())
    return NoteWord(alter, _STEPS[letter.upper()], octave, factor(length), bool(tie), micro)


@lru_cache(maxsize=1024)
def factor(text: str) -> Ticks:
    """Read a length: ``3/2`` is 3/2 of the unit, ``/`` a half, ``//`` a quarter.

    >>> factor(""), factor("/"), factor("3/2")
    (1, Fraction(1, 2), Fraction(3, 2))
    """
    if not text:
        return 1
    number, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    if len(number) > 4 or len(below) > 4 or len(slashes) > 8:
        raise ValueError(f"{text!r} is not a note length")
    denominator = int(below) * 2 ** (len(slashes) - 1) if below else 2 ** len(slashes)
    top = int(number or 1)
    if not denominator or not top:
        raise ValueError(f"{text!r} is not a note length: nothing lasts 0 or a 0th")
    return exact(Fraction(top, denominator))


@lru_cache(maxsize=8192)
def times(length: Ticks, by: Ticks) -> Ticks:
    """Return the product of two exact numbers, kept for the next time."""
    return exact(length * by)


@lru_cache(maxsize=2048)
def pitch(step: int, alter: int, octave: int) -> tuple[Pitch]:
    """Return a spelled pitch, alone in a tuple, the same object each time."""
    return (Pitch(step, alter, octave),)
