"""Cache: what was made once and can be made again, such as stems, in a folder of bounded size.

    folder = await cache.get("stems-9f2c", make)        # make(folder) writes files into it

An entry appears when it is whole; the ones that nobody has asked for longest go first, but none
that was asked for just now: it may still be read. Two who ask for the same at once wait for one
making.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

from nokturn.workflows.room import Kept, make_room, size_of

LIMIT_BYTES = 1 << 30
READ_S = 60.0  # for which an entry may be read by whoever asked for it
_KEY = re.compile(r"[a-z0-9][a-z0-9.-]{0,119}")


class Cache:
    """Folders by key.

    Parameters
    ----------
    folder
        Where they lie; made where there is none.
    limit
        Bytes of all together, but for those that were asked for just now.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT_BYTES, read_s: float = READ_S) -> None:
        self.folder = folder
        self._limit, self._read_s = limit, read_s
        self._turn = threading.Lock()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(".new-*"):  # of a studio that was ended in the middle
            shutil.rmtree(left, ignore_errors=True)

    def there(self, key: str) -> Path | None:
        """Return the folder of a key if it has been made."""
        entry = self.folder / key
        return entry if entry.is_dir() else None

    async def get(self, key: str, make: Callable[[Path], Awaitable[None]]) -> Path:
        """Return the folder of a key, made first where there is none."""
        assert _KEY.fullmatch(key), key
        entry = self.folder / key
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            try:
                os.utime(entry)
            except FileNotFoundError:
                await self._make(entry, make)
        return entry

    async def _make(self, entry: Path, make: Callable[[Path], Awaitable[None]]) -> None:
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            await make(new)
            os.replace(new, entry)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        await asyncio.to_thread(self._shrink)

    def _shrink(self) -> None:
        """Delete the entries that nobody has asked for longest until the rest fits."""
        with self._turn:
            entries = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
            kept = [Kept([path], size_of(path), path.stat().st_mtime) for path in entries]
            make_room(kept, self._limit, self._read_s)
