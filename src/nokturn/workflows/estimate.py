"""Estimate: how long a training would take on this machine, before there is one.

    found = estimate("my-tunes/", base="folk")
    found.epoch_s, found.epochs_in(600)      ->   41 seconds an epoch, 14 epochs in ten minutes

The files are read and laid down in a temporary folder, and a few steps are made, as they are at the
start of every training; nothing is kept. Its weakness: a machine that gets busier is slower.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nokturn.corpora._store import TokenStore
from nokturn.settings import build
from nokturn.training.events import Epoch, Forecast
from nokturn.training.runs import Run
from nokturn.workflows.corpus import CorpusSettings, lay_down, source_of
from nokturn.workflows.learn import learn
from nokturn.workflows.train import settings_of
from nokturn.workflows.tuning import Base


@dataclass(frozen=True)
class Estimate:
    """What a training would be like.

    Attributes
    ----------
    pieces, held_out
        How many it would learn from and be judged by.
    parameters
        Weights of the network; 0 where it only counts.
    device, threads
        What would work.
    epoch_s
        Seconds that an epoch takes, its report included.
    """

    pieces: int
    held_out: int
    parameters: int
    device: str
    threads: int
    epoch_s: float

    def epochs_in(self, seconds: float) -> float:
        """Return how many epochs there is time for."""
        return seconds / self.epoch_s


def estimate(
    *paths: str | Path,
    recipe: str | Path | None = None,
    set: Sequence[str] = (),
    base: str = "",
    valid: Sequence[str | Path] = (),
    quick: bool = False,
) -> Estimate:
    """Measure how long an epoch takes; for what can be asked, and what is raised, see `train`."""
    settings = settings_of(recipe, set, quick=quick, based=bool(base))
    begun = Base.named(base) if base else None
    if begun:
        settings = begun.settled(settings)
    source = source_of(paths, build(CorpusSettings, settings.get("corpus", {}), "corpus"))
    # Copies in other keys take the place of a piece in an epoch and make it no longer.
    settings["corpus"] = {**settings.get("corpus", {}), "transpositions": 0}
    settings["corpus"].pop("augment", None)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run = Run(Path(folder) / "run")
        lay_down(run, source, valid, settings, begun)
        first = begun.file.model if begun else None
        told = next(learn(run, "estimate", settings, base=first))  # and no further
        store = TokenStore(run.store)
        pieces, held_out = (len(store.originals(valid=out)) for out in (False, True))
    if isinstance(told, Epoch):  # it only counts, and is done
        return Estimate(pieces, held_out, 0, "cpu", 1, told.seconds)
    assert isinstance(told, Forecast), "a training begins with its forecast"
    return Estimate(
        pieces,
        held_out,
        parameters=told.parameters,
        device=told.device,
        threads=told.threads,
        epoch_s=told.seconds / told.epochs,
    )
