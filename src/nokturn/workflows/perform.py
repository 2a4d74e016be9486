"""Perform: the pieces of a file, played as somebody would, on other instruments if asked.

for piece in perform("prelude.mid", style="romantic-piano", seed=7): ...
perform("tune.abc", style="folk-dance", instruments=["all=fiddle"])
perform("prelude.mid", like="performance.mid")        with its tempo and loudness
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nokturn.errors import UsageError
from nokturn.music.instruments import program_of
from nokturn.music.piece import Piece
from nokturn.production.feel import grooved
from nokturn.production.grooves import Groove, find_groove, learn_groove
from nokturn.production.instrumentation import instrumented
from nokturn.production.interpretation import Profile, Style, interpreted, style_named
from nokturn.settings import build, override
from nokturn.workflows.convert import read_tunes
from nokturn.workflows.load import load
from nokturn.workflows.wishes import first_seed


def perform(
    source: str | Path,
    *,
    style: str = "mechanical",
    set: Sequence[str] = (),
    like: str | Path = "",
    instruments: Sequence[str] = (),
    groove: str = "",
    groove_amount: float = 1.0,
    tune: int = 0,
    seed: int | None = None,
) -> list[Piece]:
    """Return the pieces of a file as they are played.

    Parameters
    ----------
    source
        ABC, MIDI, MusicXML ...; ``"-"`` is standard input.
    style
        A name of `nokturn.production.interpretation.STYLES`.
    set
        Single settings of the style: ``"rubato=0.2"``.
    like
        A performance whose course of tempo and loudness is taken.
    instruments
        ``"Melody=flute"``, ``"2=cello"``, ``"all=piano"``: part of a track's name or its number
        from 1, and a General MIDI name or number from 1.
    groove, groove_amount
        Timing and accents of drummers: a style of `nokturn.production.grooves`, or a performance
        on a beat to learn them from; 0-2 of them.
    tune
        Only the tune of that number, from 1; 0 = all.
    seed
        0 to 2147483647; None = a random one.

    Raises
    ------
    UsageError, InputError
        No such style, setting, track or instrument; a file that is no music.
    """
    first = first_seed(seed, 1)
    how = _style(style, set)
    programs = dict(_instrument(one) for one in instruments)
    profile = Profile.of(load(like)[0].score) if like else None
    beat = groove_of(groove) if groove else None
    recipe = {
        "nokturn": importlib.metadata.version("nokturn"),
        "model": "perform", "source": str(source), "style": style, "set": list(set),
        "like": str(like), "instruments": list(instruments), "groove": groove,
        "groove_amount": groove_amount, "seed": first,
    }  # fmt: skip
    made = []
    for piece in read_tunes(source, tune=tune):
        score = instrumented(piece.score, programs) if programs else piece.score
        played = interpreted(score, how, np.random.default_rng(first), profile=profile)
        if beat:
            played = grooved(played, beat, groove_amount, np.random.default_rng([first, 1]))
        made.append(Piece(played, title=piece.title, source=piece.source, recipe=recipe))
    return made


def groove_of(name: str) -> Groove:
    """Return a built-in groove, or the groove of a performance in a file.

    Raises `UsageError`, `InputError` where there is none of that name, or no beat in the file.
    """
    if Path(name).suffix:
        return learn_groove([load(name)[0].score], Path(name).stem)
    return find_groove(name)


def _style(name: str, set: Sequence[str]) -> Style:
    return build(Style, style_named(name).model_dump() | override({}, set), "style")


def _instrument(text: str) -> tuple[int | str, int]:
    """Return which track gets which program."""
    track, equals, name = text.partition("=")
    if not equals or not track.strip():
        raise UsageError(
            f"{text!r} gives no instrument to a track.",
            "Write a track and an instrument, like Melody=flute, 2=cello or all=piano.",
        )
    which = track.strip()
    return int(which) if which.isdigit() else which, program_of(name)
