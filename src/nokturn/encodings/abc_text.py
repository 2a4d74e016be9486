"""Characters of ABC, with the controls first: meter and key, then the tune.

    M:6/8
    L:1/8
    K:G
    |:GAB cde|g3 d3:|          one id a character; what stands before the tune is a prompt

What is learned is the canonical text without title, names, lyrics and tempo. Everything it says
comes back, character by character. Beside each character goes the bar clock: where in the bar, the
section and the repeat it stands; with ``echo`` also what followed when the piece last went so.
With ``plain`` the text is learned as people typed it, headers and all. Its weakness: a note takes
several characters, and only some texts are music.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nokturn.encodings._abc_learned import AbcLearned
from nokturn.encodings.base import BOUNDARY_NAME
from nokturn.music.piece import Piece

# Transposed tunes and prompts need these even where no tune of the corpus has them.
ALWAYS = "ABCDEFGabcdefgzKLM:#/|0123456789^_=,' \n"


class AbcText(AbcLearned):
    """ABC, a character a symbol; its settings are those of `AbcLearned`."""

    source = "The ABC music standard 2.1; Sturm et al., arXiv:1604.08723 (controls before the tune)"

    def fit(self, pieces: Iterable[Piece]) -> Self:
        """Return the same encoding with every character that occurs, and those always needed."""
        found = set(ALWAYS).union(*map(self.text, pieces))
        return self.with_vocabulary([BOUNDARY_NAME, *sorted(found)])

    def encode_text(self, text: str) -> tuple[NDArray[np.int32], dict[str, str]]:
        """Return the ids of a text; see `AbcLearned.encode_text`."""
        replaced: dict[str, str] = {}
        return np.array(self._characters(text, replaced), dtype=np.int32), replaced
