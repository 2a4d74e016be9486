"""N-gram: what came next after the last few symbols, counted, from long contexts to short ones.

    p = (counts - discount + mass of the discounts x p_shorter) / n        (modified Kneser-Ney)

Short contexts count in how many longer ones a symbol followed, not how often, which is what makes
them good at what is new. What came earlier in the same piece counts `inside` times as much. There
is nothing to train: one reading of the corpus, and the corpus as symbols is the model. Its
weakness: it knows no bar, no key and no form beyond its longest context.

Where the encoding has pitches in frames, contexts are intervals and what is counted is the
distance from a reference, so that every key teaches every other.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nokturn.models._counts import Hashes, Ints, Table, absolute, inside_counts, relative, salted
from nokturn.models._frames import Frames, LayoutSettings
from nokturn.models.base import BOUNDARY_ID, Counted, Inputs, Stream

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]
ORDERS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 16, 24)
DISCOUNTS = (0.9, 1.1, 1.3)  # of what was counted once, twice, more often
TIRING = 2  # symbols of the shortest context that may be tired of
LEAST = 1e-7  # of every symbol's probability is kept for all alike


class NgramSettings(LayoutSettings):
    """Settings of the n-gram. The encoding fills in how symbols make frames."""

    order: int = Field(default=24, ge=1, le=64)  # symbols (or frames) of the longest context
    inside: float = Field(default=2.5, ge=0, le=100)  # weight of what came earlier in the piece
    corpus: int = Field(default=0, ge=0)  # symbols it has read; set by learning


class Ngram(Counted):
    """Counts of what follows contexts of many lengths."""

    settings_class = NgramSettings
    settings: NgramSettings
    whole_pieces: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Chen and Goodman, 'An Empirical Study of Smoothing Techniques for Language Modeling', 1999"
    )

    def __init__(self, inputs: Inputs, settings: Any, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(inputs, settings, weights)
        self._making = threading.Lock()
        self._tables: list[Table] | None = None

    @classmethod
    def sized(cls, size: str | int, characters: int) -> NgramSettings:
        """Return settings; the corpus itself is the size."""
        return NgramSettings()

    @classmethod
    def shapes(cls, inputs: Inputs, settings: NgramSettings) -> dict[str, tuple[int, ...]]:
        """Return the shape of the corpus."""
        return {"corpus": (settings.corpus,)}

    @classmethod
    def untrained(cls, inputs: Inputs, settings: NgramSettings, seed: int) -> Ngram:
        """Return a model that has read nothing."""
        empty = settings.model_copy(update={"corpus": 0})
        return cls(inputs, empty, {"corpus": np.zeros(0, dtype=np.uint8)})

    @classmethod
    def learn(
        cls,
        inputs: Inputs,
        settings: NgramSettings,
        pieces: Sequence[tuple[Ints, Ints]],
        seed: int,
    ) -> Ngram:
        """Return the model that has read these pieces."""
        kind = np.uint8 if inputs.symbols <= 256 else np.int64
        corpus = np.concatenate([ids[:-1] for ids, _ in pieces]).astype(kind)
        settings = settings.model_copy(update={"corpus": len(corpus)})
        return cls(inputs, settings, {"corpus": corpus})

    @property
    def tables(self) -> list[Table]:
        """The counts of each length of context, short ones first; made when first asked for."""
        with self._making:
            if self._tables is None:
                self._tables = self._counted()
            return self._tables

    def _counted(self) -> list[Table]:
        corpus = np.append(self.weights["corpus"].astype(np.int64), BOUNDARY_ID)
        cuts = np.flatnonzero(corpus == BOUNDARY_ID)
        columns: list[list[Hashes]] = [[] for _ in self._orders]
        followers = [np.zeros(0, dtype=np.int64)]
        for start, stop in itertools.pairwise(cuts):
            heard = Frames.of(corpus[start:stop], self.settings.layout)
            for column, keys in zip(columns, self.contexts(heard), strict=True):
                column.append(keys)
            followed = corpus[start + 1 : stop + 1]
            followers.append(relative(followed, heard.base, self.settings.layout))
        joined = np.concatenate(followers)
        none = np.zeros(0, dtype=np.uint64)
        joined_keys = [np.concatenate([none, *column]) for column in columns]
        tables = []
        for shorter, longer in itertools.pairwise(joined_keys):  # each longer context counts once
            _, once = np.unique(salted(longer, 7) + salted(joined, 8), return_index=True)
            tables.append(Table.of(shorter[once], joined[once]))
        return [*tables, Table.of(joined_keys[-1], joined)]

    @property
    def _orders(self) -> tuple[int, ...]:
        longest = self.settings.order
        return (0, *(k for k in ORDERS if k < longest), longest)

    def contexts(self, heard: Frames) -> list[Hashes]:
        """Return the contexts at every place, short ones first."""
        none = np.zeros(len(heard.frame), dtype=np.uint64)
        now = [heard.window(0)] if self.settings.layout.frames else []
        windows = [heard.window(k) for k in self._orders[1 + len(now) :]]
        return [salted(keys, 100 + i) for i, keys in enumerate([none, *now, *windows])]

    def predict(self, fed: Ints) -> Floats:
        """Return the probabilities (T, V) of what follows each symbol, the boundary fed first."""
        layout, size = self.settings.layout, self.inputs.symbols
        heard = Frames.of(fed, layout)
        allowed = layout.allowed(heard, size)
        p = allowed / allowed.sum(1, keepdims=True)
        for keys, table in zip(self.contexts(heard), self.tables, strict=True):
            counts = table.rows(keys, heard.base, layout, size)
            counts += inside_counts(keys, fed[1:], heard, size, weight=self.settings.inside)
            p = _shortened(p, counts * allowed)
        return _floored(p, allowed)

    def forward(
        self,
        weights: Mapping[str, torch.Tensor],
        ids: torch.Tensor,
        channels: torch.Tensor,
        state: tuple[torch.Tensor, ...] | None = None,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return log-probabilities (B, T, V) of whole pieces; there is no state."""
        import torch

        rows = [np.log(self.predict(row)) for row in ids.cpu().numpy()]
        return torch.from_numpy(np.stack(rows)).to(ids.device), ()

    def stream(self) -> NgramStream:
        """Return a stream that has read nothing yet."""
        return NgramStream(self)


