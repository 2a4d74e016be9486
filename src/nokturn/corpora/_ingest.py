"""Ingest: files and folders -> pieces, with a report that says what became of each file.

    corpus = ingest(["my-tunes", "one.mid"])
    len(corpus.items), print(corpus.report)

A tune in a file of many is a piece of its own: a bad one is refused alone. Nothing that a file
holds stops the others; where nothing at all is usable, `InputError` sums up why.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora import _duplicates
from nokturn.corpora._report import FileReport, IngestReport
from nokturn.corpora._workers import read_in_workers
from nokturn.errors import Error, InputError
from nokturn.formats import _abc_glance, _abc_reader, base
from nokturn.formats._abc_glance import Glance
from nokturn.music.melody import has_melody, melody
from nokturn.music.piece import Piece

FEW = 32  # files that are read without worker processes
SHARE_BYTES = 1 << 20  # of a book of tunes that one process reads
_SKIPPED_NAMES = (".", "__MACOSX")


@dataclass
class Item:
    """A piece of a corpus: where it comes from, and what group of versions it belongs to."""

    piece: Piece
    source: str  # path of the file
    number: int  # of the piece in it, from 1
    group: int = 0  # index of the first version of this tune
    duplicate: bool = False  # its melody is another's, note for note

    @property
    def place(self) -> str:
        """``tunes.abc:17``."""
        return f"{Path(self.source).name}:{self.number}"

    @property
    def name(self) -> str:
        """``tunes.abc:17 The Title``."""
        return f"{self.place} {self.piece.title}".strip()


@dataclass
class Corpus:
    """Pieces, and the report of how they were read."""

    items: list[Item]
    report: IngestReport

    @property
    def groups(self) -> NDArray[np.int64]:
        """The group of each piece."""
        return np.array([item.group for item in self.items], dtype=np.int64)


def ingest(paths: Iterable[str | Path], *, workers: int | None = None) -> Corpus:
    """Read every piece in files and folders.

    Parameters
    ----------
    paths
        Files, and folders with all that is in them; files of no music format are passed over in
        folders.
    workers
        Processes that read; 0 = none, None = as many as there are cores, at most 4, and none for
        fewer than 32 files.

    Raises
    ------
    InputError
        A path does not exist, or no piece could be read.
    """
    files = music_files(paths)
    report = IngestReport()
    items: list[Item] = []
    if workers is None:
        workers = crew(len(files))
    for path, (pieces, refusals) in zip(files, _read(files, workers), strict=True):
        repairs = [repair for piece in pieces for repair in piece.repairs]
        report.files.append(FileReport(str(path), len(pieces), repairs, refusals))
        items += [Item(piece, str(path), k) for k, piece in enumerate(pieces, 1)]
    mark_versions(items, report)
    if not items:
        reasons = "; ".join(report.reasons()) or "there is no file of a music format"
        raise InputError(
            f"No piece could be read from {len(files)} files: {reasons}.",
            "Give ABC, MIDI or MusicXML files, or a folder with some.",
        )
    return Corpus(items, report)


def crew(files: int) -> int:
    """Return how many processes read so many files; 0 = this one does.

    A process that is a worker itself, such as one of the studio's, may have none.
    """
    if files < FEW or multiprocessing.current_process().daemon:
        return 0
    return min(4, os.cpu_count() or 1)


def music_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files named, and those of a music format in the folders named, in order."""
    endings = {ending for kind in base.all_formats() for ending in kind.extensions}
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            inside = (p for p in sorted(path.rglob("*")) if p.suffix.lower() in endings)
            found.update((p, None) for p in inside if p.is_file() and not _hidden(p, path))
        elif path.exists():
            found[path] = None
        else:
            raise InputError(f"There is no {path}.", "Check the name.")
    return list(found)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(_SKIPPED_NAMES) for part in path.relative_to(folder).parts)


Read = tuple[list[Piece], list[str]]  # the pieces of a file, and what was refused in it


def _read(files: Sequence[Path], workers: int) -> Iterator[Read]:
    """Yield what each file holds, in order of the files."""
    if not workers:
        yield from map(read_file, files)
        return
    done: dict[int, Read] = {}
    following = 0
    for number, value, reason in read_in_workers(read_file, files, workers):
        done[number] = value if not reason else ([], [f"{files[number].name}: {reason}"])
        while following in done:
            yield done.pop(following)
            following += 1


def read_file(path: Path) -> Read:
    """Return the pieces of a file with notes in them, and what was refused in it."""
    return read_share(Share(path))


class Share(NamedTuple):
    """What is read in one go: a file, or of a large book of tunes a part of it, from 0."""

    path: Path
    part: int = 0
    of: int = 1


def shares(path: Path) -> list[Share]:
    """Return the shares of a file: more than one of ABC that is large."""
    size = path.stat().st_size if path.suffix.lower() == ".abc" and path.is_file() else 0
    of = -(-size // SHARE_BYTES) if 0 < size <= base.MAX_FILE_BYTES else 1
    return [Share(path, part, of) for part in range(of)]


def read_share(share: Share) -> Read:
    """Return what `read_file` does, of a share of it."""
    with collector_at_rest():
        read = list(each_piece(share))
    pieces = [piece for piece in read if isinstance(piece, Piece)]
    return pieces, [reason for reason in read if isinstance(reason, str)]


def each_piece(share: Share) -> Iterator[Piece | str]:
    """Yield each piece of a share with notes in it, and why others were refused."""
    return _each(share, _abc_reader.each_tune)


def each_glance(share: Share) -> Iterator[Glance | Piece | str]:
    """Yield what `each_piece` does, and of ABC tunes that are plain only what they hold."""
    return _each(share, _abc_glance.each_glance)


def _each(share: Share, tunes: Callable[..., Iterator[Any]]) -> Iterator[Any]:
    path = share.path
    try:
        data = _bytes(path)
        found: Iterable[Any]
        if path.suffix.lower() == ".abc":
            found = tunes(data, source=path.name, part=share.part, of=share.of)
        else:
            found = base.loads(data, source=path.name)
    except Error as error:
        yield str(error)
        return
    for piece in found:
        if isinstance(piece, InputError):
            yield str(piece)
        elif not isinstance(piece, Piece) or has_melody(piece):
            yield piece
        else:
            yield f"{path.name}: there are no notes in it"


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Let nobody look for cycles while a file is read: its notes are many, stay, and form none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _bytes(path: Path) -> bytes:
    most = base.MAX_FILE_BYTES
    try:
        size = path.stat().st_size if path.is_file() else most  # of a pipe none is known
        with path.open("rb") as file:
            data = file.read(min(size, most) + 1)  # room is made for as much as is asked for
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror}", source=path.name) from error
    if len(data) > most:
        raise InputError("it is larger than 64 MB", source=path.name)
    return data


def mark_versions(items: Sequence[Item], report: IngestReport) -> None:
    """Find which pieces are versions of another, and count them in the report."""
    groups, identical = _duplicates.versions(melody(item.piece) for item in items)
    for item, group in zip(items, groups.tolist(), strict=True):
        item.group, item.duplicate = group, False
    for same in identical:
        for k in same[1:]:
            items[k].duplicate = True
    report.duplicates = sum(item.duplicate for item in items)
    report.near_duplicates = sum(item.group != k for k, item in enumerate(items))
