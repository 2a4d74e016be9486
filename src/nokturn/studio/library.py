"""The library: pieces on disk as plain files, found again by words, with a bin.

    library = Library(Path("my-pieces"))
    item = library.add(made)                          a piece as `verbs._made.made` gives it
    library.path(item.id)                             my-pieces/reel-in-a-dorian-7f3a9c21b0aa.abc
    library.find(Wanted(q="dorian 6/8", starred=True), sort="-created").items

Ids are made here; nothing that a request says becomes part of a path. Nothing is read here either:
what is known of a piece comes from the worker that made or read it. All methods may be called from
any thread. Its weakness: the folder is walked for each list, which takes 30 ms for 5,000 pieces.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nokturn.errors import UsageError
from nokturn.studio._shelf import ID, Item, Shelf, digest, plain
from nokturn.studio.problems import MissingError

__all__ = ["BIN_DAYS", "ID", "SORTS", "Found", "Item", "Library", "Wanted"]
BIN_DAYS = 30
_TITLE = 120
_MADE = frozenset(Item.__dataclass_fields__) - {"id", "created", "file", "bytes", "digest"}


@dataclass(frozen=True)
class Wanted:
    """What a list is to hold; empty = everything.

    Attributes
    ----------
    q
        Words that must all be found in title, key, meter or model, in any order.
    """

    q: str = ""
    key: str = ""
    meter: str = ""
    model: str = ""
    kind: str = ""
    starred: bool | None = None

    def fits(self) -> Callable[[Item], bool]:
        """Return what says of an item whether it is wanted."""
        words = plain(self.q).split()
        exact = [(name, getattr(self, name)) for name in ("key", "meter", "model", "kind")]
        asked = [(name, value) for name, value in exact if value]

        def fit(item: Item) -> bool:
            return (
                (self.starred is None or item.starred == self.starred)
                and all(getattr(item, name) == value for name, value in asked)
                and all(word in item.words for word in words)
            )

        return fit


@dataclass(frozen=True)
class Found:
    """A part of a list.

    Attributes
    ----------
    total
        How many there are in all.
    facets
        What keys, meters, models and kinds there are in the whole library, for choosing.
    """

    total: int
    items: list[Item]
    facets: dict[str, list[str]]


def _by_title(item: Item) -> list[tuple[int, int, str]]:
    """Return what sorts titles as people do: 2 before 10, accents beside their letters."""
    parts = re.findall(r"\d+|\D+", plain(item.title))
    return [(0, int(p[:12]), "") if p.isdecimal() else (1, 0, p) for p in parts]


SORTS: dict[str, Callable[[Item], Any]] = {
    "created": lambda item: item.created,
    "title": _by_title,
    "key": lambda item: item.key,
    "meter": lambda item: item.meter,
    "tempo": lambda item: item.tempo_qpm,
    "bars": lambda item: item.bars,
    "seconds": lambda item: item.seconds,
    "model": lambda item: item.model,
}


class Library:
    """The pieces in a folder.

    Parameters
    ----------
    folder
        Made when the first piece comes.
    read_only
        Refuse every change, and write nothing.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self.read_only = read_only
        self._shelf, self._bin = Shelf(folder), Shelf(folder / "bin")
        self._turn = threading.RLock()
        self.look()
        if not read_only:
            self._purge_old()

    def look(self) -> dict[str, tuple[int, int]]:
        """Take in what people did in the folder by hand.

        Returns
        -------
        The files that have to be read, for `adopt`, and what tells each state of them apart.
        """
        with self._turn:
            for shelf in (self._shelf, self._bin):
                if shelf.folder.is_dir():
                    shelf.look()
            return {name: self._shelf.seen[name] for name in self._shelf.newcomers}

    def add(self, made: dict[str, Any]) -> Item:
        """Put a piece into the library."""
        with self._change():
            return self._shelf.put(_item(made, secrets.token_hex(6), _now()), made["data"])

    def adopt(
        self,
        name: str,
        made: dict[str, Any],
        *,
        read: str,
        state: tuple[int, int],
        more: int = 0,
    ) -> Item | None:
        """Take in a file that people put here or changed, now that it has been read.

        Parameters
        ----------
        name, state
            The file and its state, as `look` told them.
        read
            The `digest` of what was read.
        more
            Tunes that the file holds beside this one.

        Returns
        -------
        None where the file is gone again.
        """
        with self._turn:
            if name not in self._shelf.newcomers or not (self.folder / name).is_file():
                return None
            old = self._shelf.newcomers[name]
            # addresses outlive a read-only studio, which cannot write them down
            number = digest(name.encode())[:12] if self.read_only else secrets.token_hex(6)
            item = _item(made, old.id if old else number, old.created if old else _now())
            if old:
                item = replace(
                    item, starred=old.starred, kind=old.kind, parent=old.parent, model=old.model,
                    seed=old.seed, recipe=old.recipe,
                )  # fmt: skip
            ending = Path(name).suffix.lower()
            item = replace(item, file=name, ending=ending, digest=read, more=more)
            item = self._shelf.know(item, write=not self.read_only)
            self._shelf.seen[name] = state  # should it have changed since, the next look finds it
            return item

    def books(self) -> list[Item]:
        """Return the pieces whose files hold more tunes than are shown."""
        with self._turn:
            return [item for item in self._shelf.items.values() if item.more]

    def open_book(self, number: str, others: Iterable[dict[str, Any]]) -> list[Item]:
        """Make pieces of the other tunes of a piece's file, which stays as it is.

        Returns
        -------
        Those that are new: what is in the library already is left out.
        """
        with self._change():
            item = self.get(number)
            new = [self.add(made) for made in others if self.same(made["data"]) is None]
            self._shelf.know(replace(item, more=0))
            return new

    def get(self, number: str) -> Item:
        """Return what is known of a piece; raises `MissingError`."""
        with self._turn:
            item = self._shelf.items.get(number)
            if item is not None:
                return item
            if number in self._bin.items:
                raise MissingError("This piece is in the bin.", "Take it out of there to see it.")
        raise MissingError("There is no such piece.", "Look for it in the library.")

    def same(self, data: bytes) -> Item | None:
        """Return the piece whose file holds the very same music, if there is one."""
        wanted = digest(data)
        with self._turn:
            return next((i for i in self._shelf.items.values() if i.digest == wanted), None)

    def made_by(self, recipe: dict[str, Any]) -> Item | None:
        """Return the piece that a recipe made, if it is here."""
        with self._turn:
            return next((i for i in self._shelf.items.values() if i.recipe == recipe), None)

    def path(self, number: str) -> Path:
        """Return the file of a piece."""
        return self.folder / self.get(number).file

    def find(
        self,
        wanted: Wanted | None = None,
        *,
        sort: str = "-created",
        offset: int = 0,
        limit: int = 100,
    ) -> Found:
        """Return the pieces that are wanted, from ``offset`` on, ``limit`` at most.

        Parameters
        ----------
        sort
            One of `SORTS`; a minus in front turns it round.
        """
        order = SORTS.get(sort.removeprefix("-"))
        if order is None:
            raise UsageError(f"There is no order {sort!r}.", f"Known: {', '.join(SORTS)}.")
        with self._turn:
            every = list(self._shelf.items.values())
        fit = (wanted or Wanted()).fits()
        found = [item for item in every if fit(item)]
        found.sort(key=SORTS["created"], reverse=True)
        found.sort(key=order, reverse=sort.startswith("-"))
        facets = {
            name: sorted({value for item in every if (value := getattr(item, name))})
            for name in ("key", "meter", "model", "kind")
        }
        return Found(len(found), found[offset : offset + limit], facets)

    def change(self, number: str, *, title: str | None = None, starred: bool | None = None) -> Item:
        """Rename a piece, or put a star on it or take it off; its file is named after it."""
        with self._change():
            item = self.get(number)
            if starred is not None:
                item = self._shelf.know(replace(item, starred=starred))
            if title is not None:
                item = self._shelf.take(replace(item, title=_cleaned(title)), self._shelf)
            return item

    def delete(self, number: str) -> Item:
        """Put a piece into the bin."""
        with self._change():
            return self._bin.take(replace(self.get(number), deleted=_now()), self._shelf)

    def delete_many(self, numbers: Iterable[str]) -> tuple[list[str], list[str]]:
        """Put pieces into the bin, but for those with a star.

        Returns
        -------
        Ids of what is in the bin now, and of what stayed.
        """
        gone, stayed = [], []
        with self._change():
            for number in dict.fromkeys(numbers):
                item = self._shelf.items.get(number)
                if item is None or item.starred:
                    stayed.append(number)
                else:
                    gone.append(self.delete(number).id)
        return gone, stayed

    def binned(self) -> list[Item]:
        """Return what is in the bin, the last first."""
        with self._turn:
            items = list(self._bin.items.values())
        return sorted(items, key=lambda item: item.deleted, reverse=True)

    def restore(self, number: str) -> Item:
        """Take a piece out of the bin."""
        with self._change():
            return self._shelf.take(replace(self._of_bin(number), deleted=""), self._bin)

    def purge(self, number: str) -> None:
        """Delete a piece of the bin for good."""
        with self._change():
            self._bin.remove(self._of_bin(number))

    def empty_bin(self) -> int:
        """Delete all that is in the bin for good; return how much it was."""
        with self._change():
            items = list(self._bin.items.values())
            for item in items:
                self._bin.remove(item)
            return len(items)

    def _of_bin(self, number: str) -> Item:
        item = self._bin.items.get(number)
        if item is None:
            raise MissingError("There is no such piece in the bin.", "Look for it in the library.")
        return item

    def _purge_old(self) -> None:
        oldest = (datetime.now(UTC) - timedelta(days=BIN_DAYS)).isoformat()
        for item in list(self._bin.items.values()):
            if item.deleted and item.deleted < oldest:
                self._bin.remove(item)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Let one change happen at a time, and none where there may be none."""
        self.check_open()
        with self._turn:
            yield

    def check_open(self) -> None:
        """Raise `UsageError` where nothing may be changed."""
        if self.read_only:
            raise UsageError("This library is read-only.", "Start the studio without --read-only.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _item(made: dict[str, Any], number: str, created: str) -> Item:
    """Return what is told of a piece that was made or read."""
    told = {name: value for name, value in made.items() if name in _MADE}
    told["title"] = _cleaned(told.get("title") or "Untitled")
    if told.get("recipe"):  # as it will be read back from the disk, and from files that are dropped
        told["recipe"] = json.loads(json.dumps(told["recipe"], default=str))
    return Item(id=number, created=created, **told)


def _cleaned(title: str) -> str:
    """Return a title without what cannot be shown in a line; raises `UsageError` for nothing."""
    line = " ".join("".join(c if c.isprintable() else " " for c in title).split())[:_TITLE].strip()
    if not line:
        raise UsageError("A piece needs a title.", "Write a few letters.")
    return line
