"""Doctor: is everything here that Nokturn needs, and does it work together?

    for check in doctor(): print(check.name, check.said)

The last checks read a small tune, write it in every format, engrave it and play it. What is
optional and missing is said, and is no failure.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from nokturn.formats.base import loads
from nokturn.music.piece import Piece
from nokturn.training.runs import home
from nokturn.workflows.models import list_models
from nokturn.workflows.save import KINDS, Kind

# Two bars in which a tie, an accidental, a repeat and a triplet must survive.
TUNE = b"X:1\nT:Self-test\nM:6/8\nL:1/8\nQ:3/8=120\nK:Ador\n|:A2B c>dc|(3efg ^f e3-|e6:|\n"
NEEDED = (
    "click", "mido", "numpy", "pydantic", "resvg-py", "safetensors", "soundfile", "symusic",
    "torch", "verovio",
)  # fmt: skip
OPTIONAL = {
    "music21": "for the tune books of `nokturn train`: pip install 'nokturn[corpora]'",
    "tensorboard": "for training curves in TensorBoard: pip install 'nokturn[tensorboard]'",
    "pyfluidsynth": "for sound by your own SoundFont: pip install 'nokturn[fluidsynth]'",
}


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes
    ----------
    said
        What was found, in a line.
    works
        False for a failure; None where it is missing and optional.
    """

    name: str
    said: str
    works: bool | None = True


def doctor() -> Iterator[Check]:
    """Yield one check after another; none raises. It takes a few seconds."""
    yield Check("nokturn", metadata.version("nokturn"))
    yield Check("python", f"{platform.python_version()} ({sys.executable})")
    yield Check("system", f"{platform.platform()}, {os.cpu_count()} cores")
    yield from map(_needed, NEEDED)
    yield from (_optional(name, why) for name, why in OPTIONAL.items())
    yield _device()
    yield from _folders()
    yield from _models()
    yield from _self_test()


def _needed(name: str) -> Check:
    try:
        return Check(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, f"missing: pip install {name}", works=False)


def _optional(name: str, why: str) -> Check:
    try:
        return Check(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, f"not installed; {why}", works=None)


def _device() -> Check:
    if importlib.util.find_spec("torch") is None:
        return Check("device", "torch is missing", works=False)
    import torch

    if torch.cuda.is_available():
        return Check("device", f"cuda ({torch.cuda.get_device_name()})")
    return Check("device", f"cpu, {torch.get_num_threads()} threads")


def _folders() -> Iterator[Check]:
    for name, folder in (("home", home()), ("here", Path.cwd())):
        yield _tried(name, partial(_writable, folder))


def _writable(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"test")
    free = shutil.disk_usage(folder).free
    return f"{folder} can be written, {free / 1e9:.1f} GB free"


def _models() -> Iterator[Check]:
    found = list_models()
    for model in found:
        yield Check("model", f"{model.name}: {model.said}", works=not model.damage)
    if not found:
        yield Check("model", "none, not even the one that comes with Nokturn", works=False)


def _self_test() -> Iterator[Check]:
    """Take a tune along every road."""
    read: list[Piece] = []

    def reading() -> str:
        read.extend(loads(TUNE, source="self-test", strict=True))
        return f"{read[0].score.note_count} notes"

    yield _tried("read", reading)
    if read:
        for ending in (".abc", ".mid", ".musicxml", ".svg", ".png", ".roll.png", ".wav", ".mp3"):
            yield _tried(f"write {ending[1:]}", partial(_written, KINDS[ending], read))


def _written(kind: Kind, pieces: list[Piece]) -> str:
    return f"{len(kind.dumps(pieces)):,} bytes"


def _tried(name: str, work: Callable[[], str]) -> Check:
    """Return a check of something that may fail in any way: this is where that is looked for."""
    try:
        return Check(name, work())
    except Exception as error:
        return Check(name, f"{type(error).__name__}: {error}", works=False)
