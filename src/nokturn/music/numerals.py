"""Roman numerals: chords named by their degree of a key.

    >>> [str(numeral(word, Key.parse("C"))) for word in "ii7 V9 Imaj7 bVII V7/ii".split()]
    ['Dm7', 'G9', 'Cmaj7', 'Bb', 'A7']
    >>> [str(numeral(word, Key.parse("Am"))) for word in "i VI bVI VII vii°7 iiø7".split()]
    ['Am', 'F', 'F', 'G', 'G#dim7', 'Bm7b5']

Capitals are major and small letters minor; what follows is written as in a chord symbol, so that
``ii7`` is a minor seventh chord and ``V7`` a dominant. Degrees are those of the key's own scale; a
flat is a flat of the major scale, so that in minor VI and bVI are one chord. A diminished vii in
minor stands on the leading note. ``V/V`` is the dominant of the dominant. Its weakness: it knows no
figured bass, and I6 is a chord with a sixth.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from nokturn.music.harmony import Harmony, Root, parse, pitch_class, spelled
from nokturn.music.pitch import Key

LONGEST = 32  # characters of one chord
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_WORD = re.compile(r"([#b♯♭]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)([^/\s]*(?:6/9)?)")
_NUMBERS = {"2", "4", "5", "6", "7", "9", "11", "13", "69"}
_ALTERS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_SIGNS = {"°": "dim", "o": "dim", "ø7": "m7b5", "ø": "m7b5", "+": "aug"}  # at the beginning


@lru_cache(maxsize=4096)
def numeral(text: str, key: Key) -> Harmony | None:
    """Return the chord that a Roman numeral means in a key, or None where the text is none.

    >>> numeral("#iv°", Key.parse("C")), numeral("Am", Key.parse("C"))
    (Harmony(root=(3, 1), quality='dim', bass=None), None)
    """
    if len(text) > LONGEST:
        return None
    if "/" in text and not text.endswith("6/9"):
        word, _, target = text.rpartition("/")
        goal = numeral(target, key)
        if goal is None:
            return None
        mode = "minor" if goal.quality.startswith(("m", "dim")) and _small(target) else "major"
        home = Key(*_near(goal.root), mode)
        return numeral(word, home)
    match = _WORD.fullmatch(text)
    if not match:
        return None
    quality = _quality(match[3], small=match[2].islower())
    if quality is None:
        return None
    degree = _NUMERALS.index(match[2].upper())
    return Harmony(_near(_root(degree, match[1], quality, key)), quality)


def _small(text: str) -> bool:
    return text.lstrip("#b♯♭")[:1].islower()


def _root(degree: int, sign: str, quality: str, key: Key) -> Root:
    """Return the root of a degree 0-6 with a sign before it."""
    step = (key.tonic + degree) % 7
    major = replace(key, mode="major", explicit=(), exact=False)
    leading = degree == 6 and not sign and quality.startswith(("dim", "m7b5"))
    alters = major.alters if sign in ("b", "♭") or leading else key.alters
    return step, alters[step] + _ALTERS[sign]


def _near(root: Root) -> Root:
    """Return a root without double accidentals."""
    return root if abs(root[1]) < 2 else spelled(pitch_class(root))


def _quality(text: str, *, small: bool) -> str | None:
    """Return the quality that a numeral's ending means; None where it is none."""
    for sign, word in _SIGNS.items():
        if text.startswith(sign):
            text = word + text[len(sign) :]
            break
    minor = re.match(r"m(?!aj)|min|dim|aug|sus|-", text)
    quality = "m" + text if small and not minor else text
    numbers = set(re.findall(r"\d+", quality.replace("6/9", "69")))
    return quality if numbers <= _NUMBERS and parse("C" + quality) else None
