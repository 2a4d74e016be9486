"""Jobs: long work that the page watches, in worker processes behind a bounded queue.

    job = jobs.submit("generate", {"model": "folk", "bars": 32}, title="folk")
    async for event in jobs.follow(job.id): print(event.kind, event.data)

Two run at once, 64 wait, more are refused. A job belongs to the server: closing the page changes
nothing, and whoever asks gets its events again from any number on. `stop` lets it come to a good
end, `cancel` ends its process. What is known about jobs lies on disk; one that was not finished
when the studio ended is `interrupted`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from nokturn.errors import Error, ResourceError
from nokturn.studio._worker import VERBS, Message, Worker
from nokturn.studio.problems import BusyError, MissingError, document, problem
from nokturn.writing import write_whole

RUNNING, WAITING, KEPT = 2, 64, 200
EVENTS_KEPT = 4000  # of a job; what has no successor is kept longest
STARTING_S = 0.05  # of a process that died at once, before the next is tried
ENDED = frozenset({"done", "failed", "cancelled", "interrupted"})
PASSING = frozenset({"progress", "step", "writing", "state"})  # a later one says it all
PLACES = ("path", "paths", "cache", "folder")  # ends of arguments that name one
WARM = ("generate", "lofi")
Keeper = Callable[["Job", dict[str, Any]], tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Event:
    """Something that happened in a job; numbers go up from 1."""

    number: int
    kind: str
    data: dict[str, Any]

    def encoded(self) -> bytes:
        """Return it as a server-sent event."""
        body = json.dumps(self.data, separators=(",", ":"), ensure_ascii=False)
        return f"id: {self.number}\nevent: {self.kind}\ndata: {body}\n\n".encode()


@dataclass
class Job:
    """A piece of work.

    Attributes
    ----------
    state
        waiting, running, done, failed, cancelled or interrupted.
    progress
        0 to 1.
    eta_s
        Seconds left, where that is known.
    result, error
        What came out; what went wrong.
    """

    id: str
    verb: str
    arguments: dict[str, Any]
    title: str
    created: str
    state: str = "waiting"
    progress: float = 0.0
    eta_s: float | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    stopping: bool = False
    pieces: list[str] = field(default_factory=list)  # of the library, that it made
    events: list[Event] = field(default_factory=list, repr=False)
    last: int = 0  # number of the newest event
    changes: int = 0  # so often has what is told of it changed
    _changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    TOLD: ClassVar[tuple[str, ...]] = (
        "id", "verb", "arguments", "title", "created", "state", "progress", "eta_s", "result",
        "error", "stopping", "pieces",
    )  # fmt: skip

    def told(self) -> dict[str, Any]:
        """Return what the page is told of it: all but where files lie on this machine."""
        told = {name: getattr(self, name) for name in self.TOLD}
        shown = {k: v for k, v in self.arguments.items() if not k.endswith(PLACES)}
        return told | {"arguments": shown}

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    def say(self, kind: str, data: dict[str, Any]) -> None:
        """Add an event and wake those who follow."""
        self.last += 1
        if kind in PASSING:
            place = data.get("variation")
            self.events = [
                e for e in self.events if e.kind != kind or e.data.get("variation") != place
            ]
        self.events.append(Event(self.last, kind, data))
        del self.events[:-EVENTS_KEPT]
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Jobs:
    """All jobs of a studio.

    Parameters
    ----------
    folder
        Where what is known about them lies; made where there is none.
    running, waiting
        How many at most.
    warm
        Verbs that workers have ready.
    keepers
        What becomes of events of a kind before they are told: ``{"made": keep}`` is given the job
        and the data and returns the kind and data that are told in their place.
    verbs
        The package in which verbs are found.
    """

    def __init__(
        self,
        folder: Path,
        *,
        running: int = RUNNING,
        waiting: int = WAITING,
        warm: Sequence[str] = WARM,
        keepers: Mapping[str, Keeper] | None = None,
        verbs: str = VERBS,
    ) -> None:
        self.folder = folder
        self._keepers = dict(keepers or {})
        self._most, self._most_waiting = running, waiting
        self._new = partial(Worker, warm=warm, verbs=verbs)
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._seats: list[_Seat] = []
        self._any = asyncio.Event()
        self._closing = False

    async def start(self) -> None:
        """Start the workers, and take in what earlier studios did."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remember()
        self._seats = [_Seat(self, self._new) for _ in range(self._most)]

    async def close(self) -> None:
        """End all work; what was not finished is interrupted."""
        self._closing = True
        for seat in self._seats:
            seat.worker.kill()
        for job in self._jobs.values():
            if not job.ended:
                self._end(job, "interrupted")

    @property
    def counts(self) -> dict[str, int]:
        """How many run and wait."""
        return {"running": sum(s.job is not None for s in self._seats), "waiting": len(self._queue)}

    def submit(self, verb: str, arguments: dict[str, Any], *, title: str = "") -> Job:
        """Put work in the queue; raises `BusyError` where it is full."""
        if len(self._queue) >= self._most_waiting:
            raise BusyError(
                f"{len(self._queue)} pieces of work are waiting already.",
                "Wait until some are done, or cancel one.",
            )
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        job = Job(secrets.token_hex(6), verb, arguments, title or verb, created)
        self._jobs[job.id] = job
        self._queue.append(job)
        self._tell(job)
        self._keep(job)
        self._next()
        return job

    def get(self, number: str) -> Job:
        """Return a job; raises `MissingError`."""
        job = self._jobs.get(number)
        if job is None:
            raise MissingError(
                "There is no such piece of work.", "It may have ended with an earlier studio."
            )
        return job

    def all(self) -> list[Job]:
        """Return all jobs, the newest first."""
        return list(reversed(self._jobs.values()))

    def stop(self, job: Job) -> None:
        """Let a job come to a good end; one that waits is cancelled."""
        if job in self._queue:
            self.cancel(job)
        elif not job.ended:
            job.stopping = True
            self._seat_of(job).worker.stop(job.id)
            self._tell(job)

    def cancel(self, job: Job) -> None:
        """End a job at once."""
        if job in self._queue:
            self._queue.remove(job)
            self._end(job, "cancelled")
        elif not job.ended:
            seat = self._seat_of(job)
            self._end(job, "cancelled")
            seat.renew()

    async def follow(self, job: Job, after: int = 0, beat_s: float = 15.0) -> AsyncIterator[bytes]:
        """Yield a job's events after a number, as they come, encoded; and a beat in silence."""
        seen = after if after <= job.last else 0
        if job.ended:  # who comes back after a restart, which begins numbers anew, is told the end
            seen = min(seen, job.last - 1)
        while True:
            changed = job._changed
            for event in [e for e in job.events if e.number > seen]:
                seen = event.number
                yield event.encoded()
            if job.ended and seen >= job.last:  # more may have come while those were sent
                return
            if changed is job._changed:
                try:
                    await asyncio.wait_for(changed.wait(), beat_s)
                except TimeoutError:
                    yield b": still here\n\n"

    async def changes(self, beat_s: float = 15.0) -> AsyncIterator[bytes]:
        """Yield what is known of any job whenever it changes, encoded."""
        seen: dict[str, int] = {}
        while True:
            changed = self._any
            seen = {number: seen.get(number, -1) for number in self._jobs}
            for job in list(self._jobs.values()):
                if job.changes > seen[job.id]:
                    seen[job.id] = job.changes
                    told = json.dumps(job.told(), ensure_ascii=False, separators=(",", ":"))
                    yield f"event: job\ndata: {told}\n\n".encode()
            if changed is self._any:
                try:
                    await asyncio.wait_for(changed.wait(), beat_s)
                except TimeoutError:
                    yield b": still here\n\n"

    def _next(self) -> None:
        """Give waiting jobs to free workers."""
        for seat in self._seats:
            if not self._queue:
                return
            if seat.is_free:
                job = self._queue.popleft()
                seat.begin(job)
                self._state(job, "running")

    def _seat_of(self, job: Job) -> _Seat:
        return next(seat for seat in self._seats if seat.job is job)

    def _state(self, job: Job, state: str) -> None:
        job.state = state
        self._tell(job)

    def _tell(self, job: Job) -> None:
        place = self._queue.index(job) + 1 if job in self._queue else 0
        job.say("state", {"state": job.state, "place": place, "stopping": job.stopping})
        self._wake(job)

    def _wake(self, job: Job) -> None:
        job.changes += 1
        changed, self._any = self._any, asyncio.Event()
        changed.set()

    def _end(self, job: Job, state: str) -> None:
        job.events = [event for event in job.events if event.kind not in PASSING]  # 50 KB a take
        self._state(job, state)
        self._keep(job)

    def _heard(self, job: Job, kind: str, data: Any) -> None:
        """Take in what a worker says of a job."""
        if job.ended:
            return
        if kind == "event":
            name, told = data
            if name in self._keepers:
                name, told = self._kept(job, name, told)
            if name == "progress":
                job.progress, job.eta_s = told["done"], told.get("eta_s")
                self._wake(job)
            job.say(name, told)
        elif kind == "done":
            job.result, job.progress, job.eta_s = {**(data or {}), "pieces": job.pieces}, 1.0, 0.0
            job.say("result", job.result)
            self._end(job, "done")
        else:
            job.error = data
            job.say("error", data)
            self._end(job, "failed")

    def _kept(self, job: Job, name: str, told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Let a keeper take what was made, and say what went wrong where it cannot."""
        try:
            return self._keepers[name](job, told)
        except (Error, OSError) as error:
            return "error", problem(error)

    def _keep(self, job: Job) -> None:
        """Write down what is known about a job, and forget the oldest.

        Work goes on where the disk is full: it is told as ever, only not after a restart.
        """
        with suppress(ResourceError):
            write_whole(
                self.folder / f"{job.id}.json", json.dumps(job.told()).encode(), lasting=False
            )
        ended = [job for job in self._jobs.values() if job.ended]
        for old in ended[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[old.id]
            (self.folder / f"{old.id}.json").unlink(missing_ok=True)

    def _remember(self) -> None:
        """Take in the jobs of earlier studios; a damaged record is left out."""
        for path in self.folder.glob("*.json"):
            try:
                job = Job(**json.loads(path.read_bytes()))
            except (OSError, ValueError, TypeError):
                continue
            self._jobs[job.id] = job
            if job.ended:
                self._state(job, job.state)  # whoever has listened until now hears how it ended
            else:
                self._end(job, "interrupted")
        self._jobs = dict(sorted(self._jobs.items(), key=lambda pair: pair[1].created))


class _Seat:
    """A place where a worker sits, and the job it has."""

    def __init__(self, jobs: Jobs, make: Callable[[Message], Worker]) -> None:
        self.job: Job | None = None
        self._jobs, self._make = jobs, make
        self._loop = asyncio.get_running_loop()
        self._begun = time.monotonic()
        self._dead = False  # and no other worker is there yet
        self.worker = self._new()

    @property
    def is_free(self) -> bool:
        """Whether a job can begin here."""
        return self.job is None and not self._dead

    def _new(self) -> Worker:
        made: list[Worker] = []

        def heard(task: str, kind: str, data: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._heard, made, task, kind, data)

        self._begun = time.monotonic()
        made.append(self._make(heard))
        return made[0]

    def begin(self, job: Job) -> None:
        self.job = job
        self.worker.do(job.id, job.verb, job.arguments)

    def renew(self) -> None:
        """Put a new process in the place of this one, which is ended, and take the next job."""
        old, self.job = self.worker, None
        self.worker = self._new()
        old.kill()
        self._jobs._next()

    def _heard(self, made: list[Worker], task: str, kind: str, data: Any) -> None:
        if not made or made[0] is not self.worker or self._jobs._closing:
            return
        job = self.job
        if kind == "died":
            self.job, self._dead = None, True
            lasted = time.monotonic() - self._begun
            self._loop.call_later(0 if lasted > 1 else STARTING_S, self._again)
            if job:
                self._jobs._heard(job, "failed", _died(data))
            return
        if job is None or task != job.id:
            return
        self._jobs._heard(job, kind, data)
        if kind in ("done", "failed"):
            self.job = None
            self._jobs._next()

    def _again(self) -> None:
        if not self._jobs._closing:
            self.worker, self._dead = self._new(), False
            self._jobs._next()


def _died(why: str) -> dict[str, Any]:
    """Return what to say of a job whose process ended without a word."""
    fix = "Ask for less at once, close other programs, or try again."
    if why == "SIGKILL":
        what = "The work ended before it was done: its process was ended by the system."
        return document("resource", 507, what, "Most often there was not enough memory.", fix)
    what = "The work ended before it was done."
    return document("internal", 500, what, f"It died with {why}.", fix)
