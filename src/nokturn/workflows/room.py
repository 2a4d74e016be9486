"""Room: what can be made again is kept in so many bytes; what was not asked for longest goes first.

folder = Path("cache/stems-9f2c")
make_room([Kept([folder], size_of(folder), folder.stat().st_mtime)], 1 << 30, in_use_s=60)
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """Files and folders that go together: their bytes, and when somebody last asked for them."""

    paths: Sequence[Path]
    bytes: int
    used_s: float


def make_room(kept: Iterable[Kept], limit: int, in_use_s: float) -> None:
    """Delete what nobody has asked for longest until the rest has ``limit`` bytes.

    What was asked for in the last ``in_use_s`` seconds stays, however large: it may be read.
    """
    total = 0
    for entry in sorted(kept, key=lambda entry: -entry.used_s):
        total += entry.bytes
        if total > limit and time.time() - entry.used_s > in_use_s:
            for path in entry.paths:
                _delete(path)


def size_of(*paths: Path) -> int:
    """Return the bytes of files, and of folders that hold only files; what is gone has none."""
    files = [file for path in paths for file in (path.iterdir() if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.exists())


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # somebody reads it (Windows), or it is gone
            path.unlink()
