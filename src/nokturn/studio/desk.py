"""Desk: short work for the page, in warm worker processes with limits.

    staged = await desk.ask("stage", path=str(path))

One thing at a time for each worker, first come first served. A worker that takes longer than it
may, dies, or whose asker went away is ended and another takes its place, so that a hostile file
costs its own request alone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from nokturn.errors import Error, InputError
from nokturn.studio._worker import VERBS, Message, Worker
from nokturn.studio.problems import BusyError

SECONDS = 60.0  # for one request
MEMORY_BYTES = 4 << 30  # of a worker: libraries map much that they never touch
WAITING = 64
GRACE_S = 0.5  # to end what nobody waits for any more: a new worker takes a second of work
WARM = ("engrave", "stage", "models", "stems", "read", "lofi_desk")


class Desk:
    """A few workers and those who wait for them.

    Parameters
    ----------
    workers
        How many.
    warm
        Verbs that each has ready before it is asked.
    verbs
        The package in which verbs are found.
    """

    def __init__(self, workers: int = 2, *, warm: Sequence[str] = WARM, verbs: str = VERBS) -> None:
        self._new = partial(Worker, warm=warm, limit=MEMORY_BYTES, verbs=verbs)
        self._count = workers
        self._free: asyncio.Queue[_Seat] = asyncio.Queue()
        self._seats: list[_Seat] = []
        self._waiting = 0
        self._asked: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Start the workers."""
        for _ in range(self._count):
            seat = _Seat(self._new)
            self._seats.append(seat)
            self._free.put_nowait(seat)

    async def close(self) -> None:
        """End the workers."""
        for seat in self._seats:
            seat.close()
        for asked in self._asked:
            asked.cancel()
        await asyncio.gather(*self._asked, return_exceptions=True)

    async def ask(self, verb: str, *, seconds: float = SECONDS, **arguments: Any) -> Any:
        """Return what a verb returns.

        Raises
        ------
        ProblemError
            What the verb raised.
        BusyError
            Too many wait already.
        """
        if self._waiting >= WAITING:
            raise BusyError("The studio is busy.", "Try again in a few seconds.")
        self._waiting += 1
        try:
            seat = await self._free.get()
        finally:
            self._waiting -= 1
        asked = asyncio.create_task(seat.ask(verb, arguments, seconds))
        self._asked.add(asked)
        asked.add_done_callback(lambda asked: self._done(seat, asked))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:  # whoever asked has gone; what is nearly done may end well
            asyncio.get_running_loop().call_later(GRACE_S, asked.cancel)
            raise

    def _done(self, seat: _Seat, asked: asyncio.Task[Any]) -> None:
        self._asked.discard(asked)
        if not asked.cancelled():
            asked.exception()  # nobody may be there any more to hear of it
        self._free.put_nowait(seat)


class ProblemError(Error):
    """An error that was raised in a worker, as `problems.problem` tells it."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(str(told["what"]), str(told["fix"]))
        self.told = told


class _Seat:
    """A worker at the desk."""

    def __init__(self, make: Callable[[Message], Worker]) -> None:
        self._make = make
        self._numbers = itertools.count()
        self._answer: asyncio.Future[Any] | None = None
        self._task = ""
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.worker = self._new()

    def _new(self) -> Worker:
        made: list[Worker] = []

        def heard(task: str, kind: str, data: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._heard, made, task, kind, data)

        made.append(self._make(heard))
        return made[0]

    async def ask(self, verb: str, arguments: dict[str, Any], seconds: float) -> Any:
        self._task = str(next(self._numbers))
        self._answer = self._loop.create_future()
        self.worker.do(self._task, verb, arguments)
        try:
            return await asyncio.wait_for(self._answer, seconds)
        except TimeoutError:
            self._replace()
            raise InputError(
                f"This took longer than {seconds:.0f} seconds and was given up.",
                "Try a smaller piece.",
            ) from None
        except asyncio.CancelledError:  # whoever asked has gone
            self._replace()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """End the worker for good."""
        self._closed = True
        self.worker.kill()

    def _replace(self) -> None:
        self.worker.kill()
        if not self._closed:
            self.worker = self._new()

    def _heard(self, made: list[Worker], task: str, kind: str, data: Any) -> None:
        """Take in a message, on the loop's thread."""
        if self._closed or not made or made[0] is not self.worker:
            return  # a worker that was replaced
        answer = self._answer
        if kind == "died":
            self.worker = self._new()
            error: Error = InputError(
                f"The worker that read this died ({data}).", "The file may be damaged or too large."
            )
        elif task != self._task or kind == "event":
            return
        elif kind == "failed":
            error = ProblemError(data)
        else:
            if answer and not answer.done():
                answer.set_result(data)
            return
        if answer and not answer.done():
            answer.set_exception(error)
