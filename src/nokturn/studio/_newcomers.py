"""Newcomers: files of music that people put into the library's folder by hand, read in turn.

    await newcomers.look()        before a list: what is new or changed is read by the desk
    newcomers.problems            what could not be read, and why

A look waits a moment, so that a few files are in the list at once; the reading of many goes on.
A file that cannot be read is tried again when it has changed.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from nokturn.errors import InputError
from nokturn.studio.desk import Desk, ProblemError
from nokturn.studio.library import Library
from nokturn.studio.problems import BusyError, problem

FRESH_S = 1.0  # that a look holds: who types a search asks many times a second
WAIT_S = 0.6  # of a look
READING_S = 20.0  # of one file
State = tuple[int, int]


class Newcomers:
    """Who reads what is new in a library."""

    def __init__(self, library: Library, desk: Desk) -> None:
        self._library, self._desk = library, desk
        self._refused: dict[str, tuple[State, dict[str, Any]]] = {}
        self._todo: dict[str, State] = {}
        self._reading: asyncio.Task[None] | None = None
        self._looked = float("-inf")

    @property
    def left(self) -> int:
        """How many files are still to be read."""
        return len(self._todo)

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What is wrong with which file."""
        refused = sorted(self._refused.items())
        return [{"file": _shown(name), **told} for name, (_, told) in refused]

    async def look(self) -> None:
        """Take in what has changed in the folder."""
        if time.monotonic() - self._looked > FRESH_S:
            await self._find()
        if self._todo and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read())
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=WAIT_S)

    async def _find(self) -> None:
        found = await asyncio.to_thread(self._library.look)
        self._looked = time.monotonic()
        self._refused = {n: told for n, told in self._refused.items() if found.get(n) == told[0]}
        self._todo = {n: state for n, state in found.items() if n not in self._refused}

    async def close(self) -> None:
        """End the reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self) -> None:
        while self._todo:
            name, state = next(iter(self._todo.items()))
            try:
                await self._take(name, state)
            except BusyError:
                return  # the next look goes on
            except Exception as error:  # whatever it is, the others are read
                told = error.told if isinstance(error, ProblemError) else problem(error)
                self._refused[name] = state, told
            self._todo.pop(name, None)

    async def _take(self, name: str, state: State) -> None:
        """Read a file; of a book of tunes the first is the piece, until somebody wants them all."""
        if _shown(name) != name:
            raise InputError("Its name is not written in UTF-8.", "Rename the file.")
        path = str(self._library.folder / name)
        told = await self._desk.ask("read", path=path, name=name, seconds=READING_S)
        if not told["pieces"]:
            self._refused[name] = state, told["problems"][0]
            return
        first, *others = told["pieces"]
        self._library.adopt(name, first, read=told["digest"], state=state, more=len(others))


def _shown(name: str) -> str:
    """Return a file's name as text; on old disks names may be bytes of another alphabet."""
    return name.encode(errors="replace").decode()
