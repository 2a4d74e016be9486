"""Console: a lo-fi track laid out in a folder, to be heard, mixed again and taken away.

    console = Console.laid(track, folder)                     stems and mix, as WAV
    key = Console(folder).mixed({"strips": {"rain": {"gain_db": -6}}, "tone_hz": 7000})
    path = Console(folder).taken("mp3", key)

The first mix is made from the stems as they are computed and is what `nokturn lofi` writes. Later
mixes are made from the stems in the folder, which hold 16 bits: they differ from those of a track
that is made with the same faders by noise 55 dB below it. Stems lie there as if no fader had been
moved.
"""

from __future__ import annotations

import hashlib
import json
import wave
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, UsageError, did_you_mean
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.production.lofi import Lofi, meter_of
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.files import FORMS, audio_bytes
from nokturn.rendering.audio.loudness import integrated
from nokturn.rendering.audio.master import LUFS, mastered
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.stems import faded, summed
from nokturn.settings import build
from nokturn.workflows.lofi import Track, faders_of, final, master_of, remade, stems_of
from nokturn.workflows.lofi_presets import preset_text
from nokturn.workflows.lofi_room import TOLD, used
from nokturn.workflows.lofi_stream import cut
from nokturn.workflows.outputs import safe_name
from nokturn.workflows.save import kind_named
from nokturn.writing import appearing, write_whole

MIXED = ("strips", "tone_hz", "wow", "saturation", "width")  # settings that stems do not depend on
LEVEL_HZ = 20  # how often a stem's level is told
SOFTEST_DB = -80
OPENING_S, OPENING_PART = 16.0, 0.1  # of a track that are heard first: seconds, share of the whole
KINDS = ("wav", "mp3", "flac", "ogg", "stems", "loop", "mid", "toml")
LOOP_BARS = 8
TO_MAKE = {"mp3": 0.025, "ogg": 0.01, "flac": 0.002, "stems": 0.015, "loop": 0.01}
"""Seconds that a kind takes for a second of the track."""
EPOCH = (1980, 1, 1, 0, 0, 0)  # of files in an archive: the same bytes each time
Said = Callable[[float, str], None]
Frames = NDArray[np.float32] | NDArray[np.int16]


