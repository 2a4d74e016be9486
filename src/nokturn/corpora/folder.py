"""Your own music: files and folders anywhere on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora.base import Source
from nokturn.errors import UsageError


class Folder(Source):
    """Files and folders.

    Parameters
    ----------
    paths
        Where they are; folders are taken with all that is in them.
    """

    paths: tuple[Path, ...] = ()

    title = "files and folders"
    licence = "not stated"
    citation = ""
    ship = False

    def files(self) -> Sequence[Path]:
        """Return the paths."""
        if not self.paths:
            raise UsageError("Learn from what?", "Name files or folders with music.")
        return self.paths
