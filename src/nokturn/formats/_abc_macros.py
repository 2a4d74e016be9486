"""Macros of ABC (``m:``): a sign in the music stands for longer text.

    m:~G3 = G{A}G{F}G       ~G3 is played as written behind the sign
    m:~n3 = n{o}n{m}n       n is any note; h to z are notes so many steps below and above it

Source: the ABC 2.1 standard, section 9.
"""

from __future__ import annotations

import re

from nokturn.errors import LimitError

MAX_MACROS = 200
MAX_SIGN, MAX_TEXT = 31, 200  # characters
MAX_LINE = 100_000  # characters of a line with its macros replaced
NOTES = "CDEFGABcdefgab"


class Macros:
    """The macros of a tune; false while there are none."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._texts)

    def define(self, field: str) -> None:
        """Take up what an ``m:`` field says.

        Raises
        ------
        ValueError
            It is no macro, a longer one than allowed, or one too many.
        """
        sign, equals, text = (part.strip() for part in field.partition("="))
        if not (sign and equals and len(sign) <= MAX_SIGN and len(text) <= MAX_TEXT):
            raise ValueError(f"{field[:40]!r} is no macro such as ~G3=G{{A}}G{{F}}G")
        places = range(len(NOTES)) if "n" in sign else (None,)
        for place in places:
            here = sign if place is None else sign.replace("n", NOTES[place])
            self._texts[here] = text if place is None else _transposed(text, place)
        if len(self._texts) > MAX_MACROS:
            raise ValueError(f"more than {MAX_MACROS} macros")
        longest = sorted(self._texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)))

    def expand(self, line: str) -> str:
        """Return a music line with what its macros stand for.

        Raises
        ------
        LimitError
            The line would be longer than `MAX_LINE`.
        """
        assert self._pattern is not None
        found = [self._texts[match[0]] for match in self._pattern.finditer(line)]
        if len(line) + sum(map(len, found)) > MAX_LINE:
            raise LimitError(f"macros make a line longer than {MAX_LINE:,} characters.")
        return self._pattern.sub(lambda match: self._texts[match[0]], line)


def _transposed(text: str, place: int) -> str:
    """Return a macro's text with the letters h to z as notes around the one at ``place``."""
    return re.sub(r"[h-z]", lambda match: _note(place + ord(match[0]) - ord("n")), text)


def _note(place: int) -> str:
    """Return the note that is so many steps above C, with octave marks beyond two octaves."""
    octave, step = divmod(place, 7)
    if octave > 0:
        return NOTES[7 + step] + "'" * (octave - 1)
    return NOTES[step] + "," * -octave
