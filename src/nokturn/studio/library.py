"""The library: pieces on disk as plain files.

    item = library.add(made)          a piece as `verbs._made.made` gives it
    library.path(item.id)             reel-in-a-dorian-7f3a9c21.abc

A piece is one file that other programs open, and a file of the same name ending in ``.json`` with
what lists tell of it. Ids are made here; nothing that a request says becomes part of a path.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nokturn.studio.problems import MissingError
from nokturn.workflows.save import write_whole

ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Item:
    """What is known of a piece without reading it."""

    id: str
    title: str
    ending: str
    kind: str
    parent: str
    key: str
    meter: str
    tempo_qpm: float
    bars: int
    seconds: float
    model: str
    seed: int | None
    created: str
    starred: bool = False
    recipe: dict[str, Any] | None = None

    @property
    def stem(self) -> str:
        """The name of its files, without an ending."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "piece"
        return f"{words}-{self.id}"


class Library:
    """The pieces in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._items: dict[str, Item] = {}

    def add(self, made: dict[str, Any]) -> Item:
        """Put a piece into the library."""
        told = {key: value for key, value in made.items() if key in Item.__dataclass_fields__}
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        item = Item(id=secrets.token_hex(6), created=created, **told)
        write_whole(self.folder / f"{item.stem}{item.ending}", made["data"])
        write_whole(self.folder / f"{item.stem}.json", json.dumps(asdict(item)).encode())
        self._items[item.id] = item
        return item

    def get(self, number: str) -> Item:
        """Return what is known of a piece; raises `MissingError`."""
        item = self._items.get(number)
        if item is None:
            raise MissingError("There is no such piece.", "It may be in the bin.")
        return item

    def path(self, number: str) -> Path:
        """Return the file of a piece."""
        item = self.get(number)
        return self.folder / f"{item.stem}{item.ending}"
