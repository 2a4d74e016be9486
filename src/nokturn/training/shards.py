"""The order of an epoch: which pieces stand side by side, and what each step reads of them.

A *shard* is the part of a batch that one thread works on. Each shard plays *groups*: a few pieces
of like length side by side in its lanes, all cut into the same number of chunks, so that hardly
anything is padding. The state is carried from chunk to chunk and forgotten where the next group
begins: no piece ever crosses into another, and every symbol of every piece is predicted exactly
once.

A network may meet long pieces in excerpts instead, side by side like pieces: that is more updates
an epoch, each of them smaller and of more pieces. They are cut at other places in each epoch, and
where an excerpt ends the piece is not said to.

The plan of an epoch follows from the seed and the number of the epoch alone, so a run can go on
from any step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.corpora._store import TokenStore
from nokturn.encodings.base import restore
from nokturn.models.base import BOUNDARY_ID, IGNORED


@dataclass(frozen=True)
class Group:
    """Pieces of like length, side by side.

    Parameters
    ----------
    segments
        Their segments in the store.
    cuts
        Where the chunks begin, and the end; the same for all, ``len(cuts) - 1`` steps.
    hidden
        Whose hints are hidden.
    spans
        The first symbol of each that is read and the one after the last, (B, 2).
    """

    segments: NDArray[np.int64]
    cuts: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.cuts) - 1


@dataclass(frozen=True)
class Chunk:
    """What a shard reads in one step."""

    ids: NDArray[np.int64]  # (B, T)
    channels: NDArray[np.int64]  # (B, T, C)
    targets: NDArray[np.int64]  # (B, T), IGNORED in the padding
    first: bool  # whether the pieces begin here: no state is carried in
    last: bool


def seeded(*numbers: int) -> np.random.Generator:
    """Return a random generator that depends on all the numbers."""
    return np.random.default_rng(np.random.SeedSequence(numbers))


def plan(
    store: TokenStore,
    epoch: int,
    *,
    seed: int,
    shards: int,
    lanes: int,
    chunk: int,
    transpose_share: float,
    hide_hints: float,
    excerpt: int = 0,
) -> list[list[Group]]:
    """Return the groups of each shard, in order, for one epoch."""
    random = seeded(seed, epoch, 0)
    segments = _choose(store, random, transpose_share)
    spans = whole(store, segments)
    if excerpt:
        segments, spans = _excerpts(store, segments, excerpt, random)
    lengths = spans[:, 1] - spans[:, 0]
    # like lengths side by side, but not the same neighbours in every epoch
    order = np.argsort(lengths * random.uniform(0.92, 1.08, len(lengths)), kind="stable")
    groups = []
    for start in range(0, len(order), lanes):
        members = order[start : start + lanes]
        hidden = random.random(len(members)) < hide_hints
        cuts = cut(int(lengths[members].max()), chunk)
        groups.append(Group(segments[members], cuts, hidden, spans[members]))
    return deal([groups[i] for i in random.permutation(len(groups))], shards)


def _choose(
    store: TokenStore, random: np.random.Generator, transpose_share: float
) -> NDArray[np.int64]:
    """Choose the variant in which each piece is met, once for each of its repeats."""
    chosen = []
    for piece, variants in zip(store.pieces, store.variants(), strict=True):
        if piece["valid"] or not len(variants):
            continue
        for _ in range(piece["repeats"]):
            other = len(variants) > 1 and random.random() < transpose_share
            chosen.append(variants[random.integers(1, len(variants)) if other else 0])
    return np.array(chosen, dtype=np.int64)


def whole(store: TokenStore, segments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the spans of whole pieces, (B, 2)."""
    lengths = store.segments["stop"][segments] - store.segments["start"][segments]
    return np.stack([np.zeros_like(lengths), lengths], axis=1)


def _excerpts(
    store: TokenStore, segments: NDArray[np.int64], excerpt: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut pieces into excerpts of so many frames, or symbols where an encoding has no frames.

    The first cut is made anywhere. Returns the excerpts' pieces and spans.
    """
    separator = restore(store.encoding, store.settings, store.vocabulary).layout.get("separator")
    owners, spans = [], []
    for segment in segments.tolist():
        targets = store.targets(segment)
        frames = targets == separator if separator else np.ones(len(targets), dtype=np.bool_)
        ends = np.flatnonzero(frames) + 1
        inner = ends[int(random.integers(excerpt)) : len(ends) - 1 : excerpt]
        edges = np.concatenate([[0], inner, [len(targets)]])
        spans.append(np.stack([edges[:-1], edges[1:]], axis=1))
        owners += [segment] * len(spans[-1])
    return np.array(owners, dtype=np.int64), np.concatenate(spans)


def cut(length: int, chunk: int) -> NDArray[np.int64]:
    """Return where equal chunks of at most ``chunk`` symbols begin, and the end."""
    steps = -(-length // chunk)
    return np.linspace(0, length, steps + 1).round().astype(np.int64)


def deal(groups: list[Group], shards: int) -> list[list[Group]]:
    """Hand each group to the shard that has fewest steps so far."""
    hands: list[list[Group]] = [[] for _ in range(shards)]
    steps = [0] * shards
    for group in groups:
        least = steps.index(min(steps))
        hands[least].append(group)
        steps[least] += len(group)
    return hands


def steps_of(hands: list[list[Group]]) -> int:
    """Return how many steps an epoch has: as many as its longest shard."""
    return max((sum(len(group) for group in hand) for hand in hands), default=0)


def at(hand: list[Group], step: int) -> tuple[Group, int] | None:
    """Return which group a shard plays at a step, and which chunk of it; None = it is done."""
    for group in hand:
        if step < len(group):
            return group, step
        step -= len(group)
    return None


def read(store: TokenStore, group: Group, index: int) -> Chunk:
    """Read a chunk of a group from the store."""
    start, stop = int(group.cuts[index]), int(group.cuts[index + 1])
    shape = (len(group.segments), stop - start)
    ids = np.zeros(shape, dtype=np.int64)
    targets = np.full(shape, IGNORED, dtype=np.int64)
    channels = np.zeros((*shape, len(store.channel_sizes)), dtype=np.int64)
    hints = [list(store.channel_sizes).index(name) for name in store.hints]
    for lane, (segment, hidden) in enumerate(zip(group.segments, group.hidden, strict=True)):
        first, end = group.spans[lane].tolist()
        here = slice(first + start, min(end, first + stop))
        part = store.inputs(int(segment))[here]
        ids[lane, : len(part)] = part
        targets[lane, : len(part)] = store.targets(int(segment))[here]
        channels[lane, : len(part)] = store.channels(int(segment))[here]
        if hidden:
            channels[lane, :, hints] = 0
    if index == 0:
        ids[:, 0] = BOUNDARY_ID  # also before an excerpt
    return Chunk(ids, channels, targets, first=index == 0, last=index == len(group) - 1)


def alone(store: TokenStore, segment: int) -> Chunk:
    """Read a whole piece by itself, without its hints."""
    segments = np.array([segment])
    spans = whole(store, segments)
    return read(store, Group(segments, spans[0], np.ones(1, dtype=np.bool_), spans), 0)
