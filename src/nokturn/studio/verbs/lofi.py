"""Make a lo-fi track: notes at once, then its beginning to be heard, then all of its sound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.verbs._made import made
from nokturn.studio.verbs.lofi_desk import checked
from nokturn.workflows import lofi as workflow
from nokturn.workflows.lofi_console import (
    Console,
    keep_opening,
    opening,
)
from nokturn.workflows.lofi_room import folder_of, forget_old


def warm() -> None:
    """Have the code and the models of melodies ready."""
    workflow.lofi(seed=1, minutes=0.1)


def run(
    talk: Talk,
    *,
    preset: str,
    settings: dict[str, Any],
    seed: int | None,
    model: str,
    source: str,
    parent: str,
    recipe: dict[str, Any] | None,
    cache: str,
) -> dict[str, Any]:
    """Make a track, or with a recipe the sound of one that is in the library.

    Says ``made``, ``opening`` when its beginning can be heard, and progress.
    """
    if recipe is None:
        track = workflow.lofi(source, preset=preset, model=model, seed=seed, **checked(settings))
        (track.piece.recipe or {})["source"] = Path(source).name  # where it lies is nobody's matter
        talk.say("made", variation=0, **made(track.piece, kind="lofi", parent=parent))
    else:
        checked(recipe.get("settings", {}), str(recipe.get("from", "")))
        track = workflow.remade(recipe, source)
    track.check()
    folder = folder_of(Path(cache), recipe or track.piece.recipe or {})
    progress = _Progress(talk)
    progress(0.05, "opening")
    first = opening(track)
    if first is not None:
        talk.say("opening", seconds=keep_opening(folder, track, first))
    Console.laid(track, folder, lambda done, text: progress(0.25 + 0.75 * done, text))
    forget_old(Path(cache))
    return {}


class _Progress:
    """Tells how far the work is, and how long it will still take at this pace."""

    def __init__(self, talk: Talk) -> None:
        self._talk, self._begun = talk, time.monotonic()

    def __call__(self, done: float, text: str) -> None:
        spent = time.monotonic() - self._begun
        self._talk.progress(done, text, round(spent / done * (1 - done), 1))
