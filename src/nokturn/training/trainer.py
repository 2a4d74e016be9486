"""A run being made: its position, its epochs, its reports, its checkpoints.

`loop.train` makes one and lets it run. A position in a run is (epoch, step of the epoch); order,
transposition and dropout follow from the seed and that position, so a run that is killed and
resumed ends with the very bits of one that was not. Under a time budget the number of steps is
corrected by the pace so far at each report; it is in the checkpoint, too.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nokturn.corpora._store import TokenStore
from nokturn.errors import ModelError
from nokturn.models._file import ModelFile
from nokturn.models.base import Model
from nokturn.training import checkpoint, judging, metrics, probe, schedule, shards
from nokturn.training.engine import Engine, Tally
from nokturn.training.events import Done, Epoch, Event, Interrupted, Notice, Step
from nokturn.training.metrics import Likelihood
from nokturn.training.optimiser import VECTORS
from nokturn.training.runs import Run
from nokturn.training.settings import TrainingSettings

SIGN_OF_LIFE_S = 0.5

Sample = Callable[[int, ModelFile], Mapping[str, float] | None]


def diverged(error: FloatingPointError, settings: TrainingSettings) -> ModelError:
    """Return what is said where numbers went beyond all bounds."""
    return ModelError(
        f"The training diverged: {error}.",
        f"Learn slower: --set training.learning_rate={settings.learning_rate / 2:g}.",
    )


@dataclass
class Position:
    """Where a run is; all of it is in the checkpoint."""

    epoch: int = 0  # complete passes
    step: int = 0  # of the epoch that is being read
    steps: int = 0  # planned, of the whole run
    every: int = 1  # epochs from report to report
    done: int = 0  # steps made, in all
    elapsed_s: float = 0.0
    reported_s: float = 0.0
    nats: float = 0.0  # since the last report, as the next two
    symbols: int = 0
    correct: int = 0
    best_epoch: int = 0
    best_done: int = 0
    best_nats: float | None = None
    best_bits: float | None = None
    best_accuracy: float | None = None

    def count(self, tally: Tally) -> None:
        """Add what a step cost."""
        self.nats += tally.nats
        self.symbols += tally.symbols
        self.correct += tally.correct


@dataclass
class Trainer:
    """A run being made.

    Parameters
    ----------
    store
        What to learn.
    run
        Where everything is written.
    engine
        The network in training.
    settings
        Of the training, all filled in.
    half
        Whether the recurrent weights are computed with in bfloat16.
    card
        What the model's card says besides the training.
    sample
        Called at each report with the epoch and the model as it is; the figures that it returns
        go into the record.
    """

    store: TokenStore
    run: Run
    engine: Engine
    settings: TrainingSettings
    half: bool
    stop: threading.Event
    card: dict[str, Any] = field(default_factory=dict)
    sample: Sample | None = None
    at: Position = field(default_factory=Position)
    _saved: float = field(default=0.0, init=False)  # when, on the clock
    _signed: float = field(default=0.0, init=False)
    _met: int = field(default=0, init=False)  # symbols since the last sign of life

    def events(self) -> Iterator[Event]:
        """Train to the end, or until somebody asks to stop, or until it diverges."""
        try:
            yield from self._to_the_end()
        except FloatingPointError as error:
            if not self.at.best_done:  # nothing was learned before
                raise diverged(error, self.settings) from error
            yield Notice(str(diverged(error, self.settings)))
            yield self._finished("it diverged, and the best model before that is kept")

    def _to_the_end(self) -> Iterator[Event]:
        self._resume_clock()
        if not self.at.done:
            yield self._report()
        self._save()
        while self.at.done < self.at.steps:
            if not (yield from self._epoch()):
                self._save()
                yield Interrupted(self.run.folder, self.at.epoch, self.at.done, self.at.steps)
                return
            if self.at.done >= self.at.steps or self.at.epoch % self.at.every == 0:
                learned = self._learned()
                yield self._report()
                self._replan()
                self._save()
                if learned:
                    yield self._finished("the accuracy asked for in training is reached")
                    return
                if self._stale():
                    yield self._finished("the held-out figure stopped improving")
                    return
        yield self._finished("the planned training is complete")

    def _epoch(self) -> Generator[Event, None, bool]:
        """Read the rest of the epoch; return whether its end was reached."""
        hands = probe.epoch_plan(self.store, self.settings, self.at.epoch)
        steps = shards.steps_of(hands)
        if self.settings.epochs is not None:  # epochs differ a little in their steps
            left = self.settings.epochs - self.at.epoch
            self.at.steps = self.at.done - self.at.step + left * steps
        while self.at.step < steps and self.at.done < self.at.steps:
            if self.stop.is_set():
                return False
            tally = self._advance(hands)
            self._met += tally.symbols
            since = time.perf_counter() - self._signed
            if since > SIGN_OF_LIFE_S:  # epochs of few pieces are shorter
                yield self._sign(self._met / since)
                self._signed, self._met = time.perf_counter(), 0
            at_end = self.at.done >= self.at.steps  # saved after the report
            if not at_end and time.perf_counter() - self._saved > self.settings.save_every:
                self._save()
        self.at.epoch += 1
        self.at.step = 0
        return True

    def _advance(self, hands: list[list[shards.Group]]) -> Tally:
        found = (shards.at(hand, self.at.step) for hand in hands)
        chunks = [shards.read(self.store, *where) if where else None for where in found]
        done, steps = self.at.done, self.at.steps
        memory = schedule.memory(done, steps, self.settings.ema)
        tally = self.engine.advance(chunks, self._rate(), memory, done / max(1, steps))
        self.at.count(tally)
        self.at.step += 1
        self.at.done += 1
        return tally

    def _rate(self) -> float:
        """Return the learning rate of the next step."""
        s = self.settings
        return schedule.rate(
            self.at.done, self.at.steps, peak=s.learning_rate, warm_up=s.warm_up, shape=s.schedule
        )

    # -- time ------------------------------------------------------------------------------------

    def _resume_clock(self) -> None:
        self._began = time.perf_counter() - self.at.elapsed_s
        self._saved = self._signed = time.perf_counter()

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _left(self) -> float:
        at, elapsed = self.at, self._elapsed()
        return elapsed / max(1, at.done) * (at.steps - at.done)

    def _replan(self) -> None:
        """Under a time budget, set the number of steps by the pace so far."""
        budget, at = self.settings.time, self.at
        if budget is None or not 0 < at.done < at.steps:
            return
        left = max(0.0, budget - self._elapsed())
        at.steps = at.done + int(left * at.done / self._elapsed())

    def _stale(self) -> bool:
        at = self.at
        if at.best_nats is None or not at.done:
            return False
        return at.done - at.best_done > max(1, self.settings.patience * at.steps)

    def _learned(self) -> bool:
        """Return whether the accuracy since the last report is what was asked for."""
        until, at = self.settings.until, self.at
        return until is not None and at.correct >= until * max(1, at.symbols)

    def _sign(self, symbols_per_s: float) -> Step:
        at = self.at
        nats = at.nats / max(1, at.symbols)
        left = self._left()
        return Step(at.epoch + 1, at.done, at.steps, nats, symbols_per_s, self._elapsed(), left)

    # -- reports ---------------------------------------------------------------------------------

    def _report(self) -> Epoch:
        """Score the held-out pieces, keep the model of this epoch, write the record."""
        at = self.at
        weights = self.engine.model.weights | self.engine.vectors.averaged()
        model = self.engine.model.with_weights(weights)
        model, found, notes = self._held_out(model)
        if found is None or at.best_nats is None or found.nats_per_symbol < at.best_nats:
            at.best_epoch, at.best_done = at.epoch, at.done
            if found is not None:
                at.best_nats, at.best_accuracy = found.nats_per_symbol, found.accuracy
                at.best_bits = found.bits_per_character
        seconds = self._elapsed() - at.reported_s
        row = {
            "epoch": at.epoch,
            "step": at.done,
            "train_nats": at.nats / at.symbols if at.symbols else None,
            "train_accuracy": at.correct / at.symbols if at.symbols else None,
            "valid_nats": found.nats_per_symbol if found else None,
            "bits_per_character": found.bits_per_character if found else None,
            "accuracy": found.accuracy if found else None,
            "seconds": round(seconds, 3),
            "elapsed_s": round(self._elapsed(), 3),
            "learning_rate": self._rate(),
            **notes,
        }
        path = self.run.model(at.epoch)
        file = self._file(model, row)
        if self.sample:  # first, so that what its writing is like stands on its card, too
            row |= self.sample(at.epoch, file) or {}
            file.card["training"] |= row
        file.save(path)
        self._thin_out()
        metrics.add_row(self.run.metrics, row)
        if self.settings.tensorboard:
            metrics.add_to_board(self.run.folder / "tensorboard", row)
        at.nats, at.symbols, at.correct, at.reported_s = 0.0, 0, 0, self._elapsed()
        return Epoch(
            epoch=at.epoch,
            epochs=self._expected_epochs(),
            train_nats=row["train_nats"],
            valid_nats=row["valid_nats"],
            bits_per_character=row["bits_per_character"],
            accuracy=row["accuracy"],
            seconds=seconds,
            elapsed_s=self._elapsed(),
            left_s=self._left() if at.done else 0.0,
            best_epoch=at.best_epoch,
            best_bits_per_character=at.best_bits,
            model=path,
            notes=notes,
            valid_bars=row.get("valid_bars"),
            copied=row.get("copied"),
        )

    def _held_out(self, model: Model) -> tuple[Model, Likelihood | None, dict[str, float]]:
        """Return the model with its threshold, its likelihood and what it foretells of frames."""
        segments = self.store.originals(valid=True)
        if not len(segments):
            return model, None, {}
        weights = {n: torch.from_numpy(a).to(self.engine.device) for n, a in model.weights.items()}
        found = metrics.likelihood(model, weights, self.store, segments, self.engine.threads)
        model, notes = judging.of_report(model, weights, self.store)
        return model, found, notes

    def _file(self, model: Model, row: Mapping[str, Any]) -> ModelFile:
        return ModelFile(
            model=model,
            encoding=self.store.encoding,
            encoding_settings=self.store.settings,
            vocabulary=self.store.vocabulary,
            channels=self.store.channel_sizes,
            hints=self.store.hints,
            card=self.card | {"training": self._training_card(row)},
        )

    def _training_card(self, row: Mapping[str, Any]) -> dict[str, Any]:
        valid = self.store.pieces["valid"]
        return {
            **row,
            "pieces": int((~valid).sum()),
            "held_out": int(valid.sum()),
            "parameters": self.engine.model.parameters,
            "precision": "bfloat16" if self.half else "float32",
            "torch": torch.__version__,
            "settings": self.settings.model_dump(mode="json"),
        }

    def _thin_out(self) -> None:
        """Keep the first, the best, the newest and every so manyth model."""
        at, keep = self.at, self.settings.keep_every
        for epoch in self.run.epochs():
            if epoch not in (0, at.best_epoch, at.epoch) and epoch // at.every % keep:
                self.run.model(epoch).unlink()

    def _expected_epochs(self) -> int:
        """Return how many passes the run will have, the last perhaps a part of one."""
        hands = probe.epoch_plan(self.store, self.settings, self.at.epoch)
        left = (self.at.steps - self.at.done) / max(1, shards.steps_of(hands))
        return self.at.epoch + math.ceil(left)

    def _finished(self, reason: str) -> Done:
        at = self.at
        return Done(
            reason=reason,
            epochs=at.epoch,
            steps=at.done,
            elapsed_s=self._elapsed(),
            best_epoch=at.best_epoch,
            valid_nats=at.best_nats,
            bits_per_character=at.best_bits,
            accuracy=at.best_accuracy,
            model=self.run.model(at.best_epoch),
        )

    # -- checkpoints -----------------------------------------------------------------------------

    def _save(self) -> None:
        """Write all that is needed to go on."""
        self.at.elapsed_s = self._elapsed()
        vectors = self.engine.vectors
        arrays = {name: getattr(vectors, name).cpu().numpy() for name in VECTORS}
        for shard, state in enumerate(self.engine.states):
            for i, part in enumerate(state or ()):
                arrays[f"state.{shard}.{i}"] = part.float().cpu().numpy()
        model = self.engine.model
        meta = {
            "position": vars(self.at),
            "half": self.half,
            "model": type(model).__module__.rpartition(".")[2],
            "model_settings": model.settings.model_dump(mode="json"),
            "settings": self.settings.model_dump(mode="json"),
            "corpus": self.store.digest,
            "card": self.card,
        }
        checkpoint.Checkpoint(arrays, meta).save(self.run.folder)
        self._saved = time.perf_counter()

    def restore(self, saved: checkpoint.Checkpoint) -> None:
        """Go to where a checkpoint was made."""
        self.at = Position(**saved.meta["position"])
        engine = self.engine
        for name in VECTORS:
            getattr(engine.vectors, name).copy_(torch.from_numpy(saved.arrays[name]))
        engine.step = self.at.done
        for shard in range(self.settings.shards):
            parts: list[torch.Tensor] = []
            while f"state.{shard}.{len(parts)}" in saved.arrays:
                array = saved.arrays[f"state.{shard}.{len(parts)}"]
                parts.append(torch.from_numpy(array).to(engine.device))
            engine.states[shard] = tuple(parts) or None
        metrics.keep_rows(self.run.metrics, self._last_report())

    def _last_report(self) -> int:
        """Return the epoch of the last report that the checkpoint knows of."""
        at = self.at
        return at.epoch // at.every * at.every if at.done < at.steps else at.epoch
