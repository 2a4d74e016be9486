"""Which studio has a library: a file that its process holds, and that says where it listens.

    with held(library) as lock:
        lock.tell("http://127.0.0.1:8765/")

The system lets go of the file when the process ends, however it ends, so a lock is never stale.
Some network disks know no locks: there, nobody is kept from starting two.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nokturn.errors import Error, ResourceError

NAME = ".studio.lock"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_FAR = 1 << 20  # Windows locks bytes: one beyond the text, which stays readable


class HeldError(Error):
    """Another studio has the library; ``address`` is where, or empty."""

    def __init__(self, address: str) -> None:
        super().__init__("A studio has this library open already.")
        self.address = address


class Lock:
    """A file that this process holds."""

    def __init__(self, file: int) -> None:
        self._file = file

    def tell(self, address: str) -> None:
        """Say to the next one where this studio is."""
        text = json.dumps({"pid": os.getpid(), "address": address}).encode()
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text)


@contextmanager
def held(library: Path) -> Iterator[Lock]:
    """Hold a library, whose folder is made where there is none.

    Raises
    ------
    HeldError
        Another studio has it.
    ResourceError
        Nothing can be written there.
    """
    path = library / NAME
    try:
        library.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(path, flags, 0o600)
    except OSError as error:
        raise ResourceError(
            f"The library {library} cannot be opened: {error.strerror}.",
            "Choose another folder with --library.",
        ) from error
    try:
        if not _locked(file):
            raise HeldError(_address(path))
        yield Lock(file)
        os.ftruncate(file, 0)
    finally:
        os.close(file)


def _address(path: Path) -> str:
    """Return where the studio that holds a file is, as far as it said so."""
    try:
        told = json.loads(path.read_bytes())
        return str(told["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _locked(file: int) -> bool:
    """Take the lock; False where another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _TAKEN
    return True
