"""What streams remember of symbols past, in NumPy: delay lines and caches of keys and values.

Both are allocated in advance and written in place; a step costs the same at the end of a piece as
at its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nokturn.models.base import Weights

Array: TypeAlias = NDArray[np.float32]
EPSILON = 1e-6  # added to mean squares
ROTARY_BASE = 10_000.0
FIRST_ROOM = 128  # symbols that a cache holds before it grows


class Delay:
    """The last vectors of a layer, in a ring: what a dilated kernel reaches back to."""

    def __init__(self, kernel: int, dilation: int, width: int) -> None:
        self._reach = (kernel - 1) * dilation
        self._steps = range(0, self._reach, dilation)
        self._ring = np.zeros((self._reach, width), dtype=np.float32)
        self._at = 0

    def taps(self, x: Array) -> list[Array]:
        """Return the vectors at the taps, oldest first and x last, and remember x."""
        ring, at, reach = self._ring, self._at, self._reach
        oldest = ring[at].copy()
        found = [oldest, *(ring[(at + j) % reach] for j in self._steps[1:]), x]
        ring[at] = x
        self._at = (at + 1) % reach
        return found

    def copy(self) -> Delay:
        """Return a line that remembers the same."""
        twin = Delay.__new__(Delay)
        twin.__dict__.update(self.__dict__)
        twin._ring = self._ring.copy()
        return twin


class Cache:
    """Keys and values of the last ``memory`` symbols, for each layer and head.

    They lie one after the other; where the room ends the last ones move to the front, so what
    attention reads is always one block.
    """

    def __init__(self, layers: int, heads: int, size: int, memory: int) -> None:
        self._memory = memory
        self._shape = (2, layers, heads)
        self._size = size
        self._told = np.zeros((*self._shape, FIRST_ROOM, size), dtype=np.float32)
        self._begin = self._end = 0  # of the symbols remembered
        self._place = 0  # of the present symbol in the piece
        pairs = np.arange(size // 2) / (size // 2)
        self._frequencies = ROTARY_BASE**-pairs

    def begin(self) -> None:
        """Make room for a symbol and forget what is too far away."""
        if self._end == self._told.shape[3]:
            self._move()
        self._end += 1
        self._begin = max(self._begin, self._end - self._memory)
        angle = self._place * self._frequencies
        self._turn = np.exp(1j * angle).astype(np.complex64)
        self._place += 1

    def attend(self, layer: int, query: Array, key: Array, value: Array) -> Array:
        """Return what a layer takes from its window; all are (heads * size,), query scaled."""
        keys, values = self._told[0, layer], self._told[1, layer]
        last, window = self._end - 1, slice(self._begin, self._end)
        keys[:, last] = self._turned(key)
        values[:, last] = value.reshape(-1, self._size)
        scores = np.matmul(keys[:, window], self._turned(query)[:, :, None])[:, :, 0]
        scores -= scores.max(1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(1, keepdims=True)
        taken: Array = np.matmul(scores[:, None], values[:, window])
        return taken.reshape(-1)

    def copy(self) -> Cache:
        """Return a cache that remembers the same."""
        twin = Cache.__new__(Cache)
        twin.__dict__.update(self.__dict__)
        twin._move()
        return twin

    def _turned(self, x: Array) -> Array:
        """Return (heads, size), each pair turned by the place of the present symbol."""
        turned: Array = (x.view(np.complex64).reshape(-1, self._size // 2) * self._turn).view(
            np.float32
        )
        return turned

    def _move(self) -> None:
        """Take what is remembered into new room, twice as much as it needs."""
        kept = self._told[..., self._begin : self._end, :]
        length = kept.shape[3]
        room = max(FIRST_ROOM, 2 * length)
        self._told = np.empty((*self._shape, room, self._size), dtype=np.float32)
        self._told[..., :length, :] = kept
        self._begin, self._end = 0, length


def first_vectors(weights: Weights) -> tuple[Array, tuple[Array, ...]]:
    """Return the embeddings times the weight "input": of symbols, and of each side input."""
    names = ["embedding", *sorted((n for n in weights if n.startswith("channel.")), key=_number)]
    cuts = np.cumsum([weights[name].shape[1] for name in names])[:-1]
    parts = np.split(weights["input"], cuts, axis=1)
    tables = [weights[n] @ part.T for n, part in zip(names, parts, strict=True)]
    return tables[0], tuple(tables[1:])


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])


def read_in(symbols: Array, sides: tuple[Array, ...], symbol: int, values: Sequence[int]) -> Array:
    """Return the first layer's vector of a symbol and its side inputs."""
    if len(values) != len(sides):
        raise ValueError(f"{len(values)} side inputs given, {len(sides)} expected")
    x: Array = symbols[symbol].copy()
    for table, value in zip(sides, values, strict=True):
        x += table[value]
    return x


def normed(x: Array) -> Array:
    """Bring a vector to a mean square of 1."""
    return x * np.float32((float(x @ x) / len(x) + EPSILON) ** -0.5)


def output_of(weights: Weights) -> Array:
    """Return the output matrix (V, width), multiplied out where it is tied to the embedding."""
    if "project" in weights:
        return np.ascontiguousarray(weights["embedding"] @ weights["project"])
    return weights["output"]
