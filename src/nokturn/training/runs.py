"""Where runs and models live, and what ``my-tunes@30`` means.

    NOKTURN_HOME/                     default: the user's data folder of the system
      models/my-tunes.safetensors     finished models
      runs/my-tunes/                  a training: checkpoints, record, samples
        epochs/0030.safetensors       a model for each report

A name means the finished model, ``name@30`` the model of that epoch, ``name@best`` and
``name@last`` the run's best and newest. No torch in here.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nokturn.errors import ModelError, UsageError, did_you_mean

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BUILT_IN = Path(__file__).parent.parent / "pretrained"
ENDING = ".safetensors"


def home() -> Path:
    """Return the folder in which everything lives."""
    given = os.environ.get("NOKTURN_HOME")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "nokturn"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "nokturn"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "nokturn"


def checked(name: str) -> str:
    """Return the name of a run or model, if it may be one. Raises `UsageError`."""
    if not NAME.fullmatch(name) or ".." in name:
        raise UsageError(
            f"{name!r} cannot be the name of a model.",
            "Use letters, digits, '-', '_' and '.', 64 at most.",
        )
    return name


@dataclass(frozen=True)
class Run:
    """A training's folder."""

    folder: Path

    @classmethod
    def named(cls, name: str) -> Run:
        """Return the run of that name; it need not exist."""
        return cls(home() / "runs" / checked(name))

    @property
    def metrics(self) -> Path:
        """The record, a JSON line for each report."""
        return self.folder / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        """The folder of sample tunes."""
        return self.folder / "samples"

    @property
    def store(self) -> Path:
        """The folder of the tokens."""
        return self.folder / "tokens"

    def model(self, epoch: int) -> Path:
        """Return where the model of an epoch is."""
        return self.folder / "epochs" / f"{epoch:04d}{ENDING}"

    def epochs(self) -> list[int]:
        """Return the epochs of which there is a model, in order."""
        found = (self.folder / "epochs").glob(f"[0-9]*{ENDING}")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def best(self) -> int | None:
        """Return the epoch with the best held-out figure, the newest where nothing is held out.

        Of epochs that are as good the first, as while it trains.
        """
        epochs = self.epochs()
        costs: dict[int, float] = {}
        for row in read_rows(self.metrics):
            cost = row.get("valid_nats") or row.get("distance")
            costs[row["epoch"]] = cost or float("inf")
        if not epochs:
            return None
        least = min(costs.get(epoch, float("inf")) for epoch in epochs)
        if least == float("inf"):
            return epochs[-1]
        return next(epoch for epoch in epochs if costs.get(epoch) == least)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of ``metrics.jsonl``; a last line cut short by a crash is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def published(name: str) -> Path:
    """Return where the finished model of that name is put."""
    return home() / "models" / f"{checked(name)}{ENDING}"


def models() -> dict[str, Path]:
    """Return every model by name: built in, finished, and runs that have got somewhere."""
    found = {path.stem: path for path in sorted(BUILT_IN.glob(f"*{ENDING}"))}
    for folder in sorted((home() / "runs").glob("*/epochs")):
        run = Run(folder.parent)
        best = run.best()
        if best is not None:
            found[folder.parent.name] = run.model(best)
    found |= {path.stem: path for path in sorted((home() / "models").glob(f"[!.]*{ENDING}"))}
    return dict(sorted(found.items()))


def resolve(name: str) -> Path:
    """Return the file of a model: a path, ``name``, ``name@30``, ``name@best`` or ``name@last``.

    Raises `ModelError`, with the nearest known name.
    """
    if name.endswith(ENDING) and Path(name).is_file():
        return Path(name)
    base, at, epoch = name.partition("@")
    if not at:
        known = models()
        if base not in known:
            raise ModelError(f"There is no model named {base!r}.", did_you_mean(base, known))
        return known[base]
    run = Run.named(base)
    epochs = run.epochs()
    if not epochs:
        names = [folder.name for folder in (home() / "runs").glob("*") if Run(folder).epochs()]
        raise ModelError(f"There is no training named {base!r}.", did_you_mean(base, names))
    if epoch in {"best", "last"}:
        number = run.best() if epoch == "best" else epochs[-1]
        assert number is not None
        return run.model(number)
    if not epoch.isdecimal() or int(epoch) not in epochs:
        kept = ", ".join(map(str, epochs))
        raise ModelError(f"{base} has no epoch {epoch!r}.", f"Kept: {kept}; or best, last.")
    return run.model(int(epoch))
