"""One step of training: shards of a batch on threads, gradients summed in a fixed order.

Every thread runs whole shards with one intra-operation thread of torch: that is what scales on
CPUs, and what survives neighbours that keep the cores busy. Threads take shards from a queue, the
weights are shared, and each shard leaves its gradient in a row of its own; the rows are then summed
in the order of the shards. So the number of threads changes the speed and never a bit of the
result.

The weights that a step computes with are a copy where that helps: in bfloat16, and with a part of
the recurrent weights dropped (the mask is drawn anew every eight steps; drawing costs more than
using it).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nokturn.models.base import IGNORED, Model
from nokturn.training.optimiser import Pace, Vectors, update
from nokturn.training.settings import TrainingSettings
from nokturn.training.shards import Chunk

MASK_STEPS = 8
MALLOC_TRIMMED, MALLOC_MAPPED, MALLOC_ARENAS = -1, -3, -8  # of mallopt(3)
State = tuple[Tensor, ...]
A = TypeVar("A")
B = TypeVar("B")


class Threads:
    """A few threads, each with one thread of torch; also the caller's torch is held to one.

    OpenMP's pool collapses when other programs keep the cores busy (a product of 0.2 ms took 45
    ms), so it is never used.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        _keep_freed_memory()
        self._before = torch.get_num_threads()
        torch.set_num_threads(1)
        self._pool = ThreadPoolExecutor(count, "nokturn", torch.set_num_threads, (1,))

    def map(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """Return the results in the order of the items, whoever finished first."""
        if self.count == 1:
            return [work(item) for item in items]
        return list(self._pool.map(work, items))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
        torch.set_num_threads(self._before)


def _keep_freed_memory() -> None:
    """Have the C library keep up to 1 GiB of what is freed, in one heap, for the next step.

    Given back and asked for anew at every step, as glibc does with large blocks, it is zeroed page
    by page each time: a sixth of the time of a step. Other C libraries are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    for option, value in (MALLOC_ARENAS, 1), (MALLOC_MAPPED, 1 << 30), (MALLOC_TRIMMED, 1 << 30):
        if tune is not None:
            tune(option, value)


@dataclass(frozen=True)
class Tally:
    """What some predictions cost."""

    nats: float = 0.0
    symbols: int = 0
    correct: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.nats + other.nats, self.symbols + other.symbols, self.correct + other.correct
        )


class Engine:
    """The network in training.

    Parameters
    ----------
    model
        What to train, with its first weights.
    settings
        Of the training; ``shards`` must be set.
    threads
        Who works.
    device
        "cpu" or "cuda".
    half
        Whether the recurrent weights are computed with in bfloat16.
    balance
        What each symbol weighs in the loss, (V,); None = all the same.
    """

    def __init__(
        self,
        model: Model,
        settings: TrainingSettings,
        threads: Threads,
        device: str = "cpu",
        half: bool = False,
        balance: NDArray[np.float32] | None = None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.threads = threads
        self.device = device
        self.step = 0  # updates made so far
        self.progress = 0.0
        self.vectors = Vectors(model.weights)
        self.vectors.to(device)
        self._balance = None if balance is None else torch.from_numpy(balance).to(device)
        self.states: list[State | None] = [None] * settings.shards
        self._work = Work(model, self.vectors, half)
        layout = self.vectors.layout
        self._gradients = torch.zeros((settings.shards, layout.total), device=device)
        self._slots = [layout.views(row) for row in self._gradients]
        self._blocks = _shares(layout.blocks(), 1 if device == "cuda" else 8)

    def advance(
        self,
        chunks: Sequence[Chunk | None],
        rate: float,
        memory: float,
        progress: float = 1.0,
    ) -> Tally:
        """Learn from one chunk for each shard; None where a shard has nothing to do.

        ``progress`` is how much of the training is done, 0-1.

        Returns what the predictions cost (with dropout, and before the update).
        """
        self.progress = progress
        self._work.refresh(self.vectors, self.settings.seed, self.step, self.threads, self._blocks)
        total = sum(int((chunk.targets != IGNORED).sum()) for chunk in chunks if chunk)
        jobs = [(i, chunk, total) for i, chunk in enumerate(chunks) if chunk]
        tally = sum(self.threads.map(self._shard, jobs), Tally())
        self._update([i for i, _, _ in jobs], rate, memory)
        return tally

    def _shard(self, job: tuple[int, Chunk, int]) -> Tally:
        """Predict one shard's chunk and leave its gradient in the shard's row."""
        index, chunk, total = job
        noise = self._noise(index)
        state = None if chunk.first else self.states[index]
        ids, channels, targets = (
            torch.from_numpy(part).to(self.device)
            for part in (chunk.ids, chunk.channels, chunk.targets)
        )
        weights = self._work.weights
        cost = self.model.cost(
            weights | self._work.fixed,
            ids,
            channels,
            targets,
            state,
            noise,
            smoothing=self.settings.label_smoothing,
            progress=self.progress,
            balance=self._balance,
        )
        found = torch.autograd.grad(cost.loss / total, list(weights.values()))
        for name, gradient in zip(weights, found, strict=True):
            self._slots[index][name].copy_(gradient)
        self.states[index] = None if chunk.last else tuple(part.detach() for part in cost.state)
        symbols = int((chunk.targets != IGNORED).sum())
        return Tally(float(cost.nats.sum()), symbols, int(cost.correct))

    def _noise(self, shard: int) -> torch.Generator:
        """Return a shard's dropout generator: by seed, step and shard, so it needs no saving."""
        numbers = np.random.SeedSequence([self.settings.seed, 1, self.step, shard])
        seed = int(numbers.generate_state(1, np.uint64)[0] >> np.uint64(1))
        return torch.Generator(self.device).manual_seed(seed)

    def _update(self, shards: list[int], rate: float, memory: float) -> None:
        """Sum the shards' gradients, clip, and update the weights."""
        rows = [self._gradients[i] for i in shards]

        def gather(blocks: list[slice]) -> float:
            squared = 0.0
            for block in blocks:
                target = rows[0][block]
                for row in rows[1:]:
                    target.add_(row[block])
                if self._work.mask is not None:
                    target.mul_(self._work.mask[block])
                squared += float(torch.dot(target, target))
            return squared

        norm = sum(self.threads.map(gather, self._blocks)) ** 0.5
        if not np.isfinite(norm):
            raise FloatingPointError(f"the gradient is {norm} at step {self.step}")
        self.step += 1
        s = self.settings
        pace = Pace(
            step=self.step,
            rate=rate,
            beta1=s.beta1,
            beta2=s.beta2,
            decay=s.weight_decay,
            memory=memory,
            scale=min(1.0, s.clip / (norm + 1e-6)),
        )

        def learn(blocks: list[slice]) -> None:
            for block in blocks:
                update(self.vectors, rows[0], block, pace)

        self.threads.map(learn, self._blocks)


class Work:
    """The weights that a step computes with: the vector itself, or a copy dropped and rounded.

    Attributes
    ----------
    weights
        By name, as leaves of the graph.
    fixed
        Arrays of the model that are not learned.
    mask
        What is kept of each weight (0 or 1 / (1 - share)); None without weight-drop.
    """

    def __init__(self, model: Model, vectors: Vectors, half: bool) -> None:
        kind = type(model)
        layout = vectors.layout
        self._drop = kind.dropped(model.settings)
        self.mask = torch.ones_like(vectors.weights) if self._drop else None
        self._masked = -1
        halved = kind.half(model.settings) if half else frozenset()
        copied = {*self._drop, *halved}
        self._copy: Tensor | None = None
        own = layout.views(vectors.weights)
        if copied:
            dtype = torch.bfloat16 if halved else torch.float32
            self._copy = torch.zeros_like(vectors.weights, dtype=dtype)
            views = layout.views(self._copy)
            own = {name: views[name] if name in copied else own[name] for name in own}
        self.weights = {name: view.detach().requires_grad_() for name, view in own.items()}
        self.fixed = {
            name: torch.from_numpy(array).to(vectors.weights.device)
            for name, array in model.weights.items()
            if name not in self.weights
        }

    @torch.no_grad()
    def refresh(
        self, vectors: Vectors, seed: int, step: int, threads: Threads, blocks: list[list[slice]]
    ) -> None:
        """Copy the weights as they are now; draw new masks at every eighth step."""
        if self.mask is not None and self._masked != step // MASK_STEPS:
            self._masked = step // MASK_STEPS
            views = vectors.layout.views(self.mask)
            jobs = [(i, views[name], share) for i, (name, share) in enumerate(self._drop.items())]
            threads.map(lambda job: _draw_mask(seed, self._masked, *job), jobs)
        copy = self._copy
        if copy is None:
            return

        def fill(mine: list[slice]) -> None:
            for block in mine:
                part = vectors.weights[block]
                copy[block] = part if self.mask is None else part * self.mask[block]

        threads.map(fill, blocks)


@torch.no_grad()
def _draw_mask(seed: int, number: int, index: int, mask: Tensor, share: float) -> None:
    numbers = np.random.SeedSequence([seed, 2, number, index]).generate_state(1, np.uint64)
    noise = torch.Generator(mask.device).manual_seed(int(numbers[0] >> np.uint64(1)))
    mask.bernoulli_(1 - share, generator=noise).div_(1 - share)


def _shares(blocks: list[slice], count: int) -> list[list[slice]]:
    """Deal blocks in runs to so many jobs, none of them empty."""
    size = -(-len(blocks) // count)
    return [blocks[i : i + size] for i in range(0, len(blocks), size)]


def describe(device: str) -> dict[str, Any]:
    """Return what trains, for the record."""
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return {"device": name, "torch": torch.__version__}
