"""Look through files that are to be learned from, and measure how long an epoch of them takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nokturn.errors import InputError
from nokturn.studio._worker import Talk
from nokturn.workflows.check_data import check_file

MEASURED_BYTES = 256 << 10  # of which an epoch is measured; more takes longer in proportion


def run(talk: Talk, *, action: str, **arguments: Any) -> Any:
    """Do one of `ACTIONS`."""
    return ACTIONS[action](**arguments)


def check(paths: list[str]) -> list[list[dict[str, Any]]]:
    """Return the rows of each file; see `nokturn.workflows.check_data.Checked`."""
    return [[_row(asdict(row)) for row in check_file(Path(path))] for path in paths]


def measure(paths: list[str], leave_out: list[str], base: str) -> dict[str, Any]:
    """Return what a training would be like, from a part of the files where there are many."""
    from nokturn.workflows.estimate import estimate  # loads torch, which `check` needs not

    sizes = [Path(path).stat().st_size for path in paths]
    some = _spread(paths, sizes)
    factor = sum(sizes) / sum(Path(path).stat().st_size for path in some)
    changes = [f"corpus.settings.leave_out={leave_out!r}"] if leave_out else []
    try:
        found = estimate(*some, set=changes, base=base)
    except InputError:
        if len(some) == len(paths):
            raise
        found, factor = estimate(*paths, set=changes, base=base), 1.0
    return asdict(found) | {
        "pieces": round(found.pieces * factor), "held_out": round(found.held_out * factor),
        "epoch_s": round(found.epoch_s * factor, 3),
    }  # fmt: skip


def _spread(paths: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Return files from everywhere in the list that have so many bytes together."""
    step = max(1, -(-sum(sizes) // MEASURED_BYTES))
    return list(paths[::step])


def _row(told: dict[str, Any]) -> dict[str, Any]:
    del told["file"]
    return told


ACTIONS: dict[str, Callable[..., Any]] = {"check": check, "measure": measure}
