"""What the fields of MIDI meta events mean: tempos, meters, keys, names. And the limits.

>>> tempo(512821), str(key(1, False)), text(b"Caf\\xe9")
(117.0, 'G', 'Café')
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.music.piece import recipe_of
from nokturn.music.pitch import Key
from nokturn.music.time import Meter

MAX_NOTES = 200_000  # a Mahler symphony has 100,000
MAX_TRACKS = 1_024
MAX_CHANGES = 100_000  # of tempo, of meter, of key: performances have one each beat at most
MAX_SECONDS = 4 * 3600.0  # longer than any of Wagner's acts; tiny files can ask for years
MAX_TICK = 2**28 - 1  # at 480 a quarter; a file's four-byte times reach no further
MIN_QPM, MAX_QPM = 3.0, 10_000.0  # 24 bits of microseconds reach down to 3.6
RECIPE = "nokturn "  # begins the text event that holds a piece's recipe
KEY = "key "  # begins a text event for a key that a key signature cannot name: A dorian

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What programs call a first track that holds no music; it is not the title of the piece.
_NO_TITLE = re.compile(r"(?i)(control|conductor|tempo|master)( track)?|untitled|track ?\d*|")


@lru_cache(maxsize=4096)
def tempo(microseconds: int) -> float | None:
    """Return quarters a minute, see `tempos`; None if impossible."""
    qpm = float(tempos(np.array([microseconds]))[0])
    return None if math.isnan(qpm) else qpm


def tempos(microseconds: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return quarters a minute, the roundest numbers that mean the same; NaN if impossible.

    Performances change their tempo at every beat, to what no number of three digits means.

    Parameters
    ----------
    microseconds
        Of a quarter, (N,).
    """
    exact = 60e6 / np.maximum(microseconds, 1)
    found = (microseconds > 0) & (exact >= MIN_QPM) & (exact <= MAX_QPM)
    exact[~found] = np.nan
    qpm: NDArray[np.float64] = exact.copy()
    for digits in (3, 2, 1, 0):
        near = exact.round(digits)
        found &= np.rint(60e6 / near) == microseconds
        np.copyto(qpm, near, where=found)
    return qpm


@lru_cache(maxsize=4096)
def meter(numerator: int, denominator: int) -> Meter | None:
    """Return a meter; None for what no music has: 0 beats, 2,147,483,648ths."""
    sound = 1 <= numerator <= 255 and 1 <= denominator <= 128
    return Meter(numerator, denominator) if sound and not denominator & (denominator - 1) else None


@lru_cache(maxsize=4096)
def key(fifths: int, minor: bool) -> Key | None:
    """Return the key of so many sharps (+) or flats (-), None beyond seven.

    >>> str(key(-3, True)), str(key(-2, False)), key(127, False)
    ('Cm', 'Bb', None)
    """
    if not -7 <= fifths <= 7:
        return None
    place = fifths + 3 * minor  # of the tonic on the line of fifths, from C
    return Key(place * 4 % 7, (place + 1) // 7, "minor" if minor else "major")


def text(data: bytes) -> str:
    """Return text as one clean line: UTF-8, else Latin-1, without control characters."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        decoded = data.decode("latin-1")
    return clean(decoded)


def clean(words: str) -> str:
    """Return words without control characters, lone surrogates and outer spaces."""
    words = words.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(" ", words).strip()[:200]


def title(name: str) -> str:
    """Return a first track's name where it may be a title, else nothing."""
    return "" if _NO_TITLE.fullmatch(name) else name


def recipe(words: bytes) -> dict[str, Any] | None:
    """Return the recipe that a text event holds, or None.

    >>> recipe(b'nokturn {"seed": 7}')
    {'seed': 7}
    """
    try:
        decoded = words.decode("utf-8")
    except ValueError:  # somebody else's text, or a damaged one
        return None
    return recipe_of(decoded[len(RECIPE) :]) if decoded.startswith(RECIPE) else None
