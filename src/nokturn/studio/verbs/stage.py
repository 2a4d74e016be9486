"""Make a piece ready for a screen: the notes, bars and tracks of its roll, score and text."""

from __future__ import annotations

from typing import Any

from nokturn.music.pitch import SEMITONES
from nokturn.studio._worker import Talk
from nokturn.studio.verbs._opened import opened
from nokturn.workflows.stage import Staged, stage


def run(talk: Talk | None, *, path: str, title: str) -> dict[str, Any]:
    """Return a piece as the page takes it."""
    piece = opened(path, title)
    staged = stage(piece)
    key = piece.sheet.key
    tonic = key.tonic_class if key.name != "no key" else None
    return {
        "title": staged.title, "key": staged.key, "meter": staged.meter,
        "tempo_qpm": staged.tempo, "seconds": staged.seconds,
        "bars_count": sum(bar["number"] > 0 for bar in staged.bars),
        "tracks": [
            {**{k: track[k] for k in ("name", "program", "instrument", "drums")},
             "low": track["lowest"], "high": track["highest"]}
            for track in staged.tracks
        ],
        "notes": notes_of(staged),
        "bars": [
            {"number": bar["number"], "start_s": bar["start_s"], "end_s": bar["end_s"],
             "start_q": bar["start_quarters"], "end_q": bar["end_quarters"],
             "meter": bar["meter"], "svg": bar["ids"]}
            for bar in staged.bars
        ],
        "tempos": staged.tempos, "keys": staged.keys, "meters": staged.meters,
        "text": {"abc": staged.abc or None, "places": staged.abc_places},
        "recipe": piece.recipe,
        "tonic": tonic,
        "scale": _scale(key.alters) if tonic is not None else [True] * 12,
    }  # fmt: skip


def notes_of(staged: Staged) -> dict[str, list[Any]]:
    """Return the notes as columns."""
    columns = staged.notes
    ends = [
        round(start + length, 5)
        for start, length in zip(columns["onset_s"], columns["duration_s"], strict=True)
    ]
    same = ("track", "pitch", "name", "velocity", "bar", "beat", "events")
    return {
        "start_s": columns["onset_s"], "end_s": ends,
        "onset_q": columns["onset_quarters"], "duration_q": columns["duration_quarters"],
        "svg": columns["ids"], **{name: columns[name] for name in same},
    }  # fmt: skip


def _scale(alters: tuple[int, ...]) -> list[bool]:
    """Return which of the twelve pitch classes a signature has."""
    classes = {(SEMITONES[step] + alter) % 12 for step, alter in enumerate(alters)}
    return [number in classes for number in range(12)]
