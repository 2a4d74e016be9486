"""Split by piece: what is trained on, and what is held out.

A piece's side follows from its content and the seed alone, so adding other tunes moves none that
was there, and versions of one tune always stand on one side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

VALID_SHARE = 0.1


def held_out(
    contents: Iterable[bytes],
    groups: NDArray[np.int64],
    *,
    share: float = VALID_SHARE,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Return which pieces are held out; shape (P,).

    Parameters
    ----------
    contents
        What each piece is, as bytes: equal music, equal bytes.
    groups
        The group of each piece; a group is never divided.
    share
        About how much is held out, 0-1. At least one group is, where there are two and the share
        is not 0, and at least one is not.
    seed
        Another seed, another split.
    """
    draws: dict[int, float] = {}
    for content, group in zip(contents, groups.tolist(), strict=True):
        draw = _draw(content, seed)
        draws[group] = min(draw, draws.get(group, 1.0))  # whatever the order of the files
    chosen = {group for group, draw in draws.items() if draw < _share(share, groups, group)}
    in_order = sorted(draws, key=lambda group: (draws[group], group))
    if share > 0 and len(draws) > 1:
        chosen = chosen or {in_order[0]}
        if len(chosen) == len(draws):
            chosen.remove(in_order[-1])
    return np.isin(groups, sorted(chosen)) if share > 0 else np.zeros(len(groups), dtype=bool)


def _share(share: float, groups: NDArray[np.int64], group: int) -> float:
    """Return the threshold for a group: the least of its draws must fall as seldom as one."""
    size = int(np.count_nonzero(groups == group))
    return float(1 - (1 - share) ** (1 / size))


def _draw(content: bytes, seed: int) -> float:
    digest = hashlib.sha256(seed.to_bytes(8, "little", signed=True) + content).digest()
    return int.from_bytes(digest[:8], "little") / 2**64
