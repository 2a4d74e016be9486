"""What the lo-fi screen asks for at once: presets, mixes, exports, the next section, a drum."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nokturn.errors import UsageError
from nokturn.studio._shelf import plain
from nokturn.studio._worker import Talk
from nokturn.studio.arguments import MODEL
from nokturn.studio.problems import MissingError
from nokturn.studio.sentences import coded
from nokturn.workflows import lofi_presets
from nokturn.workflows.lofi import settings_of
from nokturn.workflows.lofi_console import Console
from nokturn.workflows.lofi_room import folder_of, forget_old
from nokturn.workflows.lofi_stream import block_of
from nokturn.writing import write_whole

OPENING = "opening"


def run(talk: Talk, *, action: str, **arguments: Any) -> Any:
    """Do one of `ACTIONS`."""
    return ACTIONS[action](**arguments)


def checked(settings: Mapping[str, Any], model: str = "") -> dict[str, Any]:
    """Return settings that name no file of this computer, as a request may have them.

    Raises `UsageError` for others.
    """
    ways = lofi_presets.choices()["settings"]["rhythm"]["choices"]
    if settings.get("rhythm", "") not in ways:
        raise UsageError("Rhythms of files are for the command line.", f"Choose: {', '.join(ways)}")
    if model and not re.fullmatch(MODEL, model):
        raise UsageError("Models of files are for the command line.", "Choose one of the list.")
    return dict(settings)


def check(preset: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a track would be made with."""
    chosen, _ = settings_of(preset, (), checked(settings))
    return chosen.model_dump()


def presets(folder: str) -> list[dict[str, Any]]:
    """Return built-in presets and those in a folder."""
    return [coded(row, "problem") for row in lofi_presets.presets(Path(folder))]


def keep_preset(folder: str, title: str, settings: dict[str, Any], text: str) -> dict[str, Any]:
    """Write a preset of one's own, from settings or from a text in TOML."""
    wanted = lofi_presets.read_preset(text) if text else settings
    chosen, _ = settings_of("dusty", (), checked(wanted))
    Path(folder).mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", plain(title)).strip("-")[:48] or "preset"
    taken = {row["name"] for row in lofi_presets.presets(Path(folder)) if row["built_in"]}
    name = f"{name}-mine" if name in taken else name
    path = Path(folder) / f"{name}.toml"
    write_whole(path, lofi_presets.preset_text(title, chosen).encode())
    return next(row for row in presets(folder) if row["name"] == name and not row["built_in"])


def track(cache: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return what a mixer needs to know of a track; ``ready`` is false where it has no sound."""
    folder = folder_of(Path(cache), recipe)
    told = {"settings": recipe.get("settings"), "seed": recipe.get("seed")}
    if not (folder / "console.json").exists():
        return told | {"ready": False, "opening": (folder / "opening.wav").exists()}
    console = Console(folder)
    rest = {key: value for key, value in console.told.items() if key not in ("recipe", "mix")}
    return told | rest | {"ready": True, "mix": _mix(console, console.told["mix"])}


def mix(cache: str, recipe: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Mix a track again."""
    console = Console(folder_of(Path(cache), recipe))
    key = console.mixed(changes)
    forget_old(Path(cache))
    return _mix(console, key)


def _mix(console: Console, key: str) -> dict[str, Any]:
    path, told = console.mix(key)
    return {"key": key, "gain_db": told["gain_db"], "bytes": path.stat().st_size}


def sizes(cache: str, recipe: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return what can be taken of a mix."""
    return Console(folder_of(Path(cache), recipe)).sizes(key)


def taken(
    cache: str, recipe: dict[str, Any], kind: str, key: str, bars: int, source: str
) -> dict[str, Any]:
    """Return path and name of an export."""
    console = Console(folder_of(Path(cache), recipe))
    path = console.taken(kind, key, bars=bars, source=source)
    forget_old(Path(cache))
    return {"path": str(path), "name": console.name(kind, bars)}


def file(cache: str, recipe: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the path of a stem by its name, or of the opening."""
    folder = folder_of(Path(cache), recipe)
    if name == OPENING:
        if not (folder / "opening.wav").exists():
            raise MissingError("This track has no opening.", "Make its sound again.")
        return {"path": str(folder / "opening.wav")}
    rows = {row["name"]: row["file"] for row in Console(folder).told["stems"]}
    if name not in rows:
        raise UsageError(f"There is no stem {name[:40]!r}.", f"There are: {', '.join(rows)}.")
    return {"path": str(folder / rows[name])}


def section(
    cache: str, stream: str, number: int, preset: str, settings: dict[str, Any], seed: int
) -> dict[str, Any]:
    """Return the next section of an endless track as WAV."""
    chosen, _ = settings_of(preset, (), checked(settings))
    folder = Path(cache) / "lofi-endless"
    if number and not (folder / f"{stream}-{number}.npz").exists():
        raise MissingError("This endless track was put away.", "Begin it again.")
    sound, name = block_of(folder, stream, number, chosen, seed)
    return {"wav": lofi_presets.wav(sound), "name": name, "samples": len(sound)}


ACTIONS: dict[str, Callable[..., Any]] = {
    "check": check,
    "choices": lofi_presets.choices,
    "drum": lofi_presets.drum_sound,
    "euclid": lofi_presets.euclid,
    "file": file,
    "keep_preset": keep_preset,
    "mix": mix,
    "presets": presets,
    "section": section,
    "sizes": sizes,
    "taken": taken,
    "track": track,
}
