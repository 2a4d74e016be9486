"""What this machine can do: how many threads, which device, whether bfloat16 helps, how fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from nokturn.corpora._store import TokenStore
from nokturn.errors import ResourceError
from nokturn.models.base import Model
from nokturn.training import shards
from nokturn.training.engine import Engine, Threads
from nokturn.training.settings import TrainingSettings

DEFAULT_EPOCHS = 40
WORTH = 0.9  # bfloat16 must take less than this part of float32's time
WARM_STEPS, TIMED_STEPS = 2, 6


@dataclass(frozen=True)
class Machine:
    """What a training will use."""

    device: str
    threads: int
    half: bool
    step_s: float  # measured time of a step
    symbols_per_s: float


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_of(settings: TrainingSettings) -> str:
    """Return "cuda" where it is asked for or found, else "cpu"."""
    there = torch.cuda.is_available()
    if settings.device == "cuda" and not there:
        raise ResourceError(
            "training.device is cuda, but torch finds no CUDA device.", "Use training.device=cpu."
        )
    return "cuda" if there and settings.device != "cpu" else "cpu"


def resolved(settings: TrainingSettings, store: TokenStore, device: str) -> TrainingSettings:
    """Return settings with the numbers of threads, shards and lanes filled in.

    A small corpus gets fewer lanes: what it needs is many updates.
    """
    threads = 1 if device == "cuda" else settings.threads or cores()
    count = settings.shards or threads
    pieces = max(1, int(store.pieces["repeats"][~store.pieces["valid"]].sum()))
    lanes = settings.lanes or min(32 if device == "cuda" else 8, max(1, pieces // (4 * count)))
    count = min(count, -(-pieces // lanes))
    epochs = DEFAULT_EPOCHS if settings.time is settings.epochs is None else settings.epochs
    return settings.model_copy(
        update={
            "threads": threads,
            "shards": count,
            "lanes": lanes,
            "device": device,
            "epochs": epochs,
        }
    )


def measure(
    make: Callable[[Threads, bool], Engine], store: TokenStore, settings: TrainingSettings
) -> Machine:
    """Try a few steps on engines that are thrown away; choose the precision."""
    threads = Threads(settings.threads)
    try:
        candidates = {"float32": [False], "bfloat16": [True], "auto": [False, True]}
        timed = {}
        for half in candidates[settings.precision]:
            engine = make(threads, half)
            if half and settings.precision == "auto" and not _may_halve(engine.model):
                continue
            found = _timed(engine, store, settings, must=settings.precision != "auto" or not half)
            if found:
                timed[half] = found
        half = True in timed and (False not in timed or timed[True][0] < WORTH * timed[False][0])
        return Machine(settings.device, settings.threads, half, *timed[half])
    finally:
        threads.close()


def _may_halve(model: Model) -> bool:
    return bool(type(model).half(model.settings))


def _timed(
    engine: Engine, store: TokenStore, settings: TrainingSettings, must: bool
) -> tuple[float, float] | None:
    """Return seconds a step and symbols a second; None where it does not work and need not."""
    hands = epoch_plan(store, settings, 0)
    try:
        symbols, began = 0, time.perf_counter()
        for step in range(WARM_STEPS + TIMED_STEPS):
            if step == WARM_STEPS:
                symbols, began = 0, time.perf_counter()
            found = (shards.at(hand, step % max(1, shards.steps_of(hands))) for hand in hands)
            chunks = [shards.read(store, *where) if where else None for where in found]
            symbols += engine.advance(chunks, 0.0, 1.0).symbols
        took = time.perf_counter() - began
    except (RuntimeError, FloatingPointError):
        if must:
            raise
        return None
    return took / TIMED_STEPS, symbols / took


def epoch_plan(
    store: TokenStore, settings: TrainingSettings, epoch: int
) -> list[list[shards.Group]]:
    """Return the plan of an epoch under these settings."""
    return shards.plan(
        store,
        epoch,
        seed=settings.seed,
        shards=settings.shards,
        lanes=settings.lanes,
        chunk=settings.chunk,
        transpose_share=settings.transpose_share,
        hide_hints=settings.hide_hints,
        excerpt=settings.excerpt,
    )
