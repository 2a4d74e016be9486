"""Counting experts for independent keys: how often each key sounded where the frames before were
the same, in any key.

    experts = KeyExperts(layout, pieces)          the pieces to train on, as symbols
    odds = experts.log_odds(piece)                (F, E, cells)

As in `_experts`, whose contexts these are at the beginning of each frame: of each key it is counted
how often it sounded there and how often the context was met, and the share is estimated from the
short context to the long one,

    p = (sounded + 1.5 p_shorter) / (met + 1.5)

What happened earlier in the same piece counts double; a piece that is trained on leaves its own
counts out. The notes of the present frame are not known. Cells are the keys that sound, then, with
two kinds of notes, those that are struck if they sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nokturn.models._counts import Floats, Hashes, Ints, Table, relative
from nokturn.models._experts import DOUBLE, contexts
from nokturn.models._frames import Frames, Layout

DISCOUNT = 1.5
BEFORE_ALL = 0.05  # how likely a key, and that a note is struck, before anything is counted
SUREST = 1e-4  # no expert is surer than this


class KeyExperts:
    """The experts of a corpus.

    Parameters
    ----------
    layout, pieces, size
        As for `_experts.Experts`.
    """

    def __init__(self, layout: Layout, pieces: Sequence[Ints], size: int) -> None:
        self.layout, self.size = layout, size
        nothing = Frames.of(np.zeros(1, dtype=np.int64), layout)
        keys = [[key[:0] for key in _flat(nothing)]]
        followers = [np.zeros(0, dtype=np.int64)]
        for piece in pieces:
            heard = Frames.of(piece[:-1], layout)
            inside = np.flatnonzero(piece[1:] > 0)  # where a frame ends, it is counted as met
            keys.append([key[heard.frame[inside]] for key in _flat(heard)])
            followers.append(relative(piece[1:][inside], heard.base[inside], layout))
        joined = np.concatenate(followers)
        self.tables = [
            Table.of(np.concatenate(column), joined) for column in zip(*keys, strict=True)
        ]

    def log_odds(self, fed: Ints, *, own: bool = False, last: bool = False) -> Floats:
        """Return each expert's log-odds of each cell in each frame, (F, E, cells).

        Parameters
        ----------
        fed
            Symbols with the boundary first, (T,).
        own
            Whether the piece, which is whole, was among those learned from.
        last
            Whether the last frame alone is asked for.
        """
        heard = Frames.of(fed, self.layout)
        base = heard.base[heard.starts - 1]
        rolls = _moved_rolls(heard, base)
        chosen = slice(-1, None) if last else slice(None)
        tables = iter(self.tables)
        found = []
        for chain in contexts(heard):
            p = np.full((len(base[chosen]), self._cells), BEFORE_ALL, dtype=np.float32)
            for each in chain:
                keys = each[heard.starts - 1]
                counts = next(tables).rows(keys[chosen], base[chosen], self.layout, self.size)
                earlier, whole = _inside(keys, rolls, last=last)
                more = DOUBLE * earlier - (whole if own else 0)
                p = self._blend(p, counts, self._placed(more, base[chosen]))
            found.append(p)
        p = np.clip(np.stack(found, axis=1), SUREST, 1 - SUREST)
        return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float32)

    @property
    def _cells(self) -> int:
        return self.layout.kinds * self.layout.pitches

    def _placed(self, rolls: Floats, base: Ints) -> Floats:
        """Return rolls by distance, (F, kinds, 2 pitches) and how often met, as symbols (F, V)."""
        layout = self.layout
        found = np.zeros((len(rolls), self.size), dtype=np.float32)
        found[:, layout.separator] = rolls[:, -1]
        by_kind = rolls[:, :-1].reshape(len(rolls), layout.kinds, -1)
        columns = np.arange(layout.pitches) - base[:, None] + layout.pitches
        notes = np.take_along_axis(by_kind, columns[:, None].repeat(layout.kinds, 1), axis=2)
        found[:, layout.first : layout.first + self._cells] = notes.reshape(len(rolls), -1)
        return found

    def _blend(self, shorter: Floats, counts: Floats, inside: Floats) -> Floats:
        """Return the shares in a context, falling back on those of the shorter one."""
        layout = self.layout
        total = np.maximum(counts + inside, 0)
        met = total[:, layout.separator, None]
        notes = total[:, layout.first : layout.first + self._cells]
        notes = notes.reshape(len(total), layout.kinds, layout.pitches)
        sounded = notes.sum(1)
        p = shorter.copy()
        p[:, : layout.pitches] = (sounded + DISCOUNT * p[:, : layout.pitches]) / (met + DISCOUNT)
        if layout.kinds > 1:
            struck = p[:, layout.pitches :]
            p[:, layout.pitches :] = (notes[:, 1] + DISCOUNT * struck) / (sounded + DISCOUNT)
        return p


def _flat(heard: Frames) -> list[Hashes]:
    """Return every context at the beginning of each frame, (F,) each."""
    return [key[heard.starts - 1] for chain in contexts(heard) for key in chain]


def _moved_rolls(heard: Frames, base: Ints) -> Floats:
    """Return the notes of each frame by their distance from its reference, and whether it is whole.

    Shape (F, kinds * 2 pitches + 1).
    """
    layout, count = heard.layout, len(heard.starts)
    rolls = np.zeros((count, layout.kinds, 2 * layout.pitches), dtype=np.float32)
    at = np.flatnonzero(heard.pitch >= 0)
    frame = heard.frame[at - 1]
    kind = (heard.symbols[at] - layout.first) // layout.pitches
    rolls[frame, kind, heard.pitch[at] - base[frame] + layout.pitches] = 1
    whole = np.ones((count, 1), dtype=np.float32)
    whole[-1] = rolls[-1] = 0  # the last frame is not known yet
    return np.hstack([rolls.reshape(count, -1), whole])


def _inside(keys: Hashes, rolls: Floats, *, last: bool) -> tuple[Floats, Floats]:
    """Return what followed each context earlier in the piece, and in all of it, (F, D) each."""
    if last:
        found = rolls[keys == keys[-1]].sum(0, keepdims=True)  # the last frame itself is empty
        return found, found
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    new = np.append(True, ordered[1:] != ordered[:-1])
    first = np.flatnonzero(new)[np.cumsum(new) - 1]  # of the group of each
    total = np.zeros((len(keys) + 1, rolls.shape[1]), dtype=np.float32)
    np.cumsum(rolls[order], axis=0, out=total[1:])
    stop = np.append(np.flatnonzero(new)[1:], len(keys))[np.cumsum(new) - 1]
    earlier, whole = np.empty_like(rolls), np.empty_like(rolls)
    earlier[order] = total[:-1] - total[first]
    whole[order] = total[stop] - total[first]
    return earlier, whole
