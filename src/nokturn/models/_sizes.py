"""One size dial for the networks over symbols: a width and a dropout from a word or a number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import UsageError, did_you_mean
from nokturn.models.base import Inputs


def width_of(size: str | int, characters: int, sizes: Mapping[str, int]) -> int:
    """Return the width that a size means: tiny, small, medium, large, auto or a width.

    Raises
    ------
    UsageError
        There is no such size.
    """
    if size == "auto":
        size = "tiny" if characters < 8_000 else "small" if characters < 80_000 else "medium"
    if isinstance(size, str) and size.isdecimal():
        size = int(size)
    if isinstance(size, str) and size not in sizes:
        raise UsageError(f"There is no size {size!r}.", did_you_mean(size, [*sizes, "auto"]))
    return sizes[size] if isinstance(size, str) else size


def dropout_for(characters: int) -> float:
    """Return how much dropout a corpus of this length wants: a small one more."""
    return 0.1 if characters > 150_000 else 0.25 if characters > 30_000 else 0.4


def embeddings(inputs: Inputs, symbol: int, channel: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the embeddings of symbols and of side inputs."""
    shapes: dict[str, tuple[int, ...]] = {"embedding": (inputs.symbols, symbol)}
    return shapes | {f"channel.{i}": (n, channel) for i, n in enumerate(inputs.channels)}


def fan_in(inputs: Inputs, symbol: int, channel: int) -> int:
    """Return how many numbers the embeddings make side by side."""
    return symbol + len(inputs.channels) * channel


def uniform(
    random: np.random.Generator, bound: float, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Draw weights between -bound and bound."""
    return random.uniform(-bound, bound, shape).astype(np.float32)


def drawn(
    random: np.random.Generator, shapes: Mapping[str, tuple[int, ...]], shrink: float = 1.0
) -> dict[str, NDArray[np.float32]]:
    """Draw first weights: matrices uniform in +-1/sqrt(columns), biases 0, gains 1.

    Matrices whose name ends in ``.back`` write into what passes a layer by; they are multiplied
    by ``shrink`` so that the sum over the layers begins no larger than one of them.
    """
    weights = {}
    for name, shape in shapes.items():
        if name == "embedding" or name.startswith("channel"):
            weights[name] = uniform(random, 0.1, shape)
        elif name.endswith("norm"):
            weights[name] = np.ones(shape, dtype=np.float32)
        elif len(shape) == 1:
            weights[name] = np.zeros(shape, dtype=np.float32)
        else:
            bound = shape[1] ** -0.5 * (shrink if name.endswith(".back") else 1.0)
            weights[name] = uniform(random, bound, shape)
    return weights
