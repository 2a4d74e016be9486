"""Checkpoints: all that a training needs to go on, bit for bit, as tensors and JSON.

Two are kept. A new one is written beside them under a temporary name and forced to the disk, the
newest becomes the one before, then the new one takes its name; at every moment one of the two is
whole. A SHA-256 is checked on reading; where the newest is damaged the one before is used, and said
so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nokturn.errors import ModelError
from nokturn.models import _tensors
from nokturn.writing import cannot_write, sync_folder, write_whole

NEWEST = "checkpoint.safetensors"
BEFORE = "checkpoint.before.safetensors"
VERSION = 1


@dataclass
class Checkpoint:
    """Arrays by name, and everything else as JSON holds it."""

    arrays: dict[str, _tensors.Array]
    meta: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write the checkpoint. Raises `ResourceError`, with the older ones intact."""
        data = _tensors.dumps(self.arrays, {"checkpoint": VERSION, **self.meta})
        newest = folder / NEWEST
        staged = folder / f".{NEWEST}.new"
        write_whole(staged, data)
        try:
            if newest.exists():
                os.replace(newest, folder / BEFORE)
            os.replace(staged, newest)
            sync_folder(folder)
        except OSError as error:
            raise cannot_write(newest, error) from error


def exists(folder: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return any((folder / name).exists() for name in (NEWEST, BEFORE))


def load(folder: Path) -> tuple[Checkpoint, list[str]]:
    """Read the newest checkpoint that is whole.

    Returns it, and what was wrong with those that were passed over.

    Raises
    ------
    ModelError
        None is whole.
    """
    troubles: list[str] = []
    for name in (NEWEST, BEFORE):
        if not (folder / name).exists():
            continue
        try:
            return _read(folder / name), troubles
        except ModelError as error:
            troubles.append(str(error))
    raise ModelError(
        f"{folder} holds no checkpoint to go on from{': ' if troubles else '.'}"
        f"{' '.join(troubles)}",
        "Start the training again without resuming.",
    )


def _read(path: Path) -> Checkpoint:
    arrays, meta, _ = _tensors.read(path)
    version = meta.pop("checkpoint", None)
    if version != VERSION:
        raise ModelError(f"{path} is a checkpoint of version {version}, expected {VERSION}.")
    return Checkpoint(arrays, meta)


def tidy(folder: Path) -> None:
    """Remove what a crash in the middle of a save left behind."""
    for path in [*folder.glob(".*.tmp"), folder / f".{NEWEST}.new"]:
        path.unlink(missing_ok=True)
