"""Worker processes that read files: a file that kills or holds up its reader costs itself alone.

Each worker is a spawned process behind a pipe, with limits on memory and processor time where the
system has them. One file at a time is sent to it; when it dies or is too slow, that file is refused
and a new worker takes its place. Weakness: starting one takes half a second, so few files are
better read without.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

FILE_SECONDS = 30.0
MEMORY_BYTES = 2 << 30
_STARTUP_SECONDS = 60.0

Job = Callable[[Any], Any]


def read_in_workers(
    job: Job,
    paths: Sequence[Any],
    workers: int,
    *,
    seconds: float = FILE_SECONDS,
    memory: int = MEMORY_BYTES,
) -> Iterator[tuple[int, Any, str]]:
    """Yield (number of the path, what the job returned, why it failed or ``""``), as they come.

    Parameters
    ----------
    job
        A function of a module, called in the worker.
    paths
        What it is called with, one after the other: paths, or shares of files.
    seconds, memory
        Limits for one file: time by the clock, and bytes of a worker.
    """
    left = iter(enumerate(paths))
    crew = [_Worker(job, seconds, memory) for _ in range(max(1, min(workers, len(paths))))]
    try:
        busy = [worker for worker in crew if worker.take(left)]
        while busy:
            wait([worker.pipe for worker in busy], timeout=_next_deadline(busy))
            for worker in list(busy):
                answer = worker.answer()
                if answer is None:
                    continue
                yield answer
                if not worker.take(left):
                    busy.remove(worker)
    finally:
        for worker in crew:
            worker.stop()


def _next_deadline(busy: Sequence[_Worker]) -> float:
    return max(0.0, min(worker.deadline for worker in busy) - time.monotonic())


class _Worker:
    """One process and the file that it is reading."""

    def __init__(self, job: Job, seconds: float, memory: int) -> None:
        self.job, self.seconds, self.memory = job, seconds, memory
        self.number, self.deadline = -1, 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, self.job, self.seconds, self.memory), daemon=True
        )
        self.process.start()
        theirs.close()
        self.fresh = True

    def take(self, left: Iterator[tuple[int, Any]]) -> bool:
        """Send the next path; return False where there is none left."""
        following = next(left, None)
        if following is None:
            return False
        self.number, path = following
        grace = _STARTUP_SECONDS if self.fresh else 1.0
        self.deadline = time.monotonic() + self.seconds + grace
        self.fresh = False
        self.pipe.send(path)
        return True

    def answer(self) -> tuple[int, Any, str] | None:
        """Return what came of the file, or None while it is being read."""
        if self.pipe.poll():
            try:
                value, reason = self.pipe.recv()
            except (EOFError, OSError):
                return self._replace("it ended the process that was reading it")
            return self.number, value, reason
        if time.monotonic() > self.deadline:
            return self._replace(f"reading it took more than {self.seconds:g} seconds")
        return None

    def _replace(self, reason: str) -> tuple[int, Any, str]:
        self.stop()
        self._start()
        return self.number, None, reason

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _serve(pipe: Connection, job: Job, seconds: float, memory: int) -> None:
    """Read files until the pipe closes; this runs in the worker."""
    while True:
        try:
            path = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        _limit(seconds, memory)
        try:
            pipe.send((job(path), ""))
        except MemoryError:
            pipe.send((None, "it asks for more memory than a file may have"))


def _limit(seconds: float, memory: int) -> None:
    """Limit this process: address space, and processor time from now on."""
    try:
        import resource
    except ImportError:  # Windows has none; the clock still limits
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if most == resource.RLIM_INFINITY or memory < most:
        resource.setrlimit(resource.RLIMIT_AS, (memory, most))
