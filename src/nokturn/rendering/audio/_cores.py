"""Cores: several sounds made at once, each as it would be made alone.

    for sound in at_once(made, [rain, vinyl]): ...

NumPy and the coders let other threads run while they compute, so that two threads keep two cores
busy; each holds its own copies of minutes of sound, which is why there are no more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 2  # sounds that are made at the same time

J = TypeVar("J")
R = TypeVar("R")


def at_once(work: Callable[[J], R], jobs: Sequence[J]) -> Iterator[R]:
    """Yield what a function gives for each job, in their order; the first error is raised."""
    threads = min(AT_ONCE, cores(), len(jobs))
    if threads < 2:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, jobs)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
