"""Presets: lo-fi settings as people choose, keep and share them.

    presets(folder)             built in, and those of one's own in a folder
    choices()                   every setting: what it may be, and where it is heard
    preset_text("Mine", chosen) TOML that `nokturn lofi --preset mine.toml` takes

A preset that was read is checked; what it holds is never more than settings.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import Error, InputError
from nokturn.production import bass, comping
from nokturn.production.drum_styles import STYLES
from nokturn.production.grooves import groove_names
from nokturn.production.lofi import METERS, STRIPS, Lofi
from nokturn.rendering.audio.drums import KITS, drum_of, hit
from nokturn.rendering.audio.files import audio_bytes
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.synth import INSTRUMENTS
from nokturn.rhythms.euclid import pattern
from nokturn.settings import build, read_recipe
from nokturn.workflows.lofi import PRESETS, settings_of

KEYS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B", "Cm", "C#m", "Dm", "Ebm",
        "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm")  # fmt: skip
LAYER_DRUMS = (36, 38, 37, 39, 42, 46, 51, 70, 54, 56, 75, 76, 62, 64, 81)
"""General MIDI pitches that are offered for layers."""


def presets(folder: Path | None = None) -> list[dict[str, Any]]:
    """Return the presets: name, title, about, built_in, settings, and problem where it is none.

    Parameters
    ----------
    folder
        Where those of one's own lie; it need not exist.
    """
    rows = [_told(path, True) for path in sorted(PRESETS.glob("*.toml"))]
    own = sorted(folder.glob("*.toml")) if folder and folder.is_dir() else []
    return rows + [_told(path, False) for path in own]


def _told(path: Path, built_in: bool) -> dict[str, Any]:
    problem = ""
    settings: dict[str, Any] = {}
    about = ""
    try:
        about = _about(path.read_text(encoding="utf-8"))
        settings = read_recipe(path)
        settings_of("dusty", (), settings)
    except (Error, OSError, UnicodeDecodeError) as error:
        problem, settings = str(error), {}
    named = path.stem.replace("-", " ").capitalize()
    title = named if built_in else about or named
    return {"name": path.stem, "title": title, "about": about, "built_in": built_in,
            "settings": settings, "problem": problem}  # fmt: skip


def _about(text: str) -> str:
    """Return the comment that a preset opens with."""
    first = text.partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def read_preset(text: str) -> dict[str, Any]:
    """Return the settings that a text in TOML holds.

    Raises
    ------
    InputError, UsageError
        It is no TOML; a setting that there is not, or a value out of range.
    """
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"this is no preset: {error}.", "A preset is a file in TOML.") from error
    settings_of("dusty", (), settings)
    return settings


def preset_text(title: str, settings: Lofi | Mapping[str, Any]) -> str:
    """Return settings as TOML: those that are not as usual.

    Raises `UsageError` where a value is out of range.
    """
    chosen = settings if isinstance(settings, Lofi) else build(Lofi, settings, "lofi")
    table = chosen.model_dump(exclude_defaults=True)
    strips = table.pop("strips", {})
    lines = ["# " + " ".join(title.split())]
    lines += _lines(table)
    for name, strip in strips.items():
        lines += ["", f"[strips.{name}]", *_lines(strip)]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    # of words, numbers, truths and lists JSON is TOML
    yield from (
        f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in table.items()
    )


def choices() -> dict[str, Any]:
    """Return every setting by name: kind, range or choices, and what is usual; and the strips."""
    named = {
        "key": ["", *KEYS], "meter": METERS, "chords": sorted(INSTRUMENTS),
        "bass": sorted(INSTRUMENTS), "lead": sorted(INSTRUMENTS), "drums": list(STYLES),
        "kit": list(KITS), "groove": ["", *groove_names()], "comping": ["", *comping.STYLES],
        "bassline": ["", *bass.STYLES], "rhythm": ["", "euclid", "cells", "metrical", "network"],
    }  # fmt: skip
    rows = {}
    for name, told in Lofi.model_json_schema()["properties"].items():
        if name == "strips":
            continue
        told = next((way for way in told.get("anyOf", ()) if "type" in way), {}) | told
        offered = [*named.get(name, told.get("enum", ()))]
        rows[name] = {
            "kind": "choice" if offered else told["type"], "choices": offered,
            "low": told.get("minimum"), "high": told.get("maximum"), "usual": told.get("default"),
        }  # fmt: skip
    drums = [{"pitch": pitch, "name": drum_of(pitch).name} for pitch in LAYER_DRUMS]
    return {"settings": rows, "strips": list(STRIPS), "drums": drums}


def euclid(pulses: int, steps: int, rotate: int = 0) -> list[bool]:
    """Return the steps of a Euclidean rhythm that are played; see `nokturn.rhythms.euclid`."""
    return pattern(min(pulses, steps), steps, rotate)


def drum_sound(pitch: int, kit: str) -> bytes:
    """Return one stroke of a drum as WAV; `UsageError` where there is no such kit."""
    stroke = hit(pitch, velocity=90, sample_rate=SAMPLE_RATE, kit=kit)
    peak = float(np.abs(stroke).max()) or 1.0
    stroke = stroke * np.float32(min(1.0, 0.9 / peak))
    return audio_bytes(np.ascontiguousarray(np.atleast_2d(stroke).T, np.float32), "wav")


def wav(frames: NDArray[np.int16]) -> bytes:
    """Return samples (n, 2) as a WAV file."""
    return audio_bytes(frames, "wav")
