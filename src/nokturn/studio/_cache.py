"""Cache: what was made once and can be made again, such as stems, in a folder of bounded size.

    folder = await cache.get("stems-9f2c", make)        # make(folder) writes files into it

An entry appears when it is whole; the ones that nobody has asked for longest go first. Two who
ask for the same at once wait for one making.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

LIMIT_BYTES = 1 << 30
_KEY = re.compile(r"[a-z0-9][a-z0-9.-]{0,119}")


class Cache:
    """Folders by key.

    Parameters
    ----------
    folder
        Where they lie; where it cannot be written, a temporary one takes its place.
    limit
        Bytes of all together, but for the newest.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=".new-", dir=folder)).parent
        except OSError:
            self.folder = Path(tempfile.mkdtemp(prefix="nokturn-"))
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
            if not entry.is_dir():
                await self._make(entry, make)
            os.utime(entry)
        return entry

    async def _make(self, entry: Path, make: Callable[[Path], Awaitable[None]]) -> None:
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            await make(new)
            os.replace(new, entry)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        await asyncio.to_thread(self._shrink, entry)

    def _shrink(self, newest: Path) -> None:
        """Delete the entries that nobody has asked for longest until the rest fits."""
        entries = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        entries.sort(key=lambda path: (path == newest, path.stat().st_mtime), reverse=True)
        total = 0
        for path in entries:
            total += sum(file.stat().st_size for file in path.iterdir())
            if total > self._limit and path != newest:
                shutil.rmtree(path, ignore_errors=True)
