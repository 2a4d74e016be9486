"""Writing: a file appears under its name when all of it is there, whatever happens meanwhile.

    write_whole(path, data)                    after a crash or a power cut: the old file or the new
    write_whole(path, data, lasting=False)     what can be made again: whole, but not forced to disk

Everything in Nokturn that writes a file at once writes it here: under a temporary name beside it,
which is renamed. Forcing a small file and its name to the disk takes 4 to 12 ms (ext4 on a virtual
disk), 0.05 without.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from nokturn.errors import ResourceError

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def write_whole(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file; raises `ResourceError`, with what was there before still there.

    Parameters
    ----------
    path
        In a folder that exists.
    lasting
        Force it to the disk before it gets its name.
    """
    new = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    try:
        try:
            with new.open("wb") as file:
                file.write(data)
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(new, path)
            if lasting:
                sync_folder(path.parent)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk; Windows has no such call and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> ResourceError:
    """Return what the system said, in words."""
    if error.errno in FULL:
        there = next(folder for folder in path.absolute().parents if folder.exists())
        free = shutil.disk_usage(there).free >> 20
        return ResourceError(
            f"the disk is full: {path} could not be written ({free} MB free).",
            "What was saved before is still there; make room and go on.",
        )
    return ResourceError(
        f"cannot write {path}: {error.strerror}.", "Look whether the folder may be written to."
    )
