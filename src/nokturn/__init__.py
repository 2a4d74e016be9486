"""Nokturn learns from written music and composes new music, offline, on a laptop.

    import nokturn

    tunes = nokturn.generate(key="Ador", meter="6/8", n=4, seed=7)
    tunes                                     # in a notebook: score, piano roll and player of each
    nokturn.save(tunes[2], "jig.abc", "jig.mid", "jig.wav")
    nokturn.load("mytune.mid")[0]

The verbs have the names and defaults of the commands. What cannot be done raises `nokturn.Error`,
whose ``hint`` says what to do now. Importing this costs next to nothing: each name brings in what
it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nokturn.errors import Error
    from nokturn.music.piece import Piece
    from nokturn.music.score import Score
    from nokturn.music.sheet import Sheet
    from nokturn.notebook import (
        Pieces,
        ShownPiece,
        ShownTrack,
        convert,
        evaluate,
        generate,
        harmonise,
        interpolate,
        load,
        lofi,
        perform,
        rhythm,
        save,
        train,
        vary,
    )
    from nokturn.workflows.doctor import doctor
    from nokturn.workflows.encode import encode
    from nokturn.workflows.info import info
    from nokturn.workflows.mix import mix
    from nokturn.workflows.originality import originality

__all__ = [
    "Error",
    "Piece",
    "Pieces",
    "Score",
    "Sheet",
    "ShownPiece",
    "ShownTrack",
    "convert",
    "doctor",
    "encode",
    "evaluate",
    "generate",
    "harmonise",
    "info",
    "interpolate",
    "load",
    "lofi",
    "mix",
    "originality",
    "perform",
    "rhythm",
    "save",
    "train",
    "vary",
]

_HOMES = {
    "Error": "nokturn.errors",
    "Piece": "nokturn.music.piece",
    "Score": "nokturn.music.score",
    "Sheet": "nokturn.music.sheet",
    "doctor": "nokturn.workflows.doctor",
    "encode": "nokturn.workflows.encode",
    "info": "nokturn.workflows.info",
    "mix": "nokturn.workflows.mix",
    "originality": "nokturn.workflows.originality",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nokturn' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "nokturn.notebook")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
