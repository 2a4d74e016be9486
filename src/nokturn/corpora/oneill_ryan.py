"""O'Neill's Music of Ireland (1850 tunes) and Ryan's Mammoth Collection (1050), as ABC.

The books are of 1903 and 1883; volunteers typed them in, and the Python package music21 brings the
files along. We read them with our own reader, music21 itself is never imported. Weakness: Ryan's
carries much markup of one program.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora.base import Source
from nokturn.errors import UsageError

BOOKS = ("oneills1850", "ryansMammoth")


class ONeillRyan(Source):
    """The two books in music21's corpus.

    Parameters
    ----------
    books
        Folders of music21's corpus.
    """

    books: tuple[str, ...] = BOOKS

    title = "O'Neill's Music of Ireland (1903) and Ryan's Mammoth Collection (1883)"
    licence = "books in the public domain; transcriptions volunteers' work, distributed freely"
    citation = (
        "Francis O'Neill, Music of Ireland, 1903, and William Bradbury Ryan, Mammoth Collection, "
        "1883; ABC transcriptions by volunteers, by way of music21's corpus"
    )
    ship = True

    def files(self) -> Sequence[Path]:
        """Return the folders of the books."""
        found = importlib.util.find_spec("music21")
        if found is None or not found.origin:
            raise UsageError(
                "O'Neill's and Ryan's tunes come with the package music21, which is missing.",
                "Install it:  pip install 'nokturn[corpora]'",
            )
        corpus = Path(found.origin).parent / "corpus"
        missing = [book for book in self.books if not (corpus / book).is_dir()]
        if missing:
            raise UsageError(f"music21's corpus has no {missing[0]}.", f"Look into {corpus}.")
        return [corpus / book for book in self.books]