def _shortened(shorter: Floats, counts: Floats) -> Floats:
    """Return the probabilities of a context, with what is taken off its counts shared out."""
    once, twice, often = DISCOUNTS
    taken = np.where(counts >= 2.5, often, np.where(counts >= 1.5, twice, once))
    taken = np.minimum(taken, counts)
    total = counts.sum(-1, keepdims=True)
    p = (counts - taken + taken.sum(-1, keepdims=True) * shorter) / np.maximum(total, 1e-9)
    return np.asarray(np.where(total > 0, p, shorter), dtype=np.float32)


def _floored(p: Floats, allowed: Floats) -> Floats:
    p = p * allowed + LEAST
    return np.asarray(p / p.sum(-1, keepdims=True), dtype=np.float32)


class NgramStream(Stream):
    """An n-gram that reads symbol after symbol.

    Only the last symbols make contexts; what followed each context in this piece is remembered.
    """

    def __init__(self, model: Ngram) -> None:
        self.model = model
        self.symbols: list[int] = []
        self.followed: list[dict[int, dict[int, int]]] = [{} for _ in model.tables]
        self.last: list[int] = []
        self.base = 0
        self.tired_after = 0  # times that something long came; 0 = never

    def step(self, symbol: int, channels: Sequence[int] = ()) -> Floats:
        """Read a symbol; return the log-probabilities (V,) of what comes next."""
        model, layout = self.model, self.model.settings.layout
        if self.last:
            follower = int(relative(np.array([symbol]), np.array([self.base]), layout)[0])
            for told, context in zip(self.followed, self.last, strict=True):
                seen = told.setdefault(context, {})
                seen[follower] = seen.get(follower, 0) + 1
        self.symbols.append(symbol)
        longest = model.settings.order
        if not layout.frames and len(self.symbols) > 4 * longest:  # no context reaches further
            del self.symbols[: len(self.symbols) - 2 * longest]
        fed = np.array(self.symbols, dtype=np.int64)
        heard = Frames.of(fed, layout)
        here = heard.last()
        self.base = int(here.base[0])
        keys = [column[-1:] for column in model.contexts(heard)]
        self.last = [int(key[0]) for key in keys]
        size = model.inputs.symbols
        allowed = layout.allowed(here, size)
        p = allowed / allowed.sum(1, keepdims=True)
        chain = zip(model._orders, keys, model.tables, self.followed, strict=True)
        for k, key, table, told in chain:
            counts = table.rows(key, here.base, layout, size)
            seen = told.get(int(key[0]), {})
            if self.tired_after and k >= TIRING:
                seen = {f: times for f, times in seen.items() if times < self.tired_after}
            if seen:
                followers = np.array(list(seen))
                symbols = absolute(followers, np.full(len(seen), self.base), layout)
                weight = model.settings.inside * np.array(list(seen.values()), dtype=np.float32)
                known = symbols >= 0
                np.add.at(counts[0], symbols[known], weight[known])
            p = _shortened(p, counts * allowed)
        return np.asarray(np.log(_floored(p, allowed)[0]), dtype=np.float32)

    def tire(self, times: int) -> None:
        """Believe no longer in what came so often in the piece; see `Stream.tire`."""
        self.tired_after = 0 if self.model.settings.layout.frames else times

    def copy(self) -> NgramStream:
        """Return a stream that has read the same and goes its own way from here."""
        twin = NgramStream.__new__(NgramStream)
        twin.__dict__.update(self.__dict__)
        twin.symbols = list(self.symbols)
        twin.followed = [{k: dict(v) for k, v in table.items()} for table in self.followed]
        return twin
