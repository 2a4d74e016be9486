"""Play a piece: each track as a file of sound, and the metronome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.verbs._opened import opened
from nokturn.workflows.sound import count_in, metronome, piece_stems, stem_bytes

CLICK, COUNT_IN = "click", "count-in"
RATE = 44_100


def run(talk: Talk | None, *, path: str, title: str, tempo: float, folder: str) -> dict[str, Any]:
    """Write the stems into a folder; return what lies there.

    The stems sum to the mix as it is exported; ``click`` and ``count-in`` are no part of it.
    """
    piece = opened(path, title)
    sounds = piece_stems(piece, tempo=tempo)
    length = max((sound.shape[1] for sound in sounds.values()), default=0)
    extra = {CLICK: metronome(piece, tempo=tempo), COUNT_IN: count_in(piece, tempo=tempo)}
    files = []
    for number, (name, sound) in enumerate([*sounds.items(), *extra.items()]):
        kind, data = stem_bytes(sound)
        file = f"{number}.{kind.removeprefix('audio/')}"
        (Path(folder) / file).write_bytes(data)
        part = number < len(sounds)
        seconds = round(sound.shape[1] / RATE, 6)
        files.append(
            {"name": name, "file": file, "type": kind, "bytes": len(data), "seconds": seconds,
             "part": part}
        )  # fmt: skip
    return {"seconds": length / RATE, "tempo": tempo, "rate": RATE, "files": files}
