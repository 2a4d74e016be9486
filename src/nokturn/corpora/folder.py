"""Your own music: files and folders anywhere on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nokturn.corpora._ingest import Corpus, mark_versions
from nokturn.corpora.base import Source
from nokturn.errors import UsageError


class Folder(Source):
    """Files and folders.

    Parameters
    ----------
    paths
        Where they are; folders are taken with all that is in them.
    leave_out
        Pieces not to learn from, by file and number in it: ``"tunes.abc:3"``.
    """

    paths: tuple[Path, ...] = ()
    leave_out: tuple[str, ...] = ()

    title = "files and folders"
    licence = "not stated"
    citation = ""
    ship = False

    def files(self) -> Sequence[Path]:
        """Return the paths."""
        if not self.paths:
            raise UsageError("Learn from what?", "Name files or folders with music.")
        return self.paths

    def load(self, *, workers: int | None = None) -> Corpus:
        """Return the pieces in them, but for those left out, and the report."""
        corpus = super().load(workers=workers)
        if self.leave_out:
            out = set(self.leave_out)
            kept = [item for item in corpus.items if item.place not in out]
            corpus = Corpus(kept, corpus.report)
            mark_versions(kept, corpus.report)
        return corpus
