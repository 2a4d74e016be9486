"""Models: what there is to compose with, where it lies, and how to be rid of it.

    for model in list_models(): print(model.name, model.card.get("licence"))

A damaged model is listed with what is wrong with it; it never hides the others.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nokturn.errors import ModelError, UsageError
from nokturn.models._file import ModelFile
from nokturn.training import runs
from nokturn.workflows.save import check_free
from nokturn.writing import write_whole

DEFAULT = "folk"
MAX_MODEL_BYTES = 2 << 30


@dataclass(frozen=True)
class ModelInfo:
    """A model and what its file tells.

    Attributes
    ----------
    path
        Its file.
    modified
        ISO 8601, in UTC.
    built_in
        It came with Nokturn.
    default
        `nokturn generate` takes it when none is named.
    epochs
        Epochs of its training of which there is a model, for ``name@30``.
    damage
        Why it cannot be used; empty = it can.
    """

    name: str
    path: Path
    bytes: int
    modified: str
    built_in: bool
    default: bool
    epochs: tuple[int, ...] = ()
    model: str = ""
    parameters: int = 0
    encoding: str = ""
    sha256: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    damage: str = ""

    @property
    def said(self) -> str:
        """The model in a line."""
        if self.damage:
            return self.damage
        return f"{self.model}, {self.parameters:,} weights, {self.encoding}, {self.bytes:,} bytes"


def default_model() -> str:
    """Return the name of the model taken when none is named: ``NOKTURN_MODEL``, else ``folk``."""
    return os.environ.get("NOKTURN_MODEL") or DEFAULT


def list_models() -> list[ModelInfo]:
    """Return all models: built in, finished, and trainings that have got somewhere."""
    return [_told(name, path) for name, path in runs.models().items()]


def show_model(name: str) -> ModelInfo:
    """Return one model by name, ``name@epoch`` or path; raises `ModelError` if it is damaged."""
    told = _told(name, runs.resolve(name))
    if told.damage:
        raise ModelError(told.damage, "Train it again, or take another: nokturn models list")
    return told


def _told(name: str, path: Path) -> ModelInfo:
    seen = path.stat()
    base = name.partition("@")[0]
    known: dict[str, Any] = {
        "name": name,
        "path": path.absolute(),
        "bytes": seen.st_size,
        "modified": datetime.fromtimestamp(seen.st_mtime, UTC).isoformat(timespec="seconds"),
        "built_in": path.parent == runs.BUILT_IN,
        "default": name == default_model(),
        "epochs": tuple(runs.Run.named(base).epochs()) if runs.NAME.fullmatch(base) else (),
    }
    try:
        file = ModelFile.load(path)
    except ModelError as error:
        return ModelInfo(**known, damage=str(error))
    return ModelInfo(
        **known,
        model=type(file.model).__module__.rpartition(".")[2],
        parameters=sum(array.size for array in file.model.weights.values()),
        encoding=file.encoding,
        sha256=file.sha256,
        card=file.card,
    )


@dataclass(frozen=True)
class Abilities:
    """What a model can be asked for.

    Attributes
    ----------
    writes_abc
        It writes tunes that are held to be right: key, meter and number of bars can be asked for.
    keys, meters
        Those it knows, frequent ones first; empty where none can be asked for.
    """

    writes_abc: bool = False
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()


METERS = ("4/4", "6/8", "3/4", "2/4", "9/8", "12/8", "2/2", "3/8", "3/2")


def abilities(name: str) -> Abilities:
    """Return what a model can be asked for; raises `ModelError` where it cannot be used."""
    file = ModelFile.load(runs.resolve(name))
    text = file.encoding == "abc_text"
    if file.encoding_settings.get("plain") or not (text or file.encoding == "abc_tokens"):
        return Abilities()
    symbols = set(file.vocabulary)
    meters = [m for m in METERS if text or {f"M:{m}\n", f"M:{_SIGNS.get(m, m)}\n"} & symbols]
    told = file.card.get("keys")
    counts: dict[str, int] = told if isinstance(told, dict) else {}
    keys = sorted(counts, key=lambda key: -counts[key])
    return Abilities(True, tuple(keys), tuple(meters))


_SIGNS = {"4/4": "C", "2/2": "C|"}


def history(name: str) -> list[dict[str, Any]]:
    """Return the reports of a training, one row an epoch, of which there is a model or not."""
    return runs.read_rows(runs.Run.named(name).metrics)


def import_model(path: str | Path, name: str = "") -> ModelInfo:
    """Take in a model file under a name; it is read, checked and written anew.

    Parameters
    ----------
    path
        A model file, from anyone.
    name
        Empty = that of the file.

    Raises
    ------
    ModelError
        It is damaged, hostile or of another version.
    UsageError
        There is a model of that name.
    """
    source = Path(path)
    name = runs.checked(name or source.stem)
    if name in runs.models():
        raise UsageError(f"There is a model named {name} already.", "Give it another name.")
    try:
        size = source.stat().st_size
    except OSError as error:
        raise ModelError(f"cannot read {source}: {error.strerror}.", "Check the name.") from error
    if size > MAX_MODEL_BYTES:
        raise ModelError(f"{source} has {size:,} bytes.", f"{MAX_MODEL_BYTES:,} at most.")
    ModelFile.load(source)
    target = runs.published(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, source.read_bytes())
    return _told(name, target)


def export_model(name: str, path: str | Path, *, force: bool = False) -> Path:
    """Write a model's file to a path, for somebody else or another machine.

    Raises
    ------
    ModelError
        There is none of that name, or it is damaged.
    UsageError
        The file exists already.
    """
    told = show_model(name)
    target = Path(path)
    if target.is_dir():
        target /= f"{name.replace('@', '-')}{runs.ENDING}"
    check_free(target, force=force)
    write_whole(target, told.path.read_bytes())
    return target.absolute()


def remove_model(name: str, *, run: bool = False) -> list[Path]:
    """Delete a finished model, and with ``run`` its training too; return what was deleted.

    Raises
    ------
    UsageError
        It is built in, or exists only as a training and ``run`` does not say that it may go.
    ModelError
        There is none of that name.
    """
    if "@" in name:
        raise UsageError(f"{name} is one epoch of a training.", "Remove the whole: leave out @.")
    found = runs.resolve(name)
    finished, training = runs.published(name), runs.Run.named(name).folder
    doomed = [path for path in (finished,) if path.exists()]
    doomed += [training] if run and training.exists() else []
    if not doomed and found.parent == runs.BUILT_IN:
        raise UsageError(f"{name} comes with Nokturn and stays.")
    if not doomed:
        raise UsageError(
            f"{name} is a training without a finished model.",
            f"To delete the training:  nokturn models rm {name} --run",
        )
    for path in doomed:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return doomed
