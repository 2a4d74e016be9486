"""Restore: the recipe inside a file that Nokturn wrote, and the piece that it makes again.

    recipe = restored("reel-7_Ador_4-4_180bpm.mp3")       {'model': 'folk', 'seed': 7, ...}
    piece = remade(recipe)

Every kind of file that is written brings its recipe along: text, scores, sound and pictures. A
recipe comes from a file, and a file from anywhere: it may only name models and presets, never
files. Music made from other music (a variation, a sample) needs that and is not made again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nokturn.errors import InputError
from nokturn.music.piece import Piece, recipe_of
from nokturn.production.lofi import Lofi
from nokturn.workflows.cut import cut
from nokturn.workflows.generate import generate
from nokturn.workflows.info import info
from nokturn.workflows.lofi import lofi
from nokturn.workflows.wishes import Composed

WISHES = {
    "key": str, "meter": str, "tempo": str, "bars": int, "temperature": float, "top_p": float,
    "top_k": int, "min_p": float, "threshold": str, "instrument": str,
}  # fmt: skip
OTHERS = ("source", "varied", "from", "to", "like", "rhythm")  # music that it was made from
LEARNED = ("rhythm", "groove")  # settings of a track that may be a file's
NAME = re.compile(r"[A-Za-z0-9][\w.+@-]{0,99}")  # of a model or preset: no path


def restored(path: str | Path) -> dict[str, Any]:
    """Return the recipe in a file: ABC, MIDI, MusicXML, sound, picture, or the recipe as JSON.

    Raises
    ------
    InputError
        It cannot be read, or holds none.
    """
    path = Path(path)
    recipe = _json(path) if path.suffix.lower() == ".json" else info(path).recipe
    if recipe is None:
        raise InputError(
            "it holds no recipe.",
            "Only files that Nokturn wrote have one, and some programs drop it when they save.",
            source=path.name,
        )
    return recipe


def _json(path: Path) -> dict[str, Any] | None:
    try:
        recipe = recipe_of(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("it cannot be read as a recipe.", source=path.name) from error
    return recipe if recipe and "model" in recipe else None


def remade(recipe: Mapping[str, Any]) -> Piece:
    """Return the piece that a recipe makes.

    It is the same piece where version and model are the same; the recipe tells both.

    Raises
    ------
    InputError
        It is no recipe of ours, or it needs other music.
    ModelError, UsageError
        Its model is not here, or a setting is out of range.
    """
    model, seed = recipe.get("model"), recipe.get("seed")
    if type(seed) is not int or not _named(model):
        raise InputError("this recipe names no model and seed.", "Compose anew instead.")
    if model == "lofi":
        return _remade_track(recipe, seed)
    primer = str(recipe.get("primer") or "")
    asked = [name for name in OTHERS if recipe.get(name)]
    text = "\n" in primer  # no file's name: those of several lines are never asked for
    if asked or not isinstance(recipe.get("sha256"), str) or (not text and _file(primer)):
        raise _needs_music()
    for event in generate(str(model), seed=seed, primer=primer, **_wishes(recipe)):
        if isinstance(event, Composed):
            return _part(event.piece, recipe.get("cut"))
    raise AssertionError("generate makes a piece or says why not")


def _wishes(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe asks of the model, each of the kind that it should be."""
    wishes = {name: recipe[name] for name in WISHES if recipe.get(name) is not None}
    for name, value in wishes.items():
        whole = type(value) is int and WISHES[name] is float
        if type(value) is not WISHES[name] and not whole:
            raise InputError(
                f"its {name} cannot be {str(value)[:40]!r}.",
                "The recipe was changed; compose anew.",
            )
    return wishes


def _remade_track(recipe: Mapping[str, Any], seed: int) -> Piece:
    preset, model, settings = (recipe.get(name) for name in ("preset", "from", "settings"))
    if recipe.get("source") or not _named(preset) or not isinstance(settings, dict):
        raise _needs_music()
    if (model and not _named(model)) or any(_file(settings.get(name)) for name in LEARNED):
        raise _needs_music()
    known = {name: value for name, value in settings.items() if name in Lofi.model_fields}
    track = lofi(preset=str(preset), model=str(model or ""), seed=seed, **known)
    return _part(track.piece, recipe.get("cut"))


def _part(piece: Piece, bars: Any) -> Piece:
    """Return the bars of a piece that a recipe says were cut from it."""
    if bars is None:
        return piece
    if not (isinstance(bars, list) and len(bars) == 2 and all(type(bar) is int for bar in bars)):
        raise InputError("this recipe names no bars to cut.", "Compose anew instead.")
    return cut(piece, *bars)


def _needs_music() -> InputError:
    return InputError(
        "this was made from other music, which is not in the recipe.",
        "Open the music it was made from, and make it again from there.",
    )


def _named(value: object) -> bool:
    """Whether something is the name of a model or preset, and no file's."""
    return isinstance(value, str) and NAME.fullmatch(value) is not None and not _file(value)


def _file(text: object) -> bool:
    """Whether a text could be understood as a file's name or standard input."""
    if not isinstance(text, str):
        return False
    return text == "-" or re.search(r"[/\\\n]|\.[A-Za-z]", text) is not None
