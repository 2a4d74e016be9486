"""Outputs: the files that new pieces are written to, one piece after another.

    outputs = Outputs(["tune.abc", "tune.mid"], count=4)      # what is not possible is said here
    outputs.add(piece, "folk-Ador-6_8-s7")                    # writes tune-1.mid
    outputs.finish()                                          # writes tune.abc, which holds all

With no names, or a folder's, each piece gets a file of each usual format under a name of its own,
the next that is free. After an interruption `finish` writes what there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nokturn.errors import UsageError
from nokturn.music.piece import Piece
from nokturn.workflows.save import Kind, check_free, free_stem, kind_of
from nokturn.writing import write_whole

USUAL = (".abc", ".mid", ".svg", ".mp3")


class Outputs:
    """Where new pieces go.

    Parameters
    ----------
    paths
        File names and folders; none = the current folder.
    count
        How many pieces are to come; several get numbered names where a format holds only one.
    force
        Write over files that exist.
    usual
        Endings of the files that each piece gets in a folder.

    Raises
    ------
    UsageError
        A name is taken, means nothing, or its folder does not exist: said before any work is done.
    """

    def __init__(
        self,
        paths: Sequence[str | Path] = (),
        *,
        count: int = 1,
        force: bool = False,
        usual: Sequence[str] = USUAL,
    ) -> None:
        self.folders: list[Path] = []
        self.single: list[tuple[Path, Kind]] = []
        self.whole: list[tuple[Path, Kind]] = []
        self.count = count
        self.usual = usual
        self._kept: list[Piece] = []
        for path in paths or ["."]:
            self._sort(path)
        for path, kind in [*self.single, *self.whole]:
            for number in range(1, count + 1):
                check_free(self._numbered(path, kind, number), force=force)

    def _sort(self, name: str | Path) -> None:
        path = Path(name)
        if path.is_dir() or str(name).endswith(("/", "\\")):
            if not path.is_dir():
                raise UsageError(f"The folder {name} does not exist.", "Make it first.")
            self.folders.append(path)
            return
        kind = kind_of(path)
        (self.whole if kind.many and self.count > 1 else self.single).append((path, kind))

    def _numbered(self, path: Path, kind: Kind, number: int) -> Path:
        """Return the name of one piece's file: as given for a single piece, else with a number."""
        if self.count == 1 or kind.many:
            return path
        stem = path.name[: -len(kind.ending)]
        return path.with_name(f"{stem}-{number}{path.name[len(stem) :]}")

    def add(self, piece: Piece, stem: str) -> list[Path]:
        """Write what can be written of one more piece; return the absolute paths.

        Parameters
        ----------
        stem
            What its files in folders are named after; a number makes it a free name.
        """
        self._kept.append(piece)
        jobs = [
            (self._numbered(path, kind, len(self._kept)), kind, [piece])
            for path, kind in self.single
        ]
        for folder in self.folders:
            name = free_stem(folder, safe_name(stem), self.usual)
            jobs += [(folder / (name + ending), kind_of(ending), [piece]) for ending in self.usual]
        return [_written(*job) for job in jobs]

    def finish(self) -> list[Path]:
        """Write the files that hold all pieces; return the absolute paths."""
        if not self._kept:
            return []
        return [_written(path, kind, self._kept) for path, kind in self.whole]


def _written(path: Path, kind: Kind, pieces: list[Piece]) -> Path:
    write_whole(path, kind.dumps(pieces))
    return path.absolute()


def safe_name(text: str) -> str:
    """Return text without the characters that some system forbids in file names.

    >>> safe_name("folk-Ador-6/8-s7")
    'folk-Ador-6_8-s7'
    """
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", text)
