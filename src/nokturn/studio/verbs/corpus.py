"""Look through files that are to be learned from, and measure how long an epoch of them takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nokturn.studio._worker import Talk
from nokturn.workflows.check_data import Checked, check_shares


def run(talk: Talk, *, action: str, **arguments: Any) -> Any:
    """Do one of `ACTIONS`."""
    return ACTIONS[action](**arguments)


def check(shares: list[tuple[str, int, int]]) -> list[list[dict[str, Any]]]:
    """Return the rows of each share of a file: its path, the number of the share, and of how many.

    See `nokturn.workflows.check_data.Checked` for the rows.
    """
    found = check_shares((Path(path), part, of) for path, part, of in shares)
    return [[_row(row) for row in rows] for rows in found]


def measure(paths: list[str], leave_out: list[str], base: str, times: float) -> dict[str, Any]:
    """Return what a training would be like, measured with a part of the pieces.

    Parameters
    ----------
    times
        As many pieces there are in all.
    """
    from nokturn.workflows.estimate import estimate  # loads torch, which `check` needs not

    changes = [f"corpus.settings.leave_out={json.dumps(leave_out)}"] if leave_out else []
    found = estimate(*paths, set=changes, base=base)
    return asdict(found) | {
        "pieces": round(found.pieces * times), "held_out": round(found.held_out * times),
        "epoch_s": round(found.epoch_s * times, 3),
    }  # fmt: skip


def _row(row: Checked) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "file"}


ACTIONS: dict[str, Callable[..., Any]] = {"check": check, "measure": measure}
