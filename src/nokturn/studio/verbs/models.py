"""What the page is told of models; taking them in, and deleting them.

Model files may come from strangers, so they are opened here, in a worker, and never in the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nokturn.errors import ModelError
from nokturn.studio._worker import Talk
from nokturn.studio.sentences import coded
from nokturn.workflows.models import (
    Abilities,
    ModelInfo,
    abilities,
    history,
    import_model,
    list_models,
    remove_model,
    show_model,
)

CARD = ("corpus", "licence")  # what is said there may be ours: the rest is names
FIGURES = (  # of its last report: on music that was held out, and of what it wrote
    "bits_per_character", "valid_nats", "accuracy", "held_out", "epoch", "valid_bars", "copied",
)  # fmt: skip
_known: dict[tuple[str, str, int], dict[str, Any]] = {}  # by path, time and size: models are large


def run(talk: Talk, *, action: str, **arguments: Any) -> Any:
    """Do one of `ACTIONS`."""
    return ACTIONS[action](**arguments)


def every() -> list[dict[str, Any]]:
    """Return all models."""
    return [_told(model) for model in list_models()]


def one(name: str) -> dict[str, Any]:
    """Return one model, or an epoch of one; a damaged one, too, so that it can be deleted."""
    try:
        return _told(show_model(name))
    except ModelError:
        damaged = [model for model in list_models() if model.name == name and model.damage]
        if not damaged:
            raise
        return _told(damaged[0])


def taken_in(path: str, name: str) -> dict[str, Any]:
    """Take in a file that was sent."""
    return _told(import_model(path, name))


def removed(name: str) -> dict[str, Any]:
    """Delete a model; its training stays."""
    return {"removed": [path.name for path in remove_model(name)]}


def file_of(name: str) -> dict[str, Any]:
    """Return where a model's file lies: for the server alone, the page is sent its bytes."""
    return {"path": str(show_model(name).path)}


ACTIONS: dict[str, Callable[..., Any]] = {
    "every": every,
    "one": one,
    "import": taken_in,
    "remove": removed,
    "file": file_of,
}


def _told(model: ModelInfo) -> dict[str, Any]:
    seen = (str(model.path), model.modified, model.bytes)
    if seen not in _known:
        _known[seen] = _abilities(model)
    known = asdict(model)
    del known["path"]
    training = model.card.get("training", {})
    held_out = {
        key: training[key]
        for key in FIGURES
        if isinstance(training, dict) and training.get(key) is not None
    }
    known["card"] = coded(model.card, *(line for line in CARD if line in model.card))
    more = {"held_out": held_out, "epochs": _epochs(model)}
    return coded(known | _known[seen] | more, "damage")


def _abilities(model: ModelInfo) -> dict[str, Any]:
    found = Abilities() if model.damage else abilities(str(model.path))
    return asdict(found)


def _epochs(model: ModelInfo) -> list[dict[str, Any]]:
    """Return the epochs of which there is a model, with their held-out figure."""
    if not model.epochs:
        return []
    rows = {row["epoch"]: row for row in history(model.name.partition("@")[0])}
    costs = {n: _cost(rows.get(n, {})) for n in model.epochs}
    best = min((n for n in costs if costs[n] is not None), key=lambda n: costs[n], default=None)
    return [{"epoch": n, "valid": costs[n], "best": n == best} for n in model.epochs]


def _cost(row: dict[str, Any]) -> Any:
    cost = row.get("valid_nats")
    return row.get("distance") if cost is None else cost
