"""Compose pieces; each goes to the library as soon as it stands."""

from __future__ import annotations

from typing import Any

from nokturn.studio._worker import Talk
from nokturn.studio.verbs._made import made
from nokturn.workflows.generate import generate
from nokturn.workflows.wishes import Composed, Said


def warm() -> None:
    """Have the built-in model's code and files ready."""
    for _ in generate("folk", bars=1, seed=1):
        pass


def run(talk: Talk, *, primer_piece: str = "", primer_bars: int = 0, **wishes: Any) -> Any:
    """Compose; see `nokturn.workflows.generate.generate`."""
    primer = wishes.pop("primer")
    count = 0
    for event in generate(**wishes, primer=primer and primer + "\n"):  # a text, never a file's name
        if isinstance(event, Said):
            talk.say("notice", text=event.text)
        elif isinstance(event, Composed):
            talk.say("made", variation=count, **made(event.piece, kind="tune"))
            count += 1
            talk.progress(count / wishes["n"])
    return {}
