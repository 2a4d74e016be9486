"""What the page is told of trainings, and what it may do with one that does not run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.sentences import coded
from nokturn.studio.verbs._made import made
from nokturn.workflows import trainings
from nokturn.workflows.sample import SAMPLE_SEED
from nokturn.workflows.trainings import Training

_SAID = {  # what the page calls the figures of a report
    "train": "train_nats", "valid": "valid_nats", "bits": "bits_per_character",
    "accuracy": "accuracy", "valid_bars": "valid_bars", "copied": "copied",
    "distance": "distance", "elapsed_s": "elapsed_s",
}  # fmt: skip


def run(talk: Talk, *, action: str, **arguments: Any) -> Any:
    """Do one of `ACTIONS`."""
    return ACTIONS[action](**arguments)


def every() -> list[dict[str, Any]]:
    """Return all trainings in short."""
    return [_in_short(one) for one in trainings.list_trainings()]


def one(name: str) -> dict[str, Any]:
    """Return a training with all its reports."""
    found = trainings.show_training(name)
    return _in_short(found) | {
        "epochs": [told_epoch(found, row) for row in found.rows],
        "advice": advised(found),
        "card": trainings.card_of(name),
    }


def advised(training: Training) -> list[dict[str, Any]]:
    """Return what the course of a training means, each sentence with its code."""
    return [coded({"text": sentence}, "text") for sentence in training.advice]


def sample(name: str, epoch: int) -> dict[str, Any]:
    """Return what the network wrote after an epoch, as the library takes it."""
    piece = trainings.sample_of(name, epoch)
    piece.title = piece.sheet_or_score.title = f"{name}, epoch {epoch}"
    return made(piece, kind="tune") | {"model": f"{name}@{epoch}", "seed": SAMPLE_SEED}


def told_epoch(training: Training, row: dict[str, Any]) -> dict[str, Any]:
    """Return a report as the page takes it; ``sample`` says whether there is a tune to hear."""
    epoch = row["epoch"]
    told = {said: row.get(name) for said, name in _SAID.items()}
    return {
        "epoch": epoch, **told, "best_epoch": training.best_epoch,
        "kept": epoch in training.kept, "sample": epoch in training.samples,
    }  # fmt: skip


def _in_short(training: Training) -> dict[str, Any]:
    told = asdict(training)
    for name in ("rows", "advice", "samples"):
        del told[name]
    return told | {"epoch": training.rows[-1]["epoch"] if training.rows else None}


def _publish(name: str, epoch: int | None) -> dict[str, Any]:
    trainings.publish(name, epoch)
    return one(name)


def _thin(name: str) -> dict[str, Any]:
    gone = trainings.thin_out(name)
    return one(name) | {"gone": gone}


def _remove(name: str, model: bool) -> dict[str, Any]:
    trainings.remove_training(name, model=model)
    return {"removed": name}


def _card(name: str, card: dict[str, str]) -> dict[str, Any]:
    trainings.write_card(name, card)
    return one(name)


ACTIONS: dict[str, Callable[..., Any]] = {
    "every": every,
    "one": one,
    "taken": trainings.taken,
    "sample": sample,
    "publish": _publish,
    "thin": _thin,
    "remove": _remove,
    "card": _card,
}
