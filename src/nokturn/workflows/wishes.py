"""Wishes: what people ask for in words, checked; and what they get told on the way.

parsed_tempo("3/8=120").qpm   ->   180.0
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from nokturn.errors import UsageError
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Tempo

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Composed:
    """A new piece; its recipe says how it was made."""

    piece: Piece


@dataclass(frozen=True)
class Writing:
    """A piece that is being written, and what stands of it.

    Attributes
    ----------
    variation
        Which piece, from 0.
    bar
        Whole bars that stand, as played; fewer than before where some are drawn again.
    of
        Bars that were asked for; None = the model chooses.
    piece
        Makes the piece so far, with title and tempo: a few milliseconds.
    abc
        Its text so far, where the model writes ABC: headers and whole bars.
    """

    variation: int
    bar: int
    of: int | None
    piece: Callable[[], Piece] = field(repr=False, compare=False)
    abc: str = ""


@dataclass(frozen=True)
class Said:
    """Something that the user should know."""

    text: str


def first_seed(seed: int | None, n: int) -> int:
    """Return the seed of the first of ``n`` pieces: as given, else a random one.

    Raises `UsageError` where there is no such seed.
    """
    first = secrets.randbelow(MAX_SEED - n) if seed is None else seed
    if not 0 <= first <= MAX_SEED:
        raise UsageError(f"--seed {seed} is out of range.", f"Seeds are 0 to {MAX_SEED}.")
    return first


def parsed_key(text: str) -> Key | None:
    """Return the key that was asked for; None = any. `UsageError` where it is none."""
    return None if text.strip().lower() in ("", "any") else Key.parse(text)


def parsed_meter(text: str) -> Meter | None:
    """Return the meter that was asked for; None = any. `UsageError` where it is none."""
    from nokturn.formats._abc_fields import parse_meter

    if text.strip().lower() in ("", "any"):
        return None
    try:
        meter = parse_meter(text)
    except ValueError as error:
        raise UsageError(f"--meter: {error}.") from error
    if meter.free:
        raise UsageError("A tune without meter cannot be asked for.", "For example: --meter 6/8")
    return meter


def parsed_tempo(text: str | float) -> Tempo | None:
    """Return the tempo that was asked for; None = the usual. `UsageError` where it is none."""
    from nokturn.formats._abc_fields import parse_tempo

    word = str(text).strip()
    if word.lower() in ("", "any", "auto"):
        return None
    try:
        tempo = parse_tempo(word.replace(",", "."), TICKS_PER_QUARTER)
    except ValueError as error:
        raise UsageError(f"--tempo: {error}.") from error
    if not 10 <= tempo.qpm <= 1000:
        raise UsageError(
            f"--tempo {word} is {tempo.qpm:g} quarter notes a minute.", "Use 10 to 1000."
        )
    return tempo
