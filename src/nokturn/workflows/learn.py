"""Learn: from a token store to a model under its name, with a sample tune for every report.

This is the second half of `train`, after the corpus was read; it is all of a resumed training.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nokturn import registry
from nokturn.corpora._store import TokenStore
from nokturn.errors import Error, UsageError
from nokturn.models._file import ModelFile
from nokturn.models.base import Model
from nokturn.music.piece import Piece
from nokturn.rendering.charts import loss_svg
from nokturn.settings import build
from nokturn.training.adversarial import Judge
from nokturn.training.advice import advice
from nokturn.training.events import Done, Epoch, Event, Forecast, Interrupted, Notice, Step
from nokturn.training.interrupts import stopping
from nokturn.training.loop import train as loop
from nokturn.training.runs import Run, read_rows
from nokturn.training.settings import TrainingSettings
from nokturn.training.trainer import Sample
from nokturn.workflows.likeness import held_out, likeness
from nokturn.workflows.sample import SAMPLE_SEED, Practice, keep_roll, sample, writes_frames
from nokturn.workflows.save import KINDS
from nokturn.workflows.trainings import put
from nokturn.writing import write_whole

__all__ = ["Published", "learn", "stopping", "words"]  # all that a front end needs


@dataclass(frozen=True)
class Published:
    """The model is finished and lies under its name."""

    name: str
    path: Path


def learn(
    run: Run,
    name: str,
    recipe: Mapping[str, Any],
    *,
    card: Mapping[str, Any] | None = None,
    base: Model | None = None,
    resume: bool = False,
    stop: threading.Event | None = None,
) -> Iterator[Event | Published]:
    """Train on the tokens of a run and put the best model under its name.

    Parameters
    ----------
    recipe
        Tables ``model`` (``name``, ``size`` and settings of it) and ``training``.
    card
        What the model's card says of its corpus.
    base
        The network to begin with; None = one with random weights.
    resume
        Go on from the run's checkpoint.
    stop
        Set it to end after the present step, saved.
    """
    model = dict(recipe.get("model", {}))
    kind, size = model.pop("name", "recurrent"), model.pop("size", "auto")
    settings = build(TrainingSettings, recipe.get("training", {}), "training")
    store = TokenStore(run.store)
    unit: str = registry.find("encodings", store.encoding).unit
    events = loop(
        store,
        run.folder,
        kind,
        model,
        settings,
        size=size,
        card=card,
        base=base,
        resume=resume,
        stop=stop,
        sample=teller_of(store, run),
        judge=judge_of(store),
    )
    for event in events:
        if isinstance(event, Epoch):
            draw_losses(run, name, unit)
            event = replace(event, unit=unit)
        yield event
        if isinstance(event, Done):
            pieces = len(store.originals(valid=False))
            yield from map(Notice, advice(read_rows(run.metrics), pieces=pieces))
            yield Published(name, put(name, event.model))


def teller_of(store: TokenStore, run: Run) -> Sample:
    """Return what keeps a sample for every report, and tells what it is like."""
    practice = Practice(store)

    def tell(epoch: int, file: ModelFile) -> Mapping[str, float]:
        keep_sample(run, epoch, file)
        return practice.figures(file)

    return tell


def judge_of(store: TokenStore) -> Judge:
    """Return what says how far from the held-out pieces lies what a model writes."""
    held: list[Piece] = []

    def judge(file: ModelFile) -> dict[str, float]:
        if not held:
            held.extend(held_out(store))
        return asdict(likeness(file, held))

    return judge


def draw_losses(run: Run, name: str, unit: str) -> None:
    """Draw the record of a run so far as ``loss.svg`` in its folder; for the unit see `Epoch`."""
    lines = run.metrics.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    write_whole(run.folder / "loss.svg", loss_svg(rows, title=name, unit=unit).encode())


def keep_sample(run: Run, epoch: int, file: ModelFile) -> None:
    """Write what the network writes now; what cannot be written down is noted in its place.

    An untrained network may write what no format holds, and a sample never ends a training. Of
    frames there is also MIDI, and a picture in ``rolls.html``.
    """
    run.samples.mkdir(parents=True, exist_ok=True)
    stem = f"epoch-{epoch:04d}"
    try:
        piece = sample(file, seed=SAMPLE_SEED)
        data = KINDS[".abc"].dumps([piece])
        if writes_frames(file):
            keep_roll(run.samples, stem, piece)
    except Error as error:
        data = f"% epoch {epoch}: no tune yet: {error}\n".encode()
    write_whole(run.samples / f"{stem}.abc", data)


def remember(run: Run, told: Mapping[str, Any]) -> None:
    """Keep in the run's folder how it began, for resuming."""
    run.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=1, ensure_ascii=False, default=str)
    write_whole(run.folder / "run.json", text.encode())


