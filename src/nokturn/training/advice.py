"""Advice: what the course of a training means, in sentences.

    advice(epochs)   ->   ["The held-out loss stopped improving at epoch 40.",
                           "From epoch 50 on it copies more: 2 % -> 9 %."]

Nothing is said that the figures do not show. Its weakness: figures of few pieces tremble, and so
do sentences about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nokturn.training.events import Epoch

FEW_PIECES = 20
GAIN = 0.002  # of the loss, below which nothing improves
STILL = 0.01  # of the loss, gained in the last quarter of the reports: it learns still
WORSE = 0.02  # above the best loss: it learns by heart
COPIES = 0.05  # more of what it writes than before
MANY_COPIES = 0.3
FEW_RIGHT = 0.8


Row = Mapping[str, Any]


def advice(epochs: Sequence[Epoch | Row], *, pieces: int | None = None) -> list[str]:
    """Return what to know and do about a training so far, the most important first.

    Parameters
    ----------
    epochs
        Its reports in order, as they were told or as the rows of its record.
    pieces
        How many it learns from; None = not known.
    """
    rows = [vars(epoch) if isinstance(epoch, Epoch) else epoch for epoch in epochs]
    learned = [row for row in rows if row["epoch"]]
    said = [_few(pieces)]
    if learned:
        said += [_loss(rows), _copies(learned), _bars(learned)]
    return [sentence for sentence in said if sentence]


def _few(pieces: int | None) -> str:
    if pieces is None or pieces >= FEW_PIECES:
        return ""
    return f"Fewer than {FEW_PIECES} tunes to learn from: expect copies, or give it more."


def _told(rows: Sequence[Row], name: str) -> list[tuple[int, float]]:
    """Return a figure by epochs, where it was taken."""
    return [(row["epoch"], row[name]) for row in rows if row.get(name) is not None]


def _loss(rows: Sequence[Row]) -> str:
    """Say whether it learns still, has stopped, or learns by heart.

    The best epoch is the one with a star (`Run.best`), which may be that before anything was
    learned: a model that learns on may only become worse.
    """
    every = _told(rows, "valid_nats")
    told = [(epoch, nats) for epoch, nats in every if epoch]
    if not told:
        foretells = bool(_told(rows, "train_nats"))
        return "Nothing is held out, so nobody can say when it is enough." if foretells else ""
    best, loss = min(every, key=lambda one: (one[1], one[0]))
    first = next(epoch for epoch, nats in every if nats <= loss * (1 + GAIN))
    last, now = told[-1]
    if now > loss * (1 + WORSE):
        return (
            f"The held-out loss was best at epoch {best} and rises since: it learns by heart. "
            f"Use epoch {best}."
        )
    if first < last and len(told) > 2:
        if best > first:
            return f"The held-out loss hardly improves since epoch {first}; epoch {best} is best."
        return f"The held-out loss stopped improving at epoch {best}."
    before = told[-1 - max(1, len(told) // 4)][1] if len(told) > 1 else None
    if before is not None and now < before * (1 - STILL):
        return "It learns still: give it more time."
    return ""


def _copies(rows: Sequence[Row]) -> str:
    """Say from where on it copies more, or that it copies much.

    The first quarter does not count: what is no music yet copies nothing.
    """
    told = _told(rows, "copied")
    told = told[len(told) // 4 :]
    if not told:
        return ""
    now = told[-1][1]
    calm = [k for k, (_, copied) in enumerate(told) if copied < now - COPIES]
    if calm and calm[-1] + 1 < len(told):
        number, then = told[calm[-1] + 1][0], told[calm[-1]][1]
        return f"From epoch {number} on it copies more: {_percent(then)} -> {_percent(now)}."
    if now >= MANY_COPIES:
        return f"{_percent(now)} of what it writes is copied: it needs more tunes."
    return ""


def _bars(rows: Sequence[Row]) -> str:
    told = _told(rows, "valid_bars")
    if not told or told[-1][1] >= FEW_RIGHT:
        return ""
    return (
        f"Only {_percent(told[-1][1])} of the bars it writes freely are right: "
        "it needs more time or more tunes."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
