"""Corpora: files that were brought to learn from, and what is in each, piece by piece.

    found = await corpora.take(files); found.rows(), found.left     left = files not yet looked at

The files lie in a folder of the studio under numbers, apart from the library; workers look through
them a few at a time, so that the first rows are there at once and the page stays quick. What is
known is written beside them and holds after a restart. The oldest ones go when there are many, but
none that a training has still to read.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from nokturn.errors import Error, InputError, LimitError, UsageError
from nokturn.studio._uploads import File
from nokturn.studio.desk import Desk, ProblemError
from nokturn.studio.problems import BusyError, MissingError, problem
from nokturn.writing import write_whole

ID = re.compile(r"[0-9a-f]{12}")
TOLD = "corpus.json"
KEPT = 8  # corpora; the oldest go
MAX_BYTES = 400 << 20  # of one, to which files may be added
MAX_FILES = 5000
FIRST_BYTES = 4 << 10
AT_ONCE_BYTES = 128 << 10  # of files that a worker looks through before it does something else
AT_ONCE_FILES = 24
FILE_S = 20.0
FIRST_S = 1.0  # before a busy desk is asked again
LOOKING = 2
FEW = 20  # tunes, below which copies are to be expected
PART_BYTES = 1 << 20  # of a book of tunes, that a worker looks through in one go
Row = dict[str, Any]
Parts = dict[str, dict[int, list[Row]]]  # of a file, by its name here: what is in each


class Share(NamedTuple):
    """A file, by its name here, or of a large one a part of it, counted from 0."""

    place: str
    part: int
    of: int


@dataclass
class Corpus:
    """Files that were brought together.

    Attributes
    ----------
    files
        What each was called, by its name here; in order.
    found
        What is in each, by its name here; none yet where it was not looked at.
    off
        Pieces that are not wanted, ``"0001.abc:3"``.
    """

    id: str
    created: str
    files: dict[str, str] = field(default_factory=dict)
    found: dict[str, list[Row]] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)

    @property
    def left(self) -> int:
        """How many files are still to be looked at."""
        return len(self.files) - len(self.found)

    def rows(self) -> Iterator[Row]:
        """Yield a row for each piece and for all that was refused, in order of the files.

        ``use`` says whether it is learned from, ``usable`` whether it could be: of pieces with the
        same melody only the first that is wanted is.
        """
        first: dict[str, Row] = {}
        for place, name in self.files.items():
            for k, row in enumerate(self.found.get(place, ())):
                number = f"{place}:{row['number']}" if row["usable"] else f"{place}#{k}"
                told = {"id": number, "file": name, **row, "off": number in self.off}
                melody = told.pop("melody")
                if row["usable"] and not told["off"] and melody:
                    other = first.setdefault(melody, told)
                    if other is not told:
                        told |= _copied(row, other)
                told["use"] = told["usable"] and not told["off"]
                yield told

    def summary(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return counts of its rows: files, pieces, used, copies, with a problem, refused."""
        return {
            "files": len(self.files),
            "left": self.left,
            "pieces": sum(row["number"] > 0 for row in rows),
            "use": sum(row["use"] for row in rows),
            "copies": sum(bool(row.get("copy")) for row in rows),
            "problems": sum(bool(row["problem"]) for row in rows),
            "refused": sum(not row["number"] for row in rows),
            "few": FEW,
        }

    def wanted(self, most: int = 0) -> tuple[list[str], list[str], float]:
        """Return the files to learn from, by their names here, and the pieces to leave out.

        Parameters
        ----------
        most
            About how many pieces are to remain, from everywhere; 0 = all. The third value says how
            many times as many there are.

        Raises
        ------
        InputError
            Nothing can be used.
        """
        rows = list(self.rows())
        every = [row["id"] for row in rows if row["use"]]
        if not every:
            raise InputError(
                "There is no piece to learn from.", "Add ABC, MIDI or MusicXML files with tunes."
            )
        some = every[:: -(-len(every) // most)] if most else every
        files, kept = {number.partition(":")[0] for number in some}, set(some)
        out = [row["id"] for row in rows if row["number"] and row["id"] not in kept]
        out = [number for number in out if number.partition(":")[0] in files]
        return sorted(files), out, len(every) / len(some)


class Corpora:
    """All corpora of a studio.

    Parameters
    ----------
    folder
        Where they lie; made with the first.
    desk
        Who looks through the files.
    awaited
        Says which corpora trainings have still to read: their ids, each with the training's name.
    """

    def __init__(
        self, folder: Path, desk: Desk, awaited: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        self.folder, self._desk, self._awaited = folder, desk, awaited
        self._known: dict[str, Corpus] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self.measuring = asyncio.Lock()

    async def close(self) -> None:
        """End the looking; what was found stays."""
        for task in self._looking.values():
            task.cancel()
        if self._looking:
            await asyncio.wait(self._looking.values())

    def take(self, files: Sequence[File], number: str = "") -> Corpus:
        """Move files that came into a new corpus, or one that is there, and begin to look.

        Raises
        ------
        LimitError
            They are too many or too large.
        MissingError
            There is no such corpus.
        """
        corpus = self.get(number) if number else self._new()
        folder = self.folder / corpus.id
        size = sum(file.bytes for file in files)
        size += sum(path.stat().st_size for path in folder.glob("[0-9]*.*"))
        if size > MAX_BYTES or len(corpus.files) + len(files) > MAX_FILES:
            raise LimitError(
                f"A training takes {MAX_FILES:,} files and {MAX_BYTES >> 20} MB at most.",
                "Leave some out, or train on the command line: nokturn train FOLDER",
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in files:
            place = f"{len(corpus.files) + 1:04}{file.path.suffix}"
            os.replace(file.path, folder / place)
            corpus.files[place] = file.name
        self._keep(corpus)
        self._look(corpus)
        self._forget_old()
        return corpus

    def get(self, number: str) -> Corpus:
        """Return a corpus; raises `MissingError`."""
        if number not in self._known:
            path = self.folder / number / TOLD
            if not ID.fullmatch(number) or not path.is_file():
                raise MissingError("These files are not here any more.", "Bring them again.")
            self._known[number] = _read(path)
        corpus = self._known[number]
        if corpus.left:
            self._look(corpus)
        return corpus

    def use(self, corpus: Corpus, wanted: dict[str, bool]) -> None:
        """Say of pieces, by the ids of their rows, whether they are to be learned from."""
        corpus.off -= {number for number, use in wanted.items() if use}
        known = {row["id"] for row in corpus.rows()}
        corpus.off |= {number for number, use in wanted.items() if not use} & known
        self._keep(corpus)

    def chosen(self, corpus: Corpus, most: int = 0) -> tuple[list[str], list[str], float]:
        """Return what `Corpus.wanted` does, with the whole paths of the files."""
        places, out, times = corpus.wanted(most)
        folder = (self.folder / corpus.id).absolute()
        return [str(folder / place) for place in places], out, times

    def write_chosen(self, corpus: Corpus, name: str) -> Path:
        """Write what `chosen` returns into a file, for a training of that name."""
        paths, out, _ = self.chosen(corpus)
        target = (self.folder / corpus.id / f"{name}.chosen.json").absolute()
        write_whole(target, json.dumps({"paths": paths, "leave_out": out}).encode())
        return target

    def remove(self, number: str) -> None:
        """Delete a corpus; trainings that began with it go on.

        Raises `UsageError` where one has still to read it.
        """
        corpus = self.get(number)
        if corpus.id in self._awaited():
            raise UsageError(
                f"{self._awaited()[corpus.id]} has still to read these files.",
                "Wait until it learns, or cancel it first.",
            )
        task = self._looking.pop(corpus.id, None)
        if task:
            task.cancel()
        del self._known[corpus.id]
        shutil.rmtree(self.folder / corpus.id, ignore_errors=True)

    async def settled(self, corpus: Corpus, seconds: float) -> None:
        """Wait until all files were looked at, but no longer than so many seconds."""
        task = self._looking.get(corpus.id)
        if task:
            await asyncio.wait({task}, timeout=seconds)

    def _new(self) -> Corpus:
        number = secrets.token_hex(6)
        self._known[number] = Corpus(number, datetime.now(UTC).isoformat(timespec="seconds"))
        return self._known[number]

    def _look(self, corpus: Corpus) -> None:
        if corpus.id not in self._looking:
            self._looking[corpus.id] = asyncio.create_task(self._look_through(corpus))

    async def _look_through(self, corpus: Corpus) -> None:
        try:
            while corpus.left:
                todo = deque(_handfuls(corpus, self.folder / corpus.id))
                parts: Parts = {}
                await asyncio.gather(*(self._help(corpus, todo, parts) for _ in range(LOOKING)))
            self._keep(corpus)
        finally:
            self._looking.pop(corpus.id, None)

    async def _help(self, corpus: Corpus, todo: deque[list[Share]], parts: Parts) -> None:
        """Have what is to be looked at looked at; ``parts`` are those found of large files."""
        folder = (self.folder / corpus.id).absolute()
        while todo:
            some = [share for share in todo.popleft() if share.place not in corpus.found]
            asked = [(str(folder / share.place), share.part, share.of) for share in some]
            try:
                rows = await self._desk.ask(
                    "corpus", action="check", shares=asked, seconds=FILE_S + len(asked)
                )
            except BusyError:
                todo.append(some)
                await asyncio.sleep(FIRST_S)
                continue
            except Error as error:
                if len(some) > 1:  # which of them it was is found out one by one
                    todo.extendleft([share] for share in reversed(some))
                else:  # what follows a lost part would have wrong numbers
                    corpus.found.update((share.place, [_refused(error)]) for share in some)
                continue
            for share, found in zip(some, rows, strict=True):
                mine = parts.setdefault(share.place, {})
                mine[share.part] = found
                if len(mine) == share.of:
                    corpus.found.setdefault(share.place, _joined(parts.pop(share.place)))

    def _keep(self, corpus: Corpus) -> None:
        told = vars(corpus) | {"off": sorted(corpus.off)}
        write_whole(self.folder / corpus.id / TOLD, json.dumps(told).encode())

    def _forget_old(self) -> None:
        folders = [path.parent for path in self.folder.glob(f"*/{TOLD}")]
        folders.sort(key=lambda folder: (folder / TOLD).stat().st_mtime, reverse=True)
        needed = {*self._looking, *self._awaited()}
        for folder in folders[KEPT:]:
            if folder.name not in needed:
                self._known.pop(folder.name, None)
                shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> Corpus:
    try:
        told = json.loads(path.read_bytes())
        return Corpus(**told | {"off": set(told["off"])})
    except (ValueError, TypeError, KeyError) as error:
        raise MissingError("These files are not here any more.", "Bring them again.") from error


def _handfuls(corpus: Corpus, folder: Path) -> Iterator[list[Share]]:
    """Yield files that were not looked at, few at first, then as many as a worker takes at once.

    A large book of tunes comes in several parts.
    """
    some: list[Share] = []
    size, limit = 0, FIRST_BYTES
    for place in corpus.files:
        if place in corpus.found:
            continue
        bytes_ = (folder / place).stat().st_size
        of = max(1, -(-bytes_ // PART_BYTES)) if place.endswith(".abc") else 1
        for part in range(of):
            some.append(Share(place, part, of))
            size += bytes_ // of
            if size >= limit or len(some) >= AT_ONCE_FILES:
                yield some
                some, size, limit = [], 0, min(AT_ONCE_BYTES, 2 * limit)
    if some:
        yield some


def _joined(parts: dict[int, list[Row]]) -> list[Row]:
    """Return the rows of a file from those of its parts: pieces, then what was refused."""
    rows = [row for part in sorted(parts) for row in parts[part]]
    pieces = [row for row in rows if row["number"]]
    for number, row in enumerate(pieces, 1):
        row["number"] = number
    others = [row for row in rows if not row["number"]]
    return pieces + others or [_refused(InputError("There is no piece in it."))]


def _copied(row: Row, other: Row) -> Row:
    name = f"{other['file'].rpartition('/')[2]}:{other['number']} {other['title']}".strip()
    said = f"The same melody as {name}: left out. {row['problem']}".strip()
    return {"problem": said, "usable": False, "copy": True}


def _refused(error: Error) -> Row:
    """Return the row of a file that ended or held up who looked at it."""
    told = error.told if isinstance(error, ProblemError) else problem(error)
    return {
        "number": 0, "title": "", "notes": 0, "bars": 0, "key": "", "meter": "",
        "problem": told["what"], "usable": False, "melody": "",
    }  # fmt: skip
