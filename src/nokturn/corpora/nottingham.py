"""The Nottingham Music Database: some thousand British and American folk tunes with chords, as ABC.

It does not come along; give the folder where you keep it. Held out is ``valid.abc`` where there is
one, as recipes R1 and O3 and the published tables have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora.base import Source
from nokturn.errors import UsageError


class Nottingham(Source):
    """The database in a folder.

    Parameters
    ----------
    path
        Folder of its ABC files.
    """

    path: Path | None = None

    title = "Nottingham Music Database"
    licence = "GPL-3.0 (jukedeck/nottingham-dataset)"
    citation = "Eric Foxley, Nottingham Music Database; cleaned by Jukedeck"
    ship = False

    def files(self) -> Sequence[Path]:
        """Return the folder."""
        if self.path is None:
            raise UsageError(
                "The Nottingham Music Database does not come along.",
                "Fetch github.com/jukedeck/nottingham-dataset and give the folder of its ABC.",
            )
        return [self.path]
