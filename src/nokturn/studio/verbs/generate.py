"""Compose pieces; each goes to the library as soon as it stands."""

from __future__ import annotations

import time
from typing import Any

from nokturn.errors import Error
from nokturn.music.piece import Piece
from nokturn.studio._worker import Talk
from nokturn.studio.verbs._made import made
from nokturn.studio.verbs._opened import opened
from nokturn.studio.verbs.stage import notes_of
from nokturn.workflows.cut import cut
from nokturn.workflows.generate import generate
from nokturn.workflows.stage import stage
from nokturn.workflows.wishes import Composed, Said, Writing

SHOWN_S = 0.12  # between two pictures of what is being written
SHOWN = ("track", "start_s", "end_s", "onset_q", "pitch", "name", "velocity", "bar", "beat")


def warm() -> None:
    """Have the built-in model's code and files ready."""
    for _ in generate("folk", bars=1, seed=1):
        pass


def run(
    talk: Talk,
    *,
    n: int,
    primer: str = "",
    primer_path: str = "",
    primer_bars: int = 0,
    **wishes: Any,
) -> dict[str, Any]:
    """Compose; see `nokturn.workflows.generate.generate`.

    Parameters
    ----------
    primer_path, primer_bars
        A piece of the library to begin with, and how many of its bars, 0 = all.
    """
    begin: str | Piece = primer and primer + "\n"  # a text, never a file's name
    if primer_path:
        begin = _begin(primer_path, primer_bars)
    watch = _Watch(talk, n)
    for event in generate(**wishes, n=n, primer=begin, stop=talk.stop):
        if isinstance(event, Said):
            talk.notice(event.text)
        elif isinstance(event, Writing):
            watch.see(event)
        else:
            watch.finished(event)
    return {}


class _Watch:
    """Tells of pieces that are written, and of those that are.

    Parameters
    ----------
    count
        How many are to come.
    """

    def __init__(self, talk: Talk, count: int) -> None:
        self._talk, self._count = talk, count
        self._done = 0
        self._begun_s, self._shown_s = time.monotonic(), 0.0

    def see(self, event: Writing) -> None:
        """Show what stands of a piece, several times a second at most."""
        now = time.monotonic()
        if now - self._shown_s < SHOWN_S:
            return
        self._shown_s = now
        try:
            staged = stage(event.piece())
        except Error:  # what is half written cannot always be read
            return
        self._talk.say(
            "writing", variation=event.variation, bar=event.bar, of=event.of,
            abc=event.abc or None, seconds=staged.seconds,
            notes={name: column for name, column in notes_of(staged).items() if name in SHOWN},
            tracks=staged.tracks,
        )  # fmt: skip
        self._tell(min(event.bar / event.of, 0.99) if event.of else 0.5)

    def finished(self, event: Composed) -> None:
        """Hand over a piece that is written."""
        self._talk.say("made", variation=self._done, **made(event.piece, kind="tune"))
        self._done += 1
        self._tell(0.0)

    def _tell(self, of_this: float) -> None:
        share = (self._done + of_this) / self._count
        gone_s = time.monotonic() - self._begun_s
        self._talk.progress(share, eta_s=round(gone_s / share - gone_s, 1) if share else None)


def _begin(path: str, bars: int) -> Piece:
    """Return the piece that others begin with, or so many bars of it, a pickup too."""
    whole = opened(path)
    if not bars:
        return whole
    first = stage(whole).bars[0]["number"]
    return cut(whole, first, bars)
