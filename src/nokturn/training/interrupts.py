"""Ctrl-C and SIGTERM during a training: a flag that the loop looks at, nothing more.

    with stopping() as stop:
        for event in train(..., stop=stop): ...

The first signal asks for an end: the step is finished and all is saved. A second Ctrl-C ends at
once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGBREAK")


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Yield an event that is set when the user or the system asks the program to end.

    Outside the main thread, where signals cannot be caught, the event is never set by itself.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, ask) for number in known}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
