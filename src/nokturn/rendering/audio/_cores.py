"""Cores: several sounds made at once, each as it would be made alone.

    for sound in at_once(made, [rain, vinyl]): ...
    product = on_one_core(left, right)  # of matrices

NumPy and the coders let other threads run while they compute, so that two threads keep two cores
busy; each holds its own copies of minutes of sound, which is why there are no more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

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


def on_one_core(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of two matrices, the same bytes on any number of cores.

    A library that divides the product among its threads sums the edges of each part in another
    order, so that the last digits would tell how many threads there were.
    """
    with _TURN, _libraries().limit(limits=1):
        product: NDArray[np.float32] = left @ right
    return product


_TURN = threading.Lock()  # the limit holds for all threads, and one alone may set it


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
