r"""Symbols of ABC: a note with accidental, octave and length is one, so is a bar line or a chord.

    M:6/8 | L:1/8 | K:G |  ->  "M:6/8\n" "L:1/8\n" "K:G\n" "|:" "G" "A" "B" "c" "d" "e" "|" "g3"

The text is that of `abc_text` in half as many symbols. They are taken from the corpus, in all its
keys; one met fewer than `least` times is written in characters, so any piece can be encoded. With
``lengths = false`` a note's length is a symbol of its own. The spaces between beats follow from the
meter, so but for ``plain`` they are left out unless asked for. Its weakness: a text can be cut into
symbols in more than one way, and only the longest ones are learned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.encodings._abc_learned import AbcLearned, learned_text
from nokturn.encodings.base import BOUNDARY_NAME
from nokturn.formats._abc_lexer import WORD
from nokturn.music.piece import Piece
from nokturn.music.transposition import transpose

ASCII = "\n" + "".join(map(chr, range(32, 127)))
MOVED = 400  # pieces that are moved through all keys to find their symbols
FIELD = re.compile(r"^[A-Za-z]:(?![|:])[^\n]*\n", re.MULTILINE)  # d:| begins with a note
APART = re.compile(r"([^\d/]+)(\d*/*\d*)(-?)")  # a note or rest: what sounds, length, tie


class AbcTokens(AbcLearned):
    """ABC, a note a symbol; the other settings are those of `AbcLearned`.

    Parameters
    ----------
    least
        How often a symbol must be met to be one, in the twelve keys together; 24 is twice in each.
    lengths
        Lengths belong to the notes; without, each is a symbol of its own.
    spaces
        Keep the spaces between beats.
    """

    least: int = Field(default=24, ge=1)
    lengths: bool = True
    spaces: bool = False

    source = "Sturm et al., 'Music transcription modelling', 2016, arXiv:1604.08723 (its tokens)"

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the same encoding with the symbols that these pieces have in any key."""
        counts: Counter[str] = Counter()
        for number, piece in enumerate(pieces):
            counts.update(self.words(self.text(piece)))
            if number < MOVED and not self.plain:
                for semitones in chain(range(-5, 0), range(1, 7)):
                    moved = transpose(piece.sheet, semitones)
                    counts.update(self.words(learned_text(moved, chords=self.chords)))
        kept = sorted(w for w, n in counts.items() if n >= self.least and len(w) > 1)
        return self.with_vocabulary([BOUNDARY_NAME, *ASCII, *kept])

    def words(self, text: str) -> Iterator[str]:
        r"""Yield the symbols of a text, known or not.

        >>> list(AbcTokens().words("M:6/8\nK:G\n|:G2B d/^c'3:|"))
        ['M:6/8\n', 'K:G\n', '|:', 'G2', 'B', 'd/', "^c'3", ':|']
        """
        at = 0
        for field in FIELD.finditer(text):
            yield from self._music(text[at : field.start()])
            yield field[0]
            at = field.end()
        yield from self._music(text[at:])

    def _music(self, text: str) -> Iterator[str]:
        left_out = not (self.spaces or self.plain)
        for word in WORD.finditer(text):
            if left_out and word.lastgroup == "space":
                continue
            if not self.lengths and word.lastgroup in ("note", "rest"):
                yield from filter(None, APART.fullmatch(word[0]).groups())  # type: ignore[union-attr]
            elif left_out and word.lastgroup == "ending":
                yield word[0].strip() + " "  # without a space 1 x4 would be the ending 1x4
            else:
                yield word[0]

    def encode_text(self, text: str) -> tuple[NDArray[np.int32], dict[str, str]]:
        """Return the ids of a text; see `AbcLearned.encode_text`."""
        replaced: dict[str, str] = {}
        ids: list[int] = []
        for word in self.words(text):
            known = self._ids.get(word)
            ids += [known] if known is not None else self._characters(word, replaced)
        return np.array(ids, dtype=np.int32), replaced

    def characters(self, piece: Piece, ids: NDArray[np.int32]) -> int:
        """Return how long the piece's text is, as `abc_text` has it."""
        return len(self.text(piece))
