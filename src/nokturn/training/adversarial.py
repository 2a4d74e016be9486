"""Training against a critic: the two take turns, and what is written is judged now and then.

There is no likelihood to report, so every report has pieces written and judged by `judge`; the
nearest to the held-out ones is the best. A run that is stopped and resumed ends with the bits of
one that was not. What the two networks learn from each other is in `duel`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nokturn.corpora._store import TokenStore
from nokturn.models._file import ModelFile
from nokturn.models.base import Adversarial
from nokturn.training import checkpoint, metrics
from nokturn.training.duel import Duel, Tally
from nokturn.training.engine import Threads
from nokturn.training.events import Done, Epoch, Event, Forecast, Interrupted, Step
from nokturn.training.runs import Run
from nokturn.training.settings import TrainingSettings
from nokturn.training.trainer import Sample, diverged

REPORTS = 20  # in a run, about
TRIED = 3  # steps that tell how fast this machine is
SIGN_OF_LIFE_S = 0.5

Judge = Callable[[ModelFile], dict[str, float]]  # how far what it writes lies from held-out pieces


@dataclass
class Position:
    """Where a run is; all of it is in the checkpoint."""

    epoch: int = 0  # reports made
    done: int = 0  # steps made
    elapsed_s: float = 0.0
    reported: int = 0  # steps at the last report
    reported_s: float = 0.0
    best_epoch: int = 0
    best_distance: float | None = None


@dataclass
class Contest:
    """A run being made: the duel, its reports and its checkpoints."""

    store: TokenStore
    run: Run
    duel: Duel
    settings: TrainingSettings
    stop: threading.Event
    card: dict[str, Any] = field(default_factory=dict)
    sample: Sample | None = None
    judge: Judge | None = None
    at: Position = field(default_factory=Position)

    def events(self) -> Iterator[Event]:
        """Train to the end, or until somebody asks to stop."""
        self._began = time.perf_counter() - self.at.elapsed_s
        self._saved = self._signed = time.perf_counter()
        self._told: list[Tally] = []
        yield from self._tried()
        if not self.at.done:
            yield self._report()
            self._save()
        while not self._over():
            if self.stop.is_set():
                self._save()
                yield Interrupted(self.run.folder, self.at.epoch, self.at.done, self._steps())
                return
            self._advance()
            yield from self._signs()
        if self.at.reported < self.at.done:
            yield self._report()
        self._save()
        yield self._finished()

    def _advance(self) -> None:
        try:
            self._told.append(self.duel.step(self.at.done, self._steps()))
        except FloatingPointError as error:
            raise diverged(error, self.settings) from error
        self.at.done += 1

    def _signs(self) -> Iterator[Event]:
        """Report, save or say that there is life, where it is time to."""
        now = time.perf_counter()
        if self._due() and not self._over():
            yield self._report()
            self._save()
        elif now - self._saved > self.settings.save_every:
            self._save()
        elif now - self._signed > SIGN_OF_LIFE_S:
            self._signed = now
            at, passed = self.at, max(1e-9, self._elapsed())
            pace = self._symbols() * at.done / self.duel.steps_a_pass / passed
            yield Step(at.epoch + 1, at.done, self._steps(), None, pace, passed, self._left())

    # -- time ------------------------------------------------------------------------------------

    def _tried(self) -> Iterator[Event]:
        """Try how fast this machine is on a duel that is thrown away, and forecast."""
        twin = Duel(self.duel.model, self.settings, self.duel.music)
        began = time.perf_counter()
        for number in range(TRIED):
            twin.step(number, TRIED)
        self.step_s = (time.perf_counter() - began) / TRIED
        segments, d = self.store.originals(valid=False), self.duel
        yield Forecast(
            device="cpu",
            threads=1,
            shards=1,
            lanes=d.model.settings.windows,
            precision="float32",
            parameters=d.vectors.layout.total,
            pieces=len(segments),
            held_out=len(self.store.originals(valid=True)),
            symbols=self._symbols(),
            symbols_per_s=self._symbols() / d.steps_a_pass / self.step_s,
            steps=self._steps(),
            epochs=self._steps() / d.steps_a_pass,
            seconds=self._left(),
        )

    def _symbols(self) -> int:
        rows = self.store.segments[self.store.originals(valid=False)]
        return int((rows["stop"] - rows["start"]).sum())

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _steps(self) -> int:
        """Return how many steps the run will have; under a time budget, by the pace so far."""
        if self.settings.time is None:
            return self.duel.steps_a_pass * (self.settings.epochs or 1)
        return self.at.done + max(0, int(self._left() / self.step_s))

    def _left(self) -> float:
        if self.settings.time is None:
            return (self._steps() - self.at.done) * self.step_s
        return max(0.0, self.settings.time - self._elapsed())

    def _over(self) -> bool:
        if self.settings.time is None:
            return self.at.done >= self._steps()
        return self.at.done > 0 and self._elapsed() >= self.settings.time

    def _due(self) -> bool:
        """Whether it is time for a report."""
        since, every = self.at.done - self.at.reported, self.settings.report_every
        if every:
            return since >= every * self.duel.steps_a_pass
        if self.settings.time is None:
            return since >= max(self.duel.steps_a_pass, self._steps() // REPORTS)
        return self._elapsed() - self.at.reported_s >= self.settings.time / REPORTS

    # -- reports ---------------------------------------------------------------------------------

    def _report(self) -> Epoch:
        """Have the model judged, keep it, write the record."""
        at = self.at
        at.epoch += at.done > 0
        file = self._file({})
        apart = self.judge(file) if self.judge else {}
        distance = apart.get("distance")
        first = at.best_distance is None
        if distance is None or first or distance < (at.best_distance or 0):
            at.best_epoch, at.best_distance = at.epoch, distance
        seconds = self._elapsed() - at.reported_s
        row = {
            "epoch": at.epoch,
            "step": at.done,
            **_mean(self._told),
            **apart,
            "seconds": round(seconds, 3),
            "elapsed_s": round(self._elapsed(), 3),
        }
        file = self._file(row)
        path = self.run.model(at.epoch)
        file.save(path)
        self._thin_out()
        metrics.add_row(self.run.metrics, row)
        if self.sample:
            self.sample(at.epoch, file)
        self._told = []
        at.reported, at.reported_s = at.done, self._elapsed()
        left = self._left()
        pace = at.reported_s / max(1, at.epoch)
        return Epoch(
            epoch=at.epoch,
            epochs=at.epoch + math.ceil(left / max(1e-9, pace)) if at.epoch else REPORTS,
            train_nats=None,
            valid_nats=None,
            bits_per_character=None,
            accuracy=None,
            seconds=seconds,
            elapsed_s=at.reported_s,
            left_s=left,
            best_epoch=at.best_epoch,
            best_bits_per_character=None,
            model=path,
            distance=distance,
        )

    def _file(self, row: Mapping[str, Any]) -> ModelFile:
        valid = self.store.pieces["valid"]
        told = {
            **row,
            "pieces": int((~valid).sum()),
            "held_out": int(valid.sum()),
            "settings": self.settings.model_dump(mode="json"),
        }
        return ModelFile(
            model=self.duel.averaged(),
            encoding=self.store.encoding,
            encoding_settings=self.store.settings,
            vocabulary=self.store.vocabulary,
            channels=self.store.channel_sizes,
            hints=self.store.hints,
            card=self.card | {"training": told},
        )

    def _thin_out(self) -> None:
        """Keep the first, the best, the newest and every so manyth model."""
        for epoch in self.run.epochs():
            if epoch not in (0, self.at.best_epoch, self.at.epoch) and (
                epoch % self.settings.keep_every
            ):
                self.run.model(epoch).unlink()

    def _finished(self) -> Done:
        at, best = self.at, self.run.model(self.at.best_epoch)
        reason = "the planned training is complete"
        seconds = self._elapsed()
        return Done(reason, at.epoch, at.done, seconds, at.best_epoch, None, None, None, best)

    # -- checkpoints -----------------------------------------------------------------------------

    def _save(self) -> None:
        """Write all that is needed to go on."""
        self.at.elapsed_s = self._elapsed()
        model = self.duel.model
        meta = {
            "position": vars(self.at),
            "half": False,
            "model": type(model).__module__.rpartition(".")[2],
            "model_settings": model.settings.model_dump(mode="json"),
            "settings": self.settings.model_dump(mode="json"),
            "corpus": self.store.digest,
            "card": self.card,
        }
        checkpoint.Checkpoint(self.duel.arrays(), meta).save(self.run.folder)
        self._saved = time.perf_counter()

    def restore(self, saved: checkpoint.Checkpoint) -> None:
        """Go to where a checkpoint was made."""
        self.at = Position(**saved.meta["position"])
        self.duel.restore(saved.arrays)
        metrics.keep_rows(self.run.metrics, self.at.epoch)


def contend(
    store: TokenStore,
    run: Run,
    first: Adversarial,
    settings: TrainingSettings,
    card: dict[str, Any],
    *,
    saved: checkpoint.Checkpoint | None = None,
    stop: threading.Event | None = None,
    sample: Sample | None = None,
    judge: Judge | None = None,
) -> Iterator[Event]:
    """Train a model against its critic, from its first weights or from a checkpoint.

    Yields
    ------
    Event
        A `Forecast`, then `Step` and `Epoch`, and at the end `Done` or `Interrupted`.
    """
    threads = Threads(1)
    try:
        music = [first.cells(store.piece(k)) for k in store.originals(valid=False)]
        duel = Duel(first, settings, music)
        stop = stop or threading.Event()
        contest = Contest(store, run, duel, settings, stop, card, sample, judge)
        if saved:
            contest.restore(saved)
        else:
            run.metrics.unlink(missing_ok=True)
        yield from contest.events()
    finally:
        threads.close()


def _mean(tallies: list[Tally]) -> dict[str, float]:
    """Return what steps cost on average, for the record."""
    if not tallies:
        return {}
    names = ("critic", "model", "slope")
    means = np.mean([[getattr(tally, name) for name in names] for tally in tallies], axis=0)
    return {f"{name}_loss": round(value, 4) for name, value in zip(names, means, strict=True)}
