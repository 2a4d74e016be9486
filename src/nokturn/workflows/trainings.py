"""Trainings: those that lie on this machine, how far each is, what it keeps, and its end.

    for one in list_trainings(): print(one.name, one.best_epoch, one.advice)
    publish("my-tunes")          the best epoch so far becomes the model my-tunes

A training is a folder of `nokturn.training.runs`; everything said here is read from its record and
its files, so it holds after a crash, too. Whether one is running is not known here.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nokturn.errors import InputError, ModelError, UsageError, did_you_mean
from nokturn.models._file import ModelFile
from nokturn.music.piece import Piece
from nokturn.training import checkpoint, runs
from nokturn.training.advice import advice
from nokturn.training.runs import Run, read_rows
from nokturn.workflows.load import load
from nokturn.writing import write_whole

CARD = ("title", "corpus", "licence", "citation")  # what people write on it themselves
NOTES = re.compile(r"^K:.*\n(?:[A-Z]:.*\n|%.*\n)*.*[A-Ga-g]", re.M)  # in a tune after its head
KEPT = 10  # epochs after thinning out, about


@dataclass(frozen=True)
class Training:
    """A training and what it has.

    Attributes
    ----------
    modified
        When it last came further; ISO 8601, in UTC.
    rows
        Its reports, as in its record.
    kept
        Epochs of which there is a model.
    samples
        Epochs after which it wrote something that is a tune.
    best_epoch
        The best of them on what is held out; None = there is none yet.
    advice
        What to know and do, in sentences.
    bytes
        What it takes on the disk.
    can_resume
        There is a checkpoint to go on from.
    published
        A model of its name has been made since its last report.
    base
        The model that it began with; empty = random weights.
    pieces, held_out
        How many it learns from and is judged by; 0 = not known yet.
    """

    name: str
    modified: str
    rows: list[dict[str, Any]] = field(repr=False)
    kept: tuple[int, ...]
    samples: tuple[int, ...]
    best_epoch: int | None
    advice: list[str]
    bytes: int
    can_resume: bool
    published: bool
    base: str
    pieces: int
    held_out: int


def list_trainings() -> list[Training]:
    """Return all trainings, the newest first."""
    folders = (runs.home() / "runs").glob("*/run.json")
    found = [_told(Run(path.parent)) for path in folders if runs.NAME.fullmatch(path.parent.name)]
    return sorted(found, key=lambda one: one.modified, reverse=True)


def show_training(name: str) -> Training:
    """Return one training; raises `ModelError` where there is none of that name."""
    return _told(_found(name))


def taken(name: str) -> str:
    """Return what has a name already: ``"training"``, ``"model"``, or nothing."""
    if checkpoint.exists(Run.named(name).folder):
        return "training"
    return "model" if name in runs.models() else ""


def publish(name: str, epoch: int | None = None) -> Path:
    """Put the model of an epoch under the training's name; None = the best.

    Raises `ModelError` where there is no such epoch.
    """
    run = _found(name)
    epoch = run.best() if epoch is None else epoch
    if epoch is None or epoch not in run.epochs():
        raise ModelError(f"{name} has no model of epoch {epoch}.", "Let it learn for longer.")
    return put(name, run.model(epoch))


def put(name: str, model: Path) -> Path:
    """Copy a model file to where the finished model of a name lies."""
    target = runs.published(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, model.read_bytes())
    return target


def write_card(name: str, card: Mapping[str, str]) -> dict[str, Any]:
    """Write title, corpus, licence or citation on the card of a finished model; return the card.

    Raises
    ------
    ModelError
        There is no finished model of that name.
    UsageError
        The card has no such line.
    """
    path = runs.published(name)
    if not path.exists():
        raise ModelError(f"{name} is no finished model.", "Publish its best epoch first.")
    for line in card:
        if line not in CARD:
            raise UsageError(f"A card has no line {line!r}.", did_you_mean(line, CARD))
    file = ModelFile.load(path)
    file.card = {**file.card, **card}
    file.save(path)
    return file.card


def card_of(name: str) -> dict[str, Any]:
    """Return the card of the finished model of a training; empty where there is none."""
    path = runs.published(name)
    try:
        return ModelFile.load(path).card if path.exists() else {}
    except ModelError:
        return {}


def sample_of(name: str, epoch: int) -> Piece:
    """Return what the network wrote after an epoch, with the same seed at each.

    Raises
    ------
    ModelError
        There is no such training.
    InputError
        There was no report of that epoch, or what was written then was no tune.
    """
    run = _found(name)
    path = run.samples / f"epoch-{epoch:04d}.abc"
    if not path.exists():
        raise InputError(f"{name} wrote nothing after epoch {epoch}.", "Choose another epoch.")
    played = path.with_suffix(".mid")  # of music over frames, which sounds as it was written
    try:
        return load(played if played.exists() else path)[0]
    except InputError as error:
        raise InputError(
            f"What it wrote after epoch {epoch} is no tune yet.", "Hear a later epoch."
        ) from error


def thin_out(name: str, keep: int = KEPT) -> list[int]:
    """Delete the models of most epochs; the first, the best and the newest stay.

    Parameters
    ----------
    keep
        About how many are kept, evenly spread.

    Returns
    -------
    list
        The epochs whose models were deleted.
    """
    run = _found(name)
    epochs = run.epochs()
    stay = {*epochs[:1], *epochs[-1:], run.best()}
    stay |= {epochs[k * len(epochs) // keep] for k in range(keep) if epochs}
    gone = [epoch for epoch in epochs if epoch not in stay]
    for epoch in gone:
        run.model(epoch).unlink(missing_ok=True)
    return gone


def remove_training(name: str, *, model: bool = False) -> None:
    """Delete a training, and with ``model`` the finished model of its name, too."""
    shutil.rmtree(_found(name).folder)
    if model:
        runs.published(name).unlink(missing_ok=True)


def _found(name: str) -> Run:
    run = Run.named(name)
    if not (run.folder / "run.json").exists():
        known = [path.parent.name for path in (runs.home() / "runs").glob("*/run.json")]
        raise ModelError(f"There is no training named {name!r}.", did_you_mean(name, known))
    return run


def _told(run: Run) -> Training:
    rows, kept = read_rows(run.metrics), run.epochs()
    counts = _counts(run, kept)
    return Training(
        name=run.folder.name,
        modified=_modified(run),
        rows=rows,
        kept=tuple(kept),
        samples=tuple(epoch for row in rows if _wrote(run, epoch := row["epoch"])),
        best_epoch=run.best(),
        advice=advice(rows, pieces=counts.get("pieces")),
        bytes=sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file()),
        can_resume=checkpoint.exists(run.folder),
        published=_published(run, kept),
        base=_base(run),
        pieces=counts.get("pieces", 0),
        held_out=counts.get("held_out", 0),
    )


def _modified(run: Run) -> str:
    newest = max(p.stat().st_mtime for p in (run.folder / "run.json", run.metrics) if p.exists())
    return datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")


def _published(run: Run, kept: list[int]) -> bool:
    path = runs.published(run.folder.name)
    if not (path.exists() and kept):
        return False
    return path.stat().st_mtime >= run.model(kept[-1]).stat().st_mtime


def _base(run: Run) -> str:
    try:
        told = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    except ValueError:
        return ""
    base = told.get("base") if isinstance(told, dict) else None
    return str(base.get("model", "")) if isinstance(base, dict) else ""


def _wrote(run: Run, epoch: int) -> bool:
    """Return whether what was written after an epoch has notes."""
    path = run.samples / f"epoch-{epoch:04d}.abc"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(NOTES.search(text)) or path.with_suffix(".mid").exists()


def _counts(run: Run, kept: list[int]) -> dict[str, int]:
    """Return how many pieces it learns from and holds out, as the card of its models says."""
    if not kept:
        return {}
    try:
        training = ModelFile.load(run.model(kept[-1])).card.get("training", {})
    except ModelError:
        return {}
    return {key: int(training[key]) for key in ("pieces", "held_out") if key in training}
