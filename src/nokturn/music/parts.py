"""Parts: which tracks of a score are taken, and what of it is melody, what accompaniment.

    pick(score, "melody")              the track that leads, or the top line where there is one only
    pick(score, ["bass", 3])           all bass programs, and the third track

The melody is the track that is called so ("Melody", "Lead vocals"); else the one whose median pitch
times its share of notes that begin alone times its share of the busiest track's onsets is highest,
basses aside. One track alone is split note by note: the melody is the top note of each onset unless
a higher one still sounds, each cut where the next begins (the *skyline* of Uitdenbogerd and Zobel,
"Manipulation of Music for Melody Matching", 1998, with that one rule more). Weakness: a melody in
the tenor, and one that goes from instrument to instrument.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError
from nokturn.music.instruments import FAMILIES, family
from nokturn.music.score import Score, Track

WAYS = ("all", "melody", "accompaniment", "no-drums", "drums")
_CALLED = re.compile(r"(?i)\b(melod(y|ie|ia)|lead|vocals?|voice|solo|sing(er|ing)|tune)\b")
_PROGRAMS = re.compile(r"(?i)programs? ?(\d+)(?:-(\d+))?")

Choice = str | int  # a track's number from 1, "program 33", "program 32-39", a family or a name


def choice_of(value: object) -> str | tuple[Choice, ...]:
    """Return a choice of tracks as a recipe or a command line may say it; `ValueError` where none.

    >>> choice_of("melody"), choice_of("1, bass"), choice_of([1, "program 33"])
    ('melody', (1, 'bass'), (1, 'program 33'))
    """
    if isinstance(value, str) and value in WAYS:
        return value
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    choices = list(value) if isinstance(value, (list, tuple)) else [value]
    choices = [int(c) if isinstance(c, str) and re.fullmatch(r"\d+", c) else c for c in choices]
    sound = [c for c in choices if (type(c) is int and c > 0) or (isinstance(c, str) and c)]
    if not choices or len(sound) < len(choices):
        raise ValueError(
            f"it is one of {', '.join(WAYS)}, or a list of track numbers from 1, "
            "'program 33', families such as 'bass', and names"
        )
    return tuple(sound)


def pick(score: Score, tracks: str | Sequence[Choice], source: str = "") -> Score:
    """Return a score with the tracks asked for.

    Parameters
    ----------
    tracks
        ``"all"``, ``"melody"``, ``"accompaniment"``, ``"no-drums"``, ``"drums"``, or a list:
        numbers of tracks from 1, ``"program 33"`` (General MIDI, 0-127), families of programs
        (``"bass"``) and parts of tracks' names.
    source
        File name, for the message.

    Raises
    ------
    InputError
        Nothing is left; it says what there is.
    """
    kept = _of_way(score, tracks) if isinstance(tracks, str) else _listed(score, tracks)
    if not kept.note_count:
        wanted = tracks if isinstance(tracks, str) else ", ".join(map(str, tracks))
        raise InputError(
            f"nothing is left when only {wanted!r} is taken of its tracks; "
            f"there are {described(score)}.",
            "Choose other tracks.",
            source=source,
        )
    return kept


def described(score: Score) -> str:
    """Return the tracks in words: ``1 'Violin I' (program 40, 312 notes), 2 drums (64 notes)``."""
    words = []
    for number, track in enumerate(score.tracks, 1):
        name = f"{number} {track.name!r}" if track.name else f"{number}"
        what = "drums" if track.drums else f"program {track.program} {family(track.program)}"
        words.append(f"{name} ({what}, {len(track.notes)} notes)")
    return ", ".join(words) or "no tracks"


def split(score: Score) -> tuple[Score, Score]:
    """Return melody and accompaniment, the drums with the latter; one of them may be empty."""
    pitched = [k for k, t in enumerate(score.tracks) if not t.drums and len(t.notes)]
    if not pitched:
        return replace(score, tracks=[]), score
    if len(pitched) > 1:
        lead = melody_track(score)
        rest = [track for k, track in enumerate(score.tracks) if k != lead]
        return replace(score, tracks=[score.tracks[lead]]), replace(score, tracks=rest)
    only = pitched[0]
    track = score.tracks[only]
    top = skyline(track)
    under = replace(track, notes=track.notes[~top])
    rest = [under if k == only else t for k, t in enumerate(score.tracks)]
    rest = [t for t in rest if len(t.notes)]
    return replace(score, tracks=[_line(track, top)]), replace(score, tracks=rest)


def melody_track(score: Score) -> int:
    """Return the index of the track that leads; -1 where none is pitched."""
    pitched = [k for k, t in enumerate(score.tracks) if not t.drums and len(t.notes)]
    called = [k for k in pitched if _CALLED.search(score.tracks[k].name)]
    candidates = called or pitched
    onsets = {k: len(np.unique(score.tracks[k].notes["onset"])) for k in candidates}
    busiest = max(onsets.values(), default=1)

    def leads(k: int) -> float:
        track = score.tracks[k]
        if family(track.program) == "bass":
            return 0.0
        alone = onsets[k] / len(track.notes)
        return float(np.median(track.notes["pitch"])) * alone * onsets[k] / busiest

    return max(candidates, key=leads, default=-1)


def skyline(track: Track) -> NDArray[np.bool_]:
    """Return which notes are the top line; shape (N,)."""
    notes = track.notes
    last = np.append(notes["onset"][1:] != notes["onset"][:-1], True)  # the top of each onset
    top = np.zeros(len(notes), dtype=bool)
    held_until, held = 0, -1
    places = np.flatnonzero(last)
    rows = zip(places.tolist(), notes[places].tolist(), strict=True)
    for place, (onset, duration, pitch, _) in rows:
        if onset < held_until and pitch < held:
            continue
        held_until, held = onset + duration, pitch
        top[place] = True
    return top


def _line(track: Track, top: NDArray[np.bool_]) -> Track:
    """Return the chosen notes, each cut where the next begins."""
    notes = track.notes[top]
    notes["duration"][:-1] = np.minimum(notes["duration"][:-1], np.diff(notes["onset"]))
    return replace(track, notes=notes)


def _of_way(score: Score, way: str) -> Score:
    assert way in WAYS, f"{way!r} is no way to choose tracks"
    if way == "melody":
        return split(score)[0]
    if way == "accompaniment":
        return split(score)[1]
    kept = [t for t in score.tracks if way == "all" or t.drums == (way == "drums")]
    return replace(score, tracks=kept)


def _listed(score: Score, choices: Sequence[Choice]) -> Score:
    chosen = [
        track
        for number, track in enumerate(score.tracks, 1)
        if any(_meant(track, number, choice) for choice in choices)
    ]
    return replace(score, tracks=chosen)


def _meant(track: Track, number: int, choice: Choice) -> bool:
    if isinstance(choice, int):
        return number == choice
    if choice == "drums" or track.drums:
        return track.drums and (choice == "drums" or choice.lower() in track.name.lower())
    programs = _PROGRAMS.fullmatch(choice)
    if programs:
        return int(programs[1]) <= track.program <= int(programs[2] or programs[1])
    if choice.lower() in FAMILIES:
        return family(track.program) == choice.lower()
    return choice.lower() in track.name.lower()
