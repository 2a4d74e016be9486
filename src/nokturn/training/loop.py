"""The training loop: a token store and settings in, a model for each report out.

    with stopping() as stop:
        for event in train(TokenStore(tokens), folder, "recurrent", settings=settings, stop=stop):
            print(event)

It yields what happens (`events`) and prints nothing. Before the first step a few are tried on this
machine, for the forecast, the number of steps that a time budget holds, and the precision.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nokturn import registry
from nokturn.corpora._store import TokenStore
from nokturn.encodings.base import restore
from nokturn.errors import InputError, UsageError
from nokturn.models.base import Adversarial, Counted, Inputs, Model
from nokturn.settings import build
from nokturn.training import checkpoint, probe, shards
from nokturn.training.adversarial import Judge, contend
from nokturn.training.balance import balanced
from nokturn.training.counting import count
from nokturn.training.engine import Engine, Threads
from nokturn.training.events import Event, Forecast, Notice
from nokturn.training.runs import Run
from nokturn.training.settings import WHOLE, TrainingSettings
from nokturn.training.trainer import Sample, Trainer, diverged

REPORTS = 60  # in a run by time, about


def train(
    store: TokenStore,
    folder: str | Path,
    model: str = "recurrent",
    model_settings: Mapping[str, Any] | None = None,
    settings: TrainingSettings | None = None,
    *,
    size: str | int = "auto",
    card: Mapping[str, Any] | None = None,
    base: Model | None = None,
    resume: bool = False,
    stop: threading.Event | None = None,
    sample: Sample | None = None,
    judge: Judge | None = None,
) -> Iterator[Event]:
    """Train a model on a token store.

    Parameters
    ----------
    store
        What to learn; its held-out pieces are only scored.
    folder
        The run's folder: checkpoints, ``metrics.jsonl`` and ``epochs/`` are written there.
    model, model_settings
        Name of the model and settings of it; what they leave out follows from ``size``.
    settings
        Of the training.
    size
        tiny, small, medium, large, auto (by the length of the corpus) or a width.
    card
        For the model's card: corpus, licence, source ...
    base
        Begin with this network, over the symbols and side inputs of the store, and not with random
        weights of ``model``.
    resume
        Go on from the folder's checkpoint; model and settings come from there.
    stop
        Set it to end the training after the present step, saved.
    sample
        Called at each report with the epoch and the model file as it is; the figures that it
        returns go into the record.
    judge
        Says how far what a model without likelihood writes lies from the held-out pieces: figures
        for the record, ``distance`` among them.

    Yields
    ------
    Event
        A `Forecast`, then `Step`, `Epoch` and `Notice`, and at the end `Done` or `Interrupted`.

    Raises
    ------
    InputError
        There is nothing to train on.
    UsageError, ModelError, ResourceError
        Settings that cannot be; a damaged checkpoint or a diverged training; a full disk.
    """
    if not len(store.originals(valid=False)):
        raise InputError("There is nothing to train on.", "Give more files.")
    run = Run(Path(folder))
    run.folder.mkdir(parents=True, exist_ok=True)
    checkpoint.tidy(run.folder)
    settings = settings or TrainingSettings()
    saved: checkpoint.Checkpoint | None = None
    if resume:
        saved, troubles = checkpoint.load(run.folder)
        yield from (Notice(f"{trouble} An older checkpoint is used.") for trouble in troubles)
        settings = build(TrainingSettings, saved.meta["settings"], "training")
        model, model_settings = saved.meta["model"], saved.meta["model_settings"]
        card = saved.meta["card"]
        _same_corpus(saved, store)
    elif checkpoint.exists(run.folder):
        raise UsageError(
            f"{run.folder} already holds a training.", "Resume it, or choose another name."
        )
    settings = probe.resolved(settings, store, probe.device_of(settings))
    if base is None or saved:
        first = _untrained(store, model, model_settings or {}, size, settings.seed)
    else:
        first = _primed(base, store)
    card = dict(card or {})
    if isinstance(first, Counted):
        yield from count(store, run, first, settings, card, sample)
    elif isinstance(first, Adversarial):
        yield from contend(
            store, run, first, settings, card, saved=saved, stop=stop, sample=sample, judge=judge
        )
    else:
        yield from _learn(store, run, first, settings, saved, card, stop, sample)


def _learn(
    store: TokenStore,
    run: Run,
    first: Model,
    settings: TrainingSettings,
    saved: checkpoint.Checkpoint | None,
    card: dict[str, Any],
    stop: threading.Event | None,
    sample: Sample | None,
) -> Iterator[Event]:
    """Train a network by gradients, from its first weights or from a checkpoint."""
    if settings.excerpt and not first.excerpts:
        raise UsageError(
            "training.excerpt is for the models roll and recurrent: "
            "others count on what came earlier in a piece.",
            "Leave it out, or choose one of these.",
        )
    if first.whole_pieces:
        settings = settings.model_copy(update={"chunk": WHOLE})

    share = settings.transpose_share
    weights = balanced(store, settings.balance, transpose_share=share) if settings.balance else None

    def make(threads: Threads, half: bool) -> Engine:
        return Engine(first, settings, threads, settings.device, half, weights)

    try:
        machine = probe.measure(make, store, settings)
    except FloatingPointError as error:
        raise diverged(error, settings) from error
    threads = Threads(settings.threads)
    try:
        half = bool(saved.meta["half"]) if saved else machine.half
        trainer = Trainer(
            store=store,
            run=run,
            engine=make(threads, half),
            settings=settings,
            half=half,
            stop=stop or threading.Event(),
            card=card,
            sample=sample,
        )
        if saved:
            trainer.restore(saved)
        else:
            run.metrics.unlink(missing_ok=True)
            _plan(trainer, machine)
        yield _forecast(trainer, machine)
        yield from trainer.events()
    finally:
        threads.close()


def _same_corpus(saved: checkpoint.Checkpoint, store: TokenStore) -> None:
    if saved.meta["corpus"] != store.digest:
        raise UsageError(
            "The corpus is not the one that this training began with.",
            "Resume with the same files, or start a new training.",
        )


def _untrained(
    store: TokenStore, name: str, given: Mapping[str, Any], size: str | int, seed: int
) -> Model:
    kind: type[Model] = registry.find("models", name)
    characters = int(store.pieces["characters"][~store.pieces["valid"]].sum())
    base = kind.sized(size, characters).model_dump()
    if "pitches" in base:  # it reads frames: the encoding says how symbols make them
        layout = restore(store.encoding, store.settings, store.vocabulary).layout
        base |= {name: value for name, value in layout.items() if name in base}
    if "contexts" in base:  # it counts: the encoding says what beside the symbols
        base["contexts"] = restore(store.encoding, store.settings, store.vocabulary).contexts
    settings = build(kind.settings_class, base | dict(given), "model")
    inputs = Inputs(len(store.vocabulary), tuple(store.channel_sizes.values()))
    return _primed(kind.untrained(inputs, settings, seed), store)


def _primed(model: Model, store: TokenStore) -> Model:
    segments = store.originals(valid=False)
    return model.primed(map(store.piece, segments), map(store.channels, segments))


def _plan(trainer: Trainer, machine: probe.Machine) -> None:
    """Set the number of steps and how often to report."""
    settings, at = trainer.settings, trainer.at
    epoch_steps = max(1, shards.steps_of(probe.epoch_plan(trainer.store, settings, 0)))
    if settings.time is None:
        at.steps = epoch_steps * (settings.epochs or 1)
        at.every = settings.report_every or 1
        return
    at.steps = max(1, int(0.9 * settings.time / machine.step_s))  # the rest goes into reports
    wanted = settings.time / REPORTS / (machine.step_s * epoch_steps)
    at.every = settings.report_every or max(1, round(wanted))


def _forecast(trainer: Trainer, machine: probe.Machine) -> Forecast:
    at, store, settings = trainer.at, trainer.store, trainer.settings
    segments = store.segments[store.originals(valid=False)]
    left = at.steps - at.done
    seconds = left * machine.step_s / 0.9
    return Forecast(
        device=machine.device,
        threads=settings.threads,
        shards=settings.shards,
        lanes=settings.lanes,
        precision="bfloat16" if trainer.half else "float32",
        parameters=trainer.engine.model.parameters,
        pieces=len(segments),
        held_out=len(store.originals(valid=True)),
        symbols=int((segments["stop"] - segments["start"]).sum()),
        symbols_per_s=machine.symbols_per_s,
        steps=at.steps,
        epochs=trainer.at.steps / max(1, shards.steps_of(probe.epoch_plan(store, settings, 0))),
        seconds=seconds if settings.time is None else max(0.0, settings.time - at.elapsed_s),
    )
