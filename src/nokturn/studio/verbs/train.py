"""Train a model on files that were brought, or go on with a training; every report is told.

Told to stop, it ends well: all is saved and the best epoch so far goes under the training's name.
Told to pause, by a file, it only saves. Both can be resumed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.verbs.trainings import advised, told_epoch
from nokturn.workflows.train import train
from nokturn.workflows.trainings import publish, show_training

SPARE = 1  # cores that are left to the page and its sounds


def run(
    talk: Talk,
    *,
    name: str,
    chosen: str,
    base: str,
    seconds: float,
    learning_rate: float | None,
    card: dict[str, str],
    resume: bool,
    pause: str,
) -> dict[str, Any]:
    """Train; see `nokturn.workflows.train.train`.

    Parameters
    ----------
    chosen
        Path of a file that says which files to learn from and which of their pieces to leave out.
    seconds
        How long it may take.
    card
        What people wrote on the card of the model: title, corpus, licence.
    pause
        Path of a file; where it is there at the end, nothing is published.
    """
    changes = [f"training.threads={max(1, _cores() - SPARE)}"]
    changes += [
        f"card.{line}={json.dumps(text, ensure_ascii=False)}" for line, text in card.items()
    ]
    told = json.loads(Path(chosen).read_bytes()) if chosen else {"paths": [], "leave_out": []}
    if told["leave_out"]:
        changes.append(f"corpus.settings.leave_out={json.dumps(told['leave_out'])}")
    if learning_rate:
        changes.append(f"training.learning_rate={learning_rate}")
    result: dict[str, Any] = {"training": name}
    for event in train(
        *told["paths"], name=name, set=changes, base=base, time=f"{seconds:.0f}s", resume=resume,
        stop=talk.stop,
    ):  # fmt: skip
        match type(event).__name__:
            case "Published":
                result["model"] = name
            case "Interrupted":
                result |= _interrupted(name, Path(pause))
            case kind:
                _tell(talk, name, kind, event)
    return result


def _interrupted(name: str, pause: Path) -> dict[str, Any]:
    """Return what became of a training that was told to end."""
    if pause.exists():
        pause.unlink()
        return {"paused": True}
    publish(name)
    return {"model": name, "stopped": True}


def _tell(talk: Talk, name: str, kind: str, event: Any) -> None:
    """Tell what happened."""
    match kind:
        case "Read":
            for note in event.report.notes:
                talk.notice(note)
        case "Forecast":
            talk.say("forecast", **asdict(event))
        case "Step":
            talk.say(
                "step", epoch=event.epoch, step=event.step, steps=event.steps, loss=event.nats,
                eta_s=round(event.left_s, 1), symbols_per_s=round(event.symbols_per_s),
            )  # fmt: skip
            share = event.step / max(1, event.steps)
            talk.progress(min(share, 1), eta_s=round(event.left_s, 1))
        case "Epoch":
            training = show_training(name)
            talk.say("epoch", **told_epoch(training, training.rows[-1]))
            whole = event.elapsed_s + event.left_s
            talk.progress(min(1, event.elapsed_s / whole) if whole else 0, eta_s=event.left_s)
            talk.say("advice", sentences=advised(training))
        case "Notice" if event.text not in show_training(name).advice:
            talk.notice(event.text)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