def remembered(name: str) -> dict[str, Any]:
    """Return how the run of that name began; raises `UsageError` where there is none."""
    path = Run.named(name).folder / "run.json"
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"There is no training named {name!r} to resume.",
            f"Begin one:  nokturn train PATH... --name {name}",
        ) from error
    return told


def words(event: Event | Published) -> str:
    """Return what happened in a line; empty for a mere sign of life."""
    match event:
        case Forecast():
            return (
                f"{event.pieces} pieces to learn from, {event.held_out} held out; "
                f"{event.parameters:,} weights on {event.device}, {event.threads} threads, "
                f"{event.precision}; {event.symbols_per_s:,.0f} symbols/s; "
                f"about {event.epochs:.0f} epochs in {_time(event.seconds)}"
            )
        case Epoch():
            return _epoch_words(event)
        case Notice():
            return event.text
        case Interrupted():
            return f"Saved in epoch {event.epoch + 1}, step {event.step} of {event.steps}."
        case Done():
            return (
                f"Done in {_time(event.elapsed_s)}: {event.reason}; best: epoch {event.best_epoch}."
            )
        case Published():
            return f"Model {event.name}: {event.path}"
        case Step():
            return ""


def _epoch_words(event: Epoch) -> str:
    parts = [f"epoch {event.epoch}/{max(event.epochs, event.epoch)}"]
    if event.train_nats is not None:
        parts.append(f"train {event.train_nats:.3f}")
    if event.valid_nats is not None and event.bits_per_character is not None:
        of = "char" if event.unit == "character" else event.unit
        bits = f"{event.bits_per_character:.3f} bits/{of}"
        parts.append(f"held out {event.valid_nats:.3f} nats, {bits}")
    if event.distance is not None:
        parts.append(f"{event.distance:.4f} bits apart from what is held out")
        parts.append(f"(best @{event.best_epoch})")
    if event.accuracy is not None:
        parts.append(f"{event.accuracy:.0%} right")
    if event.notes:
        parts.append(_note_words(event.notes))
    if event.best_bits_per_character is not None:
        parts.append(f"(best {event.best_bits_per_character:.3f} @{event.best_epoch})")
    if event.valid_bars is not None:
        parts.append(f"{event.valid_bars:.0%} of bars right")
    if event.copied is not None:
        parts.append(f"{event.copied:.0%} copied")
    parts.append(f"{event.seconds:.0f} s")
    if event.epoch:
        parts.append(f"~{_time(event.left_s)} left")
    return "  ".join(parts)


def _note_words(notes: Mapping[str, float]) -> str:
    """Return which notes of held-out frames were foretold."""
    return (
        f"notes: precision {notes['precision']:.0%}, recall {notes['recall']:.0%}, "
        f"F1 {notes['f1']:.3f}, {notes['false_positives']:,} false, "
        f"{notes['false_negatives']:,} missed, {notes['cell_accuracy']:.2%} of cells right"
    )


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
