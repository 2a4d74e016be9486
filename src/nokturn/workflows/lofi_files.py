"""Write a lo-fi track: mix, stems, loop and MIDI.

    plan = planned(track, ["track.mp3", "track.mid", "loop.wav"], stems="stems", loop=8)
    for path in write(track, plan, bars=8): ...

Endings say what a file becomes. Sound is the mix, but for files with "loop" in their names, which
hold the loop where one is asked for; where none is named so, the loop stands beside the first file.
Every name is checked before the first sound is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nokturn.errors import ResourceError, UsageError
from nokturn.rendering.audio._cores import at_once
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.files import FORMS, audio_bytes
from nokturn.workflows.lofi import Track
from nokturn.workflows.outputs import safe_name
from nokturn.workflows.save import check_free, free_stem, kind_of
from nokturn.writing import write_whole

USUAL = (".mp3", ".mid")  # what is written where nothing is named


@dataclass(frozen=True)
class Plan:
    """Which file gets what."""

    mix: tuple[Path, ...]
    loop: tuple[Path, ...]
    score: tuple[Path, ...]  # MIDI, ABC, pictures ...
    stems: Path | None


def planned(
    track: Track,
    out: Sequence[str | Path] = (),
    *,
    stems: str | Path = "",
    loop: int = 0,
    force: bool = False,
) -> Plan:
    """Return which file gets what.

    Raises `UsageError` where a name means nothing or is taken, or its folder does not exist,
    `ResourceError` where there is not enough memory for what is asked for.
    """
    paths = [path for name in out or ["."] for path in _named(track, Path(name))]
    sound = [path for path in paths if _form(path)]
    loops = [path for path in sound if loop and "loop" in path.stem.lower()]
    if loop and not loops:
        loops = [paths[0].with_name(f"{paths[0].stem}-loop.wav")]
    plan = Plan(
        tuple(path for path in sound if path not in loops),
        tuple(loops),
        tuple(path for path in paths if not _form(path)),
        Path(stems) if stems else None,
    )
    for path in (*plan.mix, *plan.loop, *plan.score):
        kind_of(path)
        check_free(path, force=force)
    if plan.stems:
        _check_folder(plan.stems, force)
    if plan.stems or plan.mix:
        track.check()
    return plan


def _named(track: Track, path: Path) -> list[Path]:
    """Return a name as it is, or the usual names in a folder."""
    if not path.is_dir():
        return [path]
    stem = f"lofi-{track.piece.sheet.key}-{track.settings.bpm:g}-s{track.seed}"
    name = free_stem(path, safe_name(stem), USUAL)
    return [path / (name + ending) for ending in USUAL]


def _form(path: Path) -> str:
    """Return the form of a sound file; empty where it is none."""
    form = path.suffix[1:].lower()
    return form if form in FORMS else ""


def _check_folder(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; stems go into a folder.", "Choose another name.")
    if folder.is_dir() and any(folder.glob("*.wav")) and not force:
        raise UsageError(
            f"{folder} holds sounds already.", "Choose another folder, or write there with --force."
        )
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {folder.parent} does not exist.", "Make it first.")


def write(track: Track, plan: Plan, *, bars: int = 8) -> Iterator[Path]:
    """Write the files of a plan; yield the absolute path of each when it is whole.

    Parameters
    ----------
    bars
        Of the loop.
    """
    for path in plan.score:
        write_whole(path, kind_of(path).dumps([track.piece]))
        yield path.absolute()
    if plan.loop:
        _, sound = track.loop(bars)
        for path in plan.loop:
            yield _sounded(path, sound, track, "loop")
    jobs: list[tuple[Path, Signal, str]] = []
    if plan.mix:  # first: an MP3 takes as long as all stems, which are written meanwhile
        mix = track.mix()
        jobs += [(path, mix, "") for path in plan.mix]
    if plan.stems:
        _make(plan.stems)
        for name, stem in track.stems().items():
            path = plan.stems / f"{safe_name(name.lower().replace(' ', '-'))}.wav"
            jobs.append((path, stem, name))
    yield from at_once(lambda job: _sounded(job[0], job[1], track, job[2]), jobs)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ResourceError(f"cannot make {folder}: {error.strerror}.") from error


def _sounded(path: Path, sound: Signal, track: Track, part: str = "") -> Path:
    """Write sound with title, tempo and recipe in its tags."""
    data = audio_bytes(
        sound.T,
        _form(path),
        title=f"{track.piece.title}, {part}" if part else track.piece.title,
        tempo_qpm=track.settings.bpm,
        recipe=json.dumps(track.piece.recipe, sort_keys=True),
    )
    write_whole(path, data)
    return path.absolute()