class Console:
    """A track in a folder.

    Attributes
    ----------
    told
        What a mixer needs to know: ``samples``, ``rate``, ``recipe``, ``stems`` (name, file, bytes
        and levels in dB, twenty a second), ``mix`` (the key of the first one).

    Raises `InputError` where there is no track in the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.told: dict[str, Any] = json.loads((folder / TOLD).read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(
                "the sound of this track is no longer here.", "Make its sound again."
            ) from error
        used(folder / TOLD)

    @classmethod
    def laid(cls, track: Track, folder: Path, said: Said = lambda done, text: None) -> Console:
        """Make a track's sound and lay it out; ``said`` hears how far that is, 0-1.

        Raises `ResourceError` where memory or disk do not suffice.
        """
        folder.mkdir(parents=True, exist_ok=True)
        said(0.1, "playing the instruments")
        parts = track.plain_stems()
        rows = []
        for nth, (name, stem) in enumerate(parts.items()):
            said(0.5 + 0.1 * nth / len(parts), "laying out the stems")
            rows.append(_laid_stem(folder, name, stem))
        said(0.6, "mixing")
        told = {
            "title": track.piece.title, "recipe": track.piece.recipe, "rate": SAMPLE_RATE,
            "samples": next(iter(parts.values())).shape[1], "stems": rows,
            "mix": _key(track.settings), "key": str(track.piece.score.keys[0][1]),
        }  # fmt: skip
        _keep_mix(folder, track.piece, track.settings, parts.items(), track.seed)
        write_whole(folder / TOLD, json.dumps(told).encode(), lasting=False)
        said(1.0, "")
        return cls(folder)

    @property
    def settings(self) -> Lofi:
        """The settings of the track."""
        return build(Lofi, self.told["recipe"]["settings"], "lofi")

    @property
    def seed(self) -> int:
        """What makes the track again."""
        return int(self.told["recipe"]["seed"])

    def stem(self, name: str) -> Signal:
        """Return a stem as it lies in the folder, (2, samples)."""
        row = next((row for row in self.told["stems"] if row["name"] == name), None)
        if row is None:
            known = [row["name"] for row in self.told["stems"]]
            raise UsageError(f"There is no stem {name!r}.", did_you_mean(name, known))
        return _read(self.folder / row["file"])

    def with_changes(self, changes: Mapping[str, Any]) -> Lofi:
        """Return the settings with those of the mixer changed; `UsageError` for any others."""
        for name in changes:
            if name not in MIXED:
                raise UsageError(
                    f"{name} is heard in the instruments, not at the mixer.", "Make the track anew."
                )
        return build(Lofi, self.told["recipe"]["settings"] | dict(changes), "lofi")

    def mixed(self, changes: Mapping[str, Any]) -> str:
        """Return the key of the mix with settings of `MIXED` changed; made where it is missing."""
        chosen = self.with_changes(changes)
        key = _key(chosen)
        if not (self.folder / f"mix-{key}.json").exists():
            names = [row["name"] for row in self.told["stems"]]
            parts = ((name, self.stem(name)) for name in names)
            _keep_mix(self.folder, self._piece(chosen), chosen, parts, self.seed)
        return key

    def mix(self, key: str) -> tuple[Path, dict[str, Any]]:
        """Return the file of a mix and what is known of it: ``settings``, ``gain_db``.

        ``gain_db`` is by how much the master has raised it.

        Raises `InputError` where there is none of that key.
        """
        told = self.folder / f"mix-{key}.json"
        if not key.isalnum() or not told.exists():
            raise InputError("this mix is no longer here.", "Mix it again.")
        used(told)
        return told.with_suffix(".wav"), json.loads(told.read_bytes())

    def taken(
        self, kind: str, key: str = "", *, bars: int = LOOP_BARS, source: str | Path = ""
    ) -> Path:
        """Return the file of an export, which is made where it is missing.

        Parameters
        ----------
        kind
            Of `KINDS`.
        key
            Of the mix; empty = the first one.
        bars
            Of a loop.
        source
            What the track was made from, where it was made from a file.

        Raises
        ------
        UsageError, InputError
            There is no such kind or mix.
        """
        if kind not in KINDS:
            raise UsageError(f"A track cannot be taken as {kind!r}.", did_you_mean(kind, KINDS))
        file, told = self.mix(key or self.told["mix"])
        if kind == "wav":
            return file
        number = f"-{bars}" if kind == "loop" else ""
        path = self.folder / f"{file.stem}-{kind}{number}"
        if path.exists():
            used(path)
        else:
            chosen = build(Lofi, told["settings"], "lofi")
            if kind == "stems":
                self._zip(path, chosen, remade(self._piece(chosen).recipe or {}, source).piece)
            else:
                write_whole(path, self._made(kind, chosen, file, bars, source), lasting=False)
        return path

    def name(self, kind: str, bars: int = LOOP_BARS) -> str:
        """Return what an export is called: ``lofi-Fm-78bpm-s7.mp3``."""
        rest = {"stems": "-stems.zip", "loop": f"-loop{bars}.wav"}.get(kind, f".{kind}")
        return safe_name(f"lofi-{self.told['key']}-{self.settings.bpm:g}bpm-s{self.seed}{rest}")

    def sizes(self, key: str = "") -> list[dict[str, Any]]:
        """Return what can be taken of a mix.

        Returns
        -------
        ``kind``, ``name``, ``bytes`` (None = not made yet), ``about`` (how many they will be) and
        ``seconds_to_make``.
        """
        file, _ = self.mix(key or self.told["mix"])
        seconds = self.told["samples"] / SAMPLE_RATE
        loop_s = LOOP_BARS * meter_of(self.settings).bar_ticks / 480 * 60 / self.settings.bpm
        second = 4 * SAMPLE_RATE  # bytes of WAV
        about = {
            "wav": second * seconds, "flac": 0.42 * second * seconds, "mp3": 23_500 * seconds,
            "ogg": 17_000 * seconds, "stems": len(self.told["stems"]) * second * seconds,
            "loop": second * loop_s, "mid": 80 * seconds, "toml": 300,
        }  # fmt: skip
        rows = []
        for kind in KINDS:
            number = f"-{LOOP_BARS}" if kind == "loop" else ""
            path = file if kind == "wav" else self.folder / f"{file.stem}-{kind}{number}"
            there = path.exists()
            rows.append({
                "kind": kind, "name": self.name(kind),
                "bytes": path.stat().st_size if there else None, "about": round(about[kind]),
                "seconds_to_make": 0.0 if there else round(TO_MAKE.get(kind, 0.0) * seconds, 1),
            })  # fmt: skip
        return rows

    def _made(self, kind: str, chosen: Lofi, mix: Path, bars: int, source: str | Path) -> bytes:
        piece = self._piece(chosen)
        if kind == "toml":
            return preset_text(piece.title, chosen).encode()
        if kind in FORMS:
            return _sounding(_frames(mix), kind, piece)
        track = remade(piece.recipe or {}, source)
        if kind == "mid":
            return kind_named("mid").dumps([track.piece])
        _, sound = track.loop(bars)
        return _sounding(sound.T, "wav", piece)

    def _zip(self, path: Path, chosen: Lofi, piece: Piece) -> None:
        """Write stems as they stand at the faders, their notes and the recipe into an archive."""
        score, faders = piece.score, faders_of(chosen)
        with appearing(path, lasting=False) as file, zipfile.ZipFile(file, "w") as archive:
            names = [row["name"] for row in self.told["stems"]]
            heard = [name for name in names if name not in faders or faders[name].gain]
            for nth, name in enumerate(heard, 1):
                stem = faded({name: self.stem(name)}, faders)[name]
                stem_name = safe_name(f"{nth:02}-{name.lower().replace(' ', '-')}")
                sound = audio_bytes(stem.T, "wav", title=f"{piece.title}, {name}")
                archive.writestr(zipfile.ZipInfo(f"{stem_name}.wav", EPOCH), sound)
                notes = [track for track in score.tracks if track.name == name]
                if notes:
                    alone = Piece(replace(score, tracks=notes), title=f"{piece.title}, {name}")
                    data = kind_named("mid").dumps([alone])
                    archive.writestr(zipfile.ZipInfo(f"{stem_name}.mid", EPOCH), data)
            recipe = json.dumps(self._piece(chosen).recipe, indent=2, sort_keys=True, default=str)
            archive.writestr(zipfile.ZipInfo("recipe.json", EPOCH), recipe)

    def _piece(self, chosen: Lofi) -> Piece:
        """Return a piece without notes that has the title and the recipe of a mix."""
        recipe = self.told["recipe"]
        if chosen != self.settings:
            named = sorted({*recipe["named"], *MIXED})
            recipe = recipe | {"settings": chosen.model_dump(), "named": named}
        return Piece(Score([]), title=self.told["title"], source="lofi", recipe=recipe)


def opening(track: Track) -> Signal | None:
    """Return the first bars as they sound, mastered; None where the whole is made as quickly.

    It is what can be heard while the whole is made, from the same first sample.
    """
    score = track.piece.score
    whole = score.seconds(score.end)
    wanted = max(OPENING_S, OPENING_PART * whole)
    if whole < 1.5 * wanted:
        return None
    bar = int(score.main_meter()[1].bar_ticks)
    bars = next(k for k in range(score.end // bar + 1) if score.seconds(k * bar) >= wanted)
    parts = stems_of(cut(score, 0, bars * bar), track.settings, track.seed)
    return final(parts, track.settings, track.seed)


def keep_opening(folder: Path, track: Track, sound: Signal) -> float:
    """Lay the opening of a track into its folder; return its length in seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "opening.wav", _sounding(sound.T, "wav", track.piece), lasting=False)
    return float(sound.shape[1] / SAMPLE_RATE)


