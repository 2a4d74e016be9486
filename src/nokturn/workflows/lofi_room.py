"""Room for lo-fi tracks: where each lies in the cache, and which go when there are too many bytes.

folder = folder_of(cache, recipe)      stems, mixes, exports: all can be made again
forget_old(cache)                      what nobody has asked for longest
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nokturn.workflows.room import Kept, make_room, size_of

TOLD = "console.json"  # what is known of a track; there when all of its sound is
KEPT_BYTES = 4 << 30  # of all tracks and what was made of them
IN_USE_S = 600.0  # since a track was asked for: it is heard, and its files may be read


def folder_of(cache: Path, recipe: Mapping[str, Any]) -> Path:
    """Return where a track of a recipe lies; the same recipe, the same folder."""
    told = json.dumps(recipe, sort_keys=True).encode()
    return cache / "lofi" / hashlib.sha256(told).hexdigest()[:16]


def forget_old(cache: Path, limit: int = KEPT_BYTES, in_use_s: float = IN_USE_S) -> None:
    """Remove tracks, mixes and exports that nobody has asked for longest until the rest fits."""
    folders = [path for path in (cache / "lofi").glob("*") if path.is_dir()]
    with suppress(FileNotFoundError):  # another worker makes room at this moment
        make_room([entry for folder in folders for entry in _kept(folder)], limit, in_use_s)


def used(path: Path) -> None:
    """Note that somebody has asked for a file."""
    with suppress(OSError):  # it may lie where nothing can be written
        os.utime(path)


def _kept(folder: Path) -> list[Kept]:
    """Return what of a track can go by itself: later mixes, exports; last the track, with all."""
    try:
        first = f"mix-{json.loads((folder / TOLD).read_bytes())['mix']}"
    except (OSError, ValueError, KeyError):  # it is being made, or was never finished
        return [Kept([folder], size_of(folder), folder.stat().st_mtime)]
    alone = [
        [path, path.with_suffix(".wav")] if path.suffix else [path]
        for path in folder.glob("mix-*")
        if path.stem != first and path.suffix != ".wav"
    ]
    parts = [Kept(paths, size_of(*paths), paths[0].stat().st_mtime) for paths in alone]
    rest = size_of(folder) - sum(part.bytes for part in parts)
    return [*parts, Kept([folder], rest, (folder / TOLD).stat().st_mtime)]
