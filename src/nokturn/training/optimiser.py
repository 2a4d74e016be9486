"""AdamW and the average of the weights, over one long vector of all parameters.

All weights lie in one float32 vector, so what an optimiser does is the same arithmetic along that
vector. It is done in blocks small enough for the processor's cache, and blocks are handed to
threads; as each block's result depends on nothing but the block, the number of threads never
changes a bit.

Source: Loshchilov and Hutter, 'Decoupled Weight Decay Regularization', 2019, arXiv:1711.05101.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nokturn.models.base import Weights

BLOCK = 131_072
VECTORS = ("weights", "average", "momentum", "squares")


@dataclass(frozen=True)
class Layout:
    """Where each weight lies in the long vector; matrices first, as only they decay."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    matrices: int  # how many numbers lie in matrices
    total: int

    @classmethod
    def of(cls, shapes: Mapping[str, tuple[int, ...]]) -> Layout:
        """Lay out weights of these shapes."""
        names = sorted(shapes, key=lambda name: (len(shapes[name]) < 2, name))
        sizes = [int(np.prod(shapes[name])) for name in names]
        starts = np.concatenate(([0], np.cumsum(sizes))).tolist()
        matrices = sum(n for n, name in zip(sizes, names, strict=True) if len(shapes[name]) > 1)
        of_names = tuple(tuple(shapes[name]) for name in names)
        return cls(tuple(names), of_names, tuple(starts[:-1]), matrices, starts[-1])

    def views(self, vector: Tensor) -> dict[str, Tensor]:
        """Return each weight as a view of a vector."""
        rows = zip(self.names, self.shapes, self.starts, strict=True)
        return {n: vector[a : a + int(np.prod(s))].view(s) for n, s, a in rows}

    def blocks(self) -> list[slice]:
        """Return the vector in blocks; none holds both matrices and other weights."""
        cuts = [*range(0, self.matrices, BLOCK), *range(self.matrices, self.total, BLOCK)]
        return [slice(a, b) for a, b in zip(cuts, [*cuts[1:], self.total], strict=True)]


class Vectors:
    """The weights, their average, and what Adam remembers, each one vector."""

    def __init__(self, first: Weights) -> None:
        learned = {n: a.shape for n, a in first.items() if a.dtype == np.float32}
        self.layout = Layout.of(learned)
        self.weights = torch.zeros(self.layout.total)
        for name, view in self.layout.views(self.weights).items():
            view.copy_(torch.from_numpy(first[name]))
        self.average = self.weights.clone()
        self.momentum = torch.zeros_like(self.weights)
        self.squares = torch.zeros_like(self.weights)

    def averaged(self) -> Weights:
        """Return the average of the weights, by name."""
        views = self.layout.views(self.average.cpu())
        return {name: view.numpy().copy() for name, view in views.items()}

    def to(self, device: str) -> None:
        """Move all vectors to a device."""
        for name in VECTORS:
            setattr(self, name, getattr(self, name).to(device))


@dataclass(frozen=True)
class Pace:
    """The numbers of one update."""

    step: int  # counted from 1
    rate: float
    beta1: float
    beta2: float
    decay: float
    memory: float
    scale: float  # of the gradient, by clipping
    epsilon: float = 1e-8


@torch.no_grad()
def update(vectors: Vectors, gradient: Tensor, block: slice, pace: Pace) -> None:
    """Update the weights of a block and their average in place."""
    weights, g = vectors.weights[block], gradient[block].mul_(pace.scale)
    momentum = vectors.momentum[block].lerp_(g, 1 - pace.beta1) if pace.beta1 else g
    squares = vectors.squares[block].mul_(pace.beta2).addcmul_(g, g, value=1 - pace.beta2)
    if pace.decay and block.start < vectors.layout.matrices:
        weights.mul_(1 - pace.rate * pace.decay)
    bias1 = 1 - pace.beta1**pace.step
    bias2 = 1 - pace.beta2**pace.step
    root = squares.sqrt().mul_(bias2**-0.5).add_(pace.epsilon)
    weights.addcdiv_(momentum, root, value=-pace.rate / bias1)
    if pace.memory:
        vectors.average[block].lerp_(weights, 1 - pace.memory)
    else:  # copied in half the time
        vectors.average[block].copy_(weights)