def _key(chosen: Lofi) -> str:
    """Return what tells a mix from others of its track."""
    told = json.dumps(chosen.model_dump(include={*MIXED}), sort_keys=True).encode()
    return hashlib.sha256(told).hexdigest()[:12]


def _laid_stem(folder: Path, name: str, stem: Signal) -> dict[str, Any]:
    data = audio_bytes(stem.T, "wav", title=name)
    file = f"stem-{safe_name(name.lower().replace(' ', '-'))}.wav"
    write_whole(folder / file, data, lasting=False)
    return {"name": name, "file": file, "bytes": len(data), "levels": _levels(stem)}


def _levels(stem: Signal) -> list[int]:
    """Return how loud a stem is, dB RMS of each twentieth of a second."""
    hop = SAMPLE_RATE // LEVEL_HZ
    count = stem.shape[1] // hop
    frames = stem[:, : count * hop].reshape(2, count, hop)
    energy = np.einsum("ckn,ckn->k", frames, frames) / (2 * hop)
    levels = 10 * np.log10(np.maximum(energy, 10 ** (SOFTEST_DB / 10)))
    return [round(level) for level in levels.tolist()]


def _keep_mix(
    folder: Path, piece: Piece, chosen: Lofi, parts: Iterable[tuple[str, Signal]], seed: int
) -> None:
    """Make a mix and write it down."""
    mix = summed(parts, faders_of(chosen))
    before = integrated(mix, SAMPLE_RATE) if mix.any() else LUFS
    sound = mastered(mix, SAMPLE_RATE, master_of(chosen), seed=seed)
    del mix  # half an hour of it is 600 MB
    key = _key(chosen)
    write_whole(folder / f"mix-{key}.wav", _sounding(sound.T, "wav", piece), lasting=False)
    told = {"settings": chosen.model_dump(), "gain_db": round(LUFS - before, 2)}
    write_whole(folder / f"mix-{key}.json", json.dumps(told).encode(), lasting=False)


def _sounding(frames: Frames, form: str, piece: Piece) -> bytes:
    """Return sound as a file with title, tempo and recipe in its tags."""
    recipe = piece.recipe or {}
    return audio_bytes(
        frames, form, title=piece.title, tempo_qpm=recipe["settings"]["bpm"],
        recipe=json.dumps(recipe, sort_keys=True),
    )  # fmt: skip


def _frames(path: Path) -> NDArray[np.int16]:
    """Return the samples of a WAV file of ours, (n, 2)."""
    with wave.open(str(path), "rb") as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, dtype="<i2").reshape(-1, 2)


def _read(path: Path) -> Signal:
    sound = np.ascontiguousarray(_frames(path).T, dtype=np.float32)
    sound /= np.float32(32767)
    return sound
