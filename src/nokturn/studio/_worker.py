"""A worker process and the pipe to it.

    worker = Worker(on_message); worker.do("7", "generate", {"model": "folk"}); worker.kill()

The process is spawned, imports what it needs once and does one thing at a time; a verb is a module
of `verbs`. Messages come to ``on_message`` on a thread: ``(task, "event", (type, data))``,
``(task, "done", result)``, ``(task, "failed", problem)`` and, when the process is gone,
``("", "died", why)``. Memory is limited where the system can (`limit`).
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from nokturn.errors import UsageError
from nokturn.studio.problems import problem
from nokturn.studio.sentences import coded

VERBS = "nokturn.studio.verbs"
IDLE_S, TASKS = 0.3, 16  # without work, or tasks one after the other, until memory is given back
Task = tuple[str, str, dict[str, Any]]
Message = Callable[[str, str, Any], None]


class Talk:
    """What a verb has to say and to hear.

    Attributes
    ----------
    stop
        Set when the work should come to a good end: whole bars, the best model.
    """

    def __init__(self, send: Callable[[str, Any], None]) -> None:
        self.stop = threading.Event()
        self._send = send

    def say(self, event: str, /, **data: Any) -> None:
        """Tell an event of a type to all who listen."""
        self._send(event, data)

    def notice(self, text: str) -> None:
        """Tell a sentence for people."""
        self.say("notice", **coded({"text": text}, "text"))

    def progress(self, done: float, text: str = "", eta_s: float | None = None) -> None:
        """Tell how far the work is, 0 to 1, and how many seconds are left."""
        self.say("progress", done=round(done, 4), text=text, eta_s=eta_s)


class Worker:
    """One process.

    Parameters
    ----------
    on_message
        Called on a thread of this worker with (task, kind, data).
    warm
        Verbs that it has ready, one after the other while there is no work: ``"generate"`` is
        imported, and does ``verbs.generate.warm()`` where there is one.
    limit
        Bytes of memory it may take; 0 = as many as there are.
    verbs
        The package in which verbs are found.
    """

    def __init__(
        self,
        on_message: Message,
        *,
        warm: Sequence[str] = (),
        limit: int = 0,
        verbs: str = VERBS,
    ) -> None:
        self._on_message = on_message
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, verbs, tuple(warm), limit), daemon=True
        )
        self._process.start()
        theirs.close()
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def do(self, task: str, verb: str, arguments: dict[str, Any]) -> None:
        """Begin a task."""
        self._send(("do", task, verb, arguments))

    def stop(self, task: str) -> None:
        """Ask for a good end of a task."""
        self._send(("stop", task))

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join(timeout=5)

    def _send(self, message: tuple[Any, ...]) -> None:
        with self._sending:
            try:
                self._pipe.send(message)
            except OSError:  # it is dead; the listener says so
                return

    def _listen(self) -> None:
        try:
            while True:
                task, kind, data = self._pipe.recv()
                self._on_message(task, kind, data)
        except (EOFError, OSError):
            self._process.join(timeout=5)
            code = self._process.exitcode or 0
            signalled = signal.Signals(-code).name if code < 0 else f"code {code}"
            self._on_message("", "died", signalled)
            del self._on_message  # it knows us: pipe and process would stay open for long


def _serve(pipe: Connection, verbs: str, warm: Sequence[str], limit: int) -> None:
    """Be the process: do what comes through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.chdir(Path.cwd().anchor)  # so that no name in a request means a file of where we started
    if limit:
        _limit_memory(limit)
    sending = threading.Lock()

    def send(task: str, kind: str, data: Any) -> None:
        with sending:
            pipe.send((task, kind, data))

    now: dict[str, Talk] = {}
    work: SimpleQueue[Task] = SimpleQueue()
    threading.Thread(target=_hear, args=(pipe, now, work), daemon=True).start()
    cold = list(reversed(warm))
    for number in itertools.count(1):
        while cold and work.empty():  # nobody waits for us to be ready for something else
            with suppress(Exception):  # whoever asks for it is told
                getattr(_verb(verbs, cold.pop()), "warm", lambda: None)()
            if not cold:  # what is loaded stays, and need not be looked through for what is not
                gc.collect()
                gc.freeze()
        task, verb, arguments = _next(work)
        talk = now[task]
        talk._send = _event_sender(send, task)
        try:
            send(task, "done", _verb(verbs, verb).run(talk, **arguments))
        except (Exception, SystemExit) as error:
            send(task, "failed", problem(error))
        finally:
            now.pop(task, None)
            if number % TASKS == 0:
                _give_back()


def _event_sender(send: Message, task: str) -> Callable[[str, Any], None]:
    return lambda kind, data: send(task, "event", (kind, data))


def _next(work: SimpleQueue[Task]) -> Task:
    """Return the next task; while none comes there is time to give memory back."""
    try:
        return work.get(timeout=IDLE_S)
    except Empty:
        _give_back()  # takes ten times as long as reading a tune
        return work.get()


def _give_back() -> None:
    """Give memory that is free back to the system, where its library keeps it (glibc)."""
    gc.collect()
    trim = None if sys.platform == "win32" else getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _hear(pipe: Connection, now: dict[str, Talk], work: SimpleQueue[Any]) -> None:
    """Take in messages; when the server is gone, so are we."""
    try:
        while True:
            message = pipe.recv()
            if message[0] == "do":
                now[message[1]] = Talk(lambda kind, data: None)
                work.put(message[1:])
            elif message[1] in now:
                now[message[1]].stop.set()
    except (EOFError, OSError):
        os._exit(0)


def _verb(verbs: str, name: str) -> Any:
    """Return the module of a verb; names never come from files."""
    if not name.isidentifier() or name.startswith("_"):
        raise UsageError(f"There is no verb named {name!r}.")
    return importlib.import_module(f"{verbs}.{name}")


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
