"""A shelf: a folder of pieces, each a file of music and a file of the same name in JSON.

    reel-in-a-dorian-7f3a9c21b0aa.abc      what other programs open
    reel-in-a-dorian-7f3a9c21b0aa.json     what lists tell of it (`Item`)

The folder is the truth: `Shelf.look` finds what people put there, changed or took away by hand. A
file without a readable twin is a `newcomer` until somebody has read it. Everything is moved in an
order in which a power cut loses neither the music nor what is known of it, each step forced to the
disk before the next: first the new twin is written, then the music moves, then the old twin goes; a
twin without music is passed over. That takes 8 ms where a piece is starred, 30 where it is renamed
(ext4 on a virtual disk). A file
that people named themselves keeps its name, and its twin is called ``reel.mid.json``, so that
``reel.abc`` can lie beside it.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from nokturn.errors import ResourceError
from nokturn.writing import sync_folder, write_whole

ENDINGS = frozenset({".abc", ".mid", ".midi", ".musicxml", ".xml", ".mxl"})
ID = re.compile(r"[0-9a-f]{12}")
_OURS = re.compile(rf"-{ID.pattern}$")  # a stem that was made here
_TWIN_BYTES = 1 << 20
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D"})
Short = Annotated[str, Field(max_length=300)]


@dataclass(frozen=True)
class Item:
    """What is known of a piece without reading it.

    Attributes
    ----------
    kind
        tune, lofi or import.
    parent
        Id of the piece that it was made from; empty = none.
    created, deleted
        ISO 8601 in UTC; ``deleted`` is empty outside the bin.
    incipit
        Its first notes for a small picture: three bytes each in hexadecimal, onset and length in
        1/255 of what is shown, MIDI pitch.
    digest
        SHA-256 of the music file, shortened: tells when somebody changed it.
    more
        Tunes that its file holds beside it and that are no pieces of the library: of a book that
        people put here the first tune is the piece.
    file, bytes
        Name and size of the music file; known from the folder, not from the twin.
    """

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    title: Short
    ending: Short
    kind: Short
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$")]
    parent: Short = ""
    key: Short = ""
    meter: Short = ""
    tempo_qpm: FiniteFloat = 0.0
    bars: int = 0
    seconds: FiniteFloat = 0.0
    model: Short = ""
    seed: int | None = None
    starred: bool = False
    recipe: dict[str, Any] | None = None
    incipit: Annotated[str, Field(max_length=2000, pattern="^[0-9a-f]*$")] = ""
    digest: Short = ""
    deleted: Short = ""
    more: int = 0
    file: str = ""
    bytes: int = 0

    @property
    def stem(self) -> str:
        """The name that its files get, without an ending."""
        words = re.sub(r"[^a-z0-9]+", "-", plain(self.title)).strip("-")[:60].strip("-")
        return f"{words or 'piece'}-{self.id}"

    @cached_property
    def words(self) -> str:
        """All that a search looks at."""
        return plain(f"{self.title} {self.key} {self.meter} {self.model}")


_ITEM = TypeAdapter(Item)
_NOT_KEPT = {"file", "bytes"}


def plain(text: str) -> str:
    """Return text in small letters without accents, for names and searches.

    >>> plain("Gráinne's ŁÓDŹ")
    "grainne's lodz"
    """
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold()


def digest(data: bytes) -> str:
    """Return what tells one music file from another, and from what it was before."""
    return hashlib.sha256(data).hexdigest()[:32]


class Shelf:
    """The pieces in one folder. Whoever uses it from several threads takes turns.

    Attributes
    ----------
    items
        By id.
    newcomers
        Names of music files that have to be read, with what was known of them before they changed.
    seen
        When each music file was last written and its size, as of the last look.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items: dict[str, Item] = {}
        self.newcomers: dict[str, Item | None] = {}
        self.seen: dict[str, tuple[int, int]] = {}

    def look(self) -> None:
        """Take in what has changed in the folder."""
        music, twins = self._files()
        known = {item.file: item for item in self.items.values()}
        waiting = self.newcomers
        self.items, self.newcomers = {}, {}
        for name in sorted(music, key=lambda name: (not _OURS.search(_stem(name)), name)):
            item, same = known.get(name), self.seen.get(name) == music[name]
            if item is None or not same:
                item = self._told(name, twins)
            if item is None or item.id in self.items:  # the second: somebody copied both files
                self.newcomers[name] = None
                continue
            if (same and name in waiting) or not (same or self._unchanged(item)):
                self.newcomers[name] = item
            if item.bytes != music[name][1]:
                item = replace(item, bytes=music[name][1])
            self.items[item.id] = item
        self.seen = music

    def _files(self) -> tuple[dict[str, tuple[int, int]], set[str]]:
        """Return the files of music, when they were written and how large, and the twins."""
        music, twins = {}, set()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                ending = os.path.splitext(entry.name)[1].lower()
                if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                    continue
                if ending == ".json":
                    twins.add(entry.name)
                elif ending in ENDINGS:
                    told = entry.stat(follow_symlinks=False)
                    music[entry.name] = (told.st_mtime_ns, told.st_size)
        return music, twins

    def _told(self, name: str, twins: set[str]) -> Item | None:
        """Return what a file's twin tells; None where there is none that can be read."""
        for twin in (f"{name}.json", f"{_stem(name)}.json"):
            item = self._read(self.folder / twin) if twin in twins else None
            if item is not None and name.lower().endswith(item.ending):
                return replace(item, file=name)
        return None

    def _read(self, twin: Path) -> Item | None:
        try:
            with twin.open("rb") as file:
                return _ITEM.validate_json(file.read(_TWIN_BYTES))
        except (OSError, ValidationError):
            return None

    def _unchanged(self, item: Item) -> bool:
        try:
            return item.digest == digest((self.folder / item.file).read_bytes())
        except OSError:
            return True  # it cannot be read now; whoever opens it will say so

    def put(self, item: Item, data: bytes) -> Item:
        """Write a new piece."""
        self._make()
        item = replace(item, file=self._free(item), digest=digest(data))
        write_whole(self.folder / item.file, data)
        return self.know(item)

    def know(self, item: Item, *, write: bool = True) -> Item:
        """Keep what is known of a file that lies here, and write it down."""
        if write:
            self._write(item)
        told = (self.folder / item.file).stat()
        item = replace(item, bytes=told.st_size)
        self.seen[item.file] = (told.st_mtime_ns, told.st_size)
        self.items[item.id] = item
        self.newcomers.pop(item.file, None)
        return item

    def take(self, item: Item, other: Shelf) -> Item:
        """Move a piece here from another shelf, or from this one to the name of its title."""
        self._make()
        old, old_twin = other.folder / item.file, other._twin(item.file)
        item = replace(item, file=self._free(item))
        self._write(item)
        try:
            os.replace(old, self.folder / item.file)
            sync_folder(self.folder)
            if old_twin != self._twin(item.file):
                old_twin.unlink(missing_ok=True)
        except OSError as error:
            raise ResourceError(
                f"cannot move {old.name}: {error.strerror}.",
                "Look whether the folder may be written to.",
            ) from error
        other._forget(item.id, old.name)
        return self.know(item, write=False)

    def remove(self, item: Item) -> None:
        """Delete a piece for good."""
        try:
            (self.folder / item.file).unlink(missing_ok=True)
            self._twin(item.file).unlink(missing_ok=True)
        except OSError as error:
            raise ResourceError(
                f"cannot delete {item.file}: {error.strerror}.", "Delete it by hand."
            ) from error
        self._forget(item.id, item.file)

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(
                f"cannot make {self.folder}: {error.strerror}.", "Choose another folder."
            ) from error

    def _forget(self, number: str, file: str) -> None:
        self.items.pop(number, None)
        self.seen.pop(file, None)

    def _write(self, item: Item) -> None:
        write_whole(self._twin(item.file), _ITEM.dump_json(item, indent=1, exclude=_NOT_KEPT))

    def _twin(self, file: str) -> Path:
        """Return where what is known of a file lies."""
        stem = _stem(file)
        return self.folder / f"{stem if _OURS.search(stem) else file}.json"

    def _free(self, item: Item) -> str:
        """Return the name for a piece's file that no other piece has."""
        theirs = item.file and not _OURS.search(_stem(item.file))
        if theirs and not (self.folder / item.file).exists():
            return item.file
        if theirs and item.id in self.items:
            return item.file
        return f"{item.stem}{item.ending}"


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]
