"""Counting what follows contexts, in arrays: tables, distances instead of pitches, hashes.

    table = Table.of(keys, followers)        two arrays: a context's hash, and what followed it
    table.rows(keys, base, layout, V)        (T, V): how often each symbol followed

Followers that are pitches are counted as distances from a reference, so that what happened in one
key teaches every other; `absolute` puts them back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nokturn.models._frames import Frames, Layout

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]
ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Table:
    """Followers by context: sorted context hashes, and their followers side by side."""

    keys: Hashes  # (K,)
    starts: Ints  # (K + 1,), into followers
    followers: NDArray[np.int16]  # relative symbols
    counts: Floats

    @classmethod
    def of(cls, keys: Hashes, followers: Ints) -> Table:
        order = np.lexsort((followers, keys))
        keys, followers = keys[order], followers[order]
        new = np.ones(len(keys), dtype=bool)
        new[1:] = (keys[1:] != keys[:-1]) | (followers[1:] != followers[:-1])
        firsts = np.flatnonzero(new)
        counts = np.diff(np.append(firsts, len(keys))).astype(np.float32)
        keys, followers = keys[firsts], followers[firsts]
        heads = np.flatnonzero(np.append(keys[:1] == keys[:1], keys[1:] != keys[:-1]))
        starts = np.append(heads, len(keys))
        return cls(keys[heads], starts, followers.astype(np.int16), counts)

    def after(self, key: Hashes) -> tuple[NDArray[np.int16], Floats]:
        """Return the symbols that followed one context, (1,), as counted, and how often."""
        place = int(np.searchsorted(self.keys, key)[0])
        if place == len(self.keys) or self.keys[place] != key[0]:
            return self.followers[:0], self.counts[:0]
        here = slice(int(self.starts[place]), int(self.starts[place + 1]))
        return self.followers[here], self.counts[here]

    def rows(self, keys: Hashes, base: Ints, layout: Layout, size: int) -> Floats:
        """Return the counts of what followed each context, (T, size), at the references."""
        found = np.zeros((len(keys), size), dtype=np.float32)
        if not len(self.keys):
            return found
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = np.flatnonzero(self.keys[place] == keys)
        starts = self.starts[place[known]]
        lengths = self.starts[place[known] + 1] - starts
        row = np.repeat(known, lengths)
        ends = np.cumsum(lengths)
        entry = np.arange(len(row)) - np.repeat(ends - lengths - starts, lengths)
        symbol = absolute(self.followers[entry].astype(np.int64), base[row], layout)
        inside = (symbol >= 0) & (symbol < size)
        found[row[inside], symbol[inside]] = self.counts[entry[inside]]
        return found


RELATIVE, KIND = 4096, 1024  # followers below are symbols as they stand, above are distances


def relative(symbols: Ints, base: Ints, layout: Layout) -> Ints:
    """Return followers as distances from a base where they are pitches."""
    kind = (symbols - layout.first) // max(1, layout.pitches)
    distance = RELATIVE + KIND * kind + KIND // 2 + layout.pitch_of(symbols) - base
    return np.where(layout.is_pitch(symbols), distance, symbols)


def absolute(followers: Ints, base: Ints, layout: Layout) -> Ints:
    """Return the symbols that followers mean from a base; -1 where the pitch does not exist."""
    kind, distance = np.divmod(followers - RELATIVE, KIND)
    pitch = distance - KIND // 2 + base
    symbol = layout.first + kind * layout.pitches + pitch
    symbol = np.where((pitch >= 0) & (pitch < layout.pitches), symbol, -1)
    return np.where(followers >= RELATIVE, symbol, followers)


def salted(values: Hashes | Ints, salt: int) -> Hashes:
    """Return hashes that differ from those of another kind of context."""
    x = values.astype(np.uint64) + np.uint64(salt * int(ODD) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def inside_counts(
    keys: Hashes,
    followed: Ints,
    heard: Frames,
    size: int,
    *,
    weight: float,
    own: Ints | None = None,
    base: Ints | None = None,
) -> Floats:
    """Return what followed each context earlier in the same piece, (T, V), times ``weight``.

    Distances are from ``base``, (T,), or from the piece's references. ``own`` is what follows each
    place, (T,), where the piece was among those counted: then its own counts are taken off.

    Equal contexts may be met at different references, so distances are counted and put back at
    the reference of each place.
    """
    layout, base = heard.layout, heard.base if base is None else base
    result = np.zeros((len(keys), size), dtype=np.float32)
    _, group, members = np.unique(keys, return_inverse=True, return_counts=True)
    if own is not None:  # a context met once: all its counts are this place's own
        alone = np.flatnonzero(members[group] == 1)
        result[alone, own[alone]] = -1
    places = np.flatnonzero(members[group] > 1)
    places = places[np.argsort(group[places], kind="stable")]
    if not len(places):
        return result
    _, group = np.unique(group[places], return_inverse=True)
    follower = np.zeros(len(places), dtype=np.int64)
    known = places < len(followed)
    follower[known] = relative(followed[places[known]], base[places[known]], layout)
    # events: who followed whom, sorted by (context, follower), then by time
    rank = np.arange(len(places))
    pairs, pair = np.unique(group[known] * 65_536 + follower[known], return_inverse=True)
    events = np.sort(pair * len(places) + rank[known])
    of_group = pairs // 65_536
    opening = np.searchsorted(of_group, group)
    lengths = np.searchsorted(of_group, group, side="right") - opening
    row = np.repeat(rank, lengths)
    which = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths - opening, lengths)
    first = np.searchsorted(events, which * len(places))
    value = weight * (np.searchsorted(events, which * len(places) + row) - first)
    if own is not None:
        value -= np.searchsorted(events, (which + 1) * len(places)) - first
    symbol = absolute(pairs[which] % 65_536, base[places[row]], layout)
    inside = (symbol >= 0) & (symbol < size)
    result[places[row[inside]], symbol[inside]] = value[inside]
    return result
