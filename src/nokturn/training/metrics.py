"""Likelihoods of whole pieces, and the record of a run.

The state is forgotten before every piece, hints are hidden, every symbol and the boundary at the
end count, in float32 and without dropout: so figures can be compared. Nats a symbol depend on the
encoding; bits a character of the pieces' text do not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore
from nokturn.errors import UsageError
from nokturn.models.base import BOUNDARY_ID, IGNORED, Model
from nokturn.training.engine import Tally, Threads
from nokturn.training.runs import read_rows
from nokturn.training.shards import Group, cut, read, whole
from nokturn.writing import write_whole

EVALUATION_LANES = 16
EVALUATION_CHUNK = 256
AT_ONCE = 65_536  # symbols of pieces that are read whole, and
LOGITS = 16_000_000  # what is said of them, of which a hybrid keeps a few copies


@dataclass(frozen=True)
class Likelihood:
    """What a model makes of pieces.

    Parameters
    ----------
    nats
        What each piece costs, (P,).
    symbols
        Symbols predicted, the boundaries among them.
    correct
        How many of them were the model's first guess.
    characters
        Length of the pieces' texts.
    """

    nats: NDArray[np.float64]
    symbols: int
    correct: int
    characters: int

    @property
    def nats_per_symbol(self) -> float:
        """Mean cost of a symbol."""
        return float(self.nats.sum()) / max(1, self.symbols)

    @property
    def bits_per_character(self) -> float:
        """Mean cost of a character of the text."""
        return float(self.nats.sum()) / math.log(2) / max(1, self.characters)

    @property
    def accuracy(self) -> float:
        """Share of symbols that were the model's first guess."""
        return self.correct / max(1, self.symbols)


def likelihood(
    model: Model,
    weights: Mapping[str, torch.Tensor],
    store: TokenStore,
    segments: Sequence[int] | NDArray[np.int64],
    threads: Threads,
    *,
    ends: bool = True,
) -> Likelihood:
    """Return what the model makes of segments of a store, each read on its own.

    Without ``ends`` the lengths of the pieces count as known.
    """
    chosen = np.asarray(segments, dtype=np.int64)
    rows = store.segments[chosen]
    lengths = rows["stop"] - rows["start"]
    order = np.argsort(lengths, kind="stable")
    most = min(AT_ONCE, LOGITS // len(store.vocabulary)) if model.whole_pieces else 0
    jobs = _side_by_side(order, lengths, most)

    def score(members: NDArray[np.int64]) -> tuple[NDArray[np.float64], Tally]:
        longest = int(lengths[members].max())
        cuts = cut(longest, longest if model.whole_pieces else EVALUATION_CHUNK)
        hidden = np.ones(len(members), dtype=bool)
        group = Group(chosen[members], cuts, hidden, whole(store, chosen[members]))
        return _score(model, weights, store, group, ends)

    nats = np.zeros(len(chosen))
    total = Tally()
    for members, (costs, tally) in zip(jobs, threads.map(score, jobs), strict=True):
        nats[members] = costs
        total += tally
    characters = int(store.pieces["characters"][rows["piece"]].sum())
    return Likelihood(nats, total.symbols, total.correct, characters)


def _side_by_side(
    order: NDArray[np.int64], lengths: NDArray[np.int64], most: int
) -> list[NDArray[np.int64]]:
    """Divide pieces, the short ones first, into jobs of so many symbols, padded; 0 = any number."""
    jobs, start = [], 0
    while start < len(order):
        stop = min(len(order), start + EVALUATION_LANES)
        while most and stop > start + 1 and (stop - start) * lengths[order[stop - 1]] > most:
            stop -= 1
        jobs.append(order[start:stop])
        start = stop
    return jobs


@torch.no_grad()
def _score(
    model: Model,
    weights: Mapping[str, torch.Tensor],
    store: TokenStore,
    group: Group,
    ends: bool,
) -> tuple[NDArray[np.float64], Tally]:
    device = next(iter(weights.values())).device
    state = None
    costs = torch.zeros(len(group.segments), dtype=torch.float64)
    tally = Tally()
    for index in range(len(group)):
        chunk = read(store, group, index)
        ids, channels, targets = (
            torch.from_numpy(part).to(device) for part in (chunk.ids, chunk.channels, chunk.targets)
        )
        if ends:
            cost = model.cost(weights, ids, channels, targets, state)
        else:
            logits, after = model.forward(weights, ids, channels, state)
            cost = model.cost_of(logits, targets, after, ends=False)
        state = cost.state
        costs += cost.nats.double().cpu()
        counted = chunk.targets > BOUNDARY_ID if not ends else chunk.targets != IGNORED
        real = int(counted.sum())
        tally += Tally(float(cost.nats.sum()), real, int(cost.correct))
    return costs.numpy(), tally


def keep_rows(path: Path, epoch: int) -> list[dict[str, Any]]:
    """Cut the record back to an epoch, from which a run goes on; return the rows kept."""
    rows = [row for row in read_rows(path) if row["epoch"] <= epoch]
    write_whole(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
    return rows


def add_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add a row to ``metrics.jsonl``; whole or not at all."""
    before = path.read_bytes() if path.exists() else b""
    write_whole(path, before + json.dumps(dict(row)).encode() + b"\n")


def add_to_board(folder: Path, row: Mapping[str, Any]) -> None:
    """Show a row in TensorBoard. Raises `UsageError` where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            "TensorBoard is not installed.", "pip install 'nokturn[tensorboard]', or switch it off."
        ) from error
    with SummaryWriter(str(folder)) as board:
        for name, value in row.items():
            if isinstance(value, int | float) and name not in {"epoch", "step"}:
                board.add_scalar(name, value, row["epoch"])
