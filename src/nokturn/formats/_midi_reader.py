"""Read MIDI with symusic, and check what it hands back before anything else touches it.

    Score(tpq=384, tracks=1, notes=134)  ->  Score, or why it cannot be trusted

symusic reads a file in 0.1 ms, drops note-ons that are never ended, and believes every number:
tempo 0, meters of 2,147,483,648ths, notes years away. It does not say where a track ends, nor the
texts in it: `_midi_first_track` looks for those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import cycle
from operator import itemgetter
from typing import Any

import numpy as np

from nokturn.errors import InputError, LimitError
from nokturn.formats import _midi_values as values
from nokturn.formats._midi_first_track import look_at_first_track
from nokturn.music.pitch import Key
from nokturn.music.score import NOTE, Notes, Score, Tempos, Track, in_order

MANY = 50  # tempos from which on arrays are faster
NAME = re.compile(rb"\xff\x03([\x00-\x7f])")


class UntrustedError(Exception):
    """What symusic read cannot be right; the tolerant reader should look at it."""


def read(data: bytes, source: str) -> tuple[Score, dict[str, Any] | None]:
    """Return the score in the data, and its recipe.

    Raises `UntrustedError` with the reason where a second reading may help, `LimitError` for too
    much of anything.
    """
    symusic: Any = import_module("symusic")

    try:
        found = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise UntrustedError(
            str(error).split(": iostream")[0].removeprefix("MiniMidi: ")
        ) from error
    if found.ticks_per_quarter <= 0:
        raise UntrustedError("0 ticks per quarter")
    check_counts(len(found.tracks), found.note_num(), source)
    score = Score(ticks_per_quarter=found.ticks_per_quarter)
    names = _latin_names(data) if any("\ufffd" in t.name for t in found.tracks) else {}
    score.tracks = [_track(track, names) for track in found.tracks if len(track.notes)]
    _check_changes(found, source)
    score.meters = _changes(
        found.time_signatures, ("numerator", "denominator"), values.meter, "a meter of {}/{}"
    )
    score.keys = _changes(found.key_signatures, ("key", "tonality"), _key, "a key of {} sharps")
    last = score.end
    recipe = look_at_first_track(data, score, last, data[8:10] != b"\0\0")
    end = max(last, score.length)
    score.tempos = _tempos(found.tempos, end)
    score.meters, score.keys = _last_of_each(score.meters, end), _last_of_each(score.keys, end)
    return score, recipe


def check_counts(tracks: int, notes: int, source: str) -> None:
    """Raise `LimitError` for more tracks or notes than allowed."""
    for count, most, what in (
        (tracks, values.MAX_TRACKS, "tracks"),
        (notes, values.MAX_NOTES, "notes"),
    ):
        if count > most:
            raise LimitError(
                f"it holds {count:,} {what}; the limit is {most:,}.", "Split it.", source=source
            )


def check_sound(score: Score, source: str) -> None:
    """Raise `InputError` where no note is left, `LimitError` where the music takes hours."""
    if not score.note_count:
        raise InputError("it holds no notes.", "Choose a file with music in it.", source=source)
    last = max(track.end for track in score.tracks)
    seconds = last / score.ticks_per_quarter * 60 / values.MIN_QPM  # or less
    if seconds > values.MAX_SECONDS:
        seconds = score.seconds(last)
    if last * 480 > values.MAX_TICK * score.ticks_per_quarter or not seconds <= values.MAX_SECONDS:
        raise LimitError(
            f"its music lasts {seconds / 3600:,.1f} hours; the limit is 4.",
            "A damaged file may hold a note years away.",
            source=source,
        )


def _latin_names(data: bytes) -> dict[str, str]:
    """Return the track names that are not UTF-8, as symusic garbles them -> as they are."""
    names = {}
    for match in NAME.finditer(data):
        raw = data[match.end() : match.end() + match[1][0]]
        names[raw.decode("utf-8", "replace")] = values.text(raw)
    return names


def _track(found: Any, names: dict[str, str]) -> Track:
    arrays = found.notes.numpy()
    notes: Notes = np.empty(len(arrays["time"]), NOTE)
    notes["onset"], notes["duration"] = arrays["time"], np.maximum(arrays["duration"], 1)
    notes["pitch"], notes["velocity"] = arrays["pitch"], arrays["velocity"]
    if arrays["time"].min() < 0 or arrays["duration"].min() < 0:
        raise UntrustedError("notes before the beginning")
    softest = arrays["velocity"].min()  # pitch and velocity are of eight bits, 127 at most
    if arrays["pitch"].min() < 0 or softest < 0:
        raise UntrustedError("pitches out of range")
    if softest < 1:
        notes["velocity"] = np.maximum(notes["velocity"], 1)
    track = Track(in_order(notes), names.get(found.name) or values.clean(found.name))
    track.program, track.drums = min(max(int(found.program), 0), 127), bool(found.is_drum)
    track.pedal = _pedal(found.pedals)
    return track


def _pedal(found: Any) -> list[tuple[int, bool]]:
    if not found:
        return []
    columns = found.numpy()
    start, length = columns["time"].astype(np.int64), columns["duration"]
    sound = (start >= 0) & (length > 0)
    ticks = np.stack([start, start + length], axis=1)[sound].ravel()
    return list(zip(ticks.tolist(), cycle((True, False)), strict=False))


def _check_changes(found: Any, source: str) -> None:
    for rows, what in (
        (found.tempos, "tempos"),
        (found.time_signatures, "meters"),
        (found.key_signatures, "keys"),
    ):
        if len(rows) > values.MAX_CHANGES:
            raise LimitError(
                f"it holds {len(rows):,} {what}; the limit is {values.MAX_CHANGES:,}.",
                source=source,
            )


def _tempos(rows: Any, end: int) -> Sequence[tuple[int, float]]:
    """Return the tempos as `tidy` leaves them; a performance has a thousand."""
    if len(rows) < MANY:
        few = _changes(rows, ("mspq",), values.tempo, "a tempo of {} microseconds")
        return _last_of_each(few, end)
    columns = rows.numpy()
    ticks, microseconds = columns["time"], columns["mspq"]
    qpm = values.tempos(microseconds)
    wrong = np.flatnonzero((ticks < 0) | np.isnan(qpm))
    if len(wrong):
        raise UntrustedError(f"a tempo of {microseconds[wrong[0]]} microseconds")
    later = ticks[1:] > ticks[:-1]
    if not later.all():
        order = np.argsort(ticks, kind="stable")
        ticks, qpm = ticks[order], qpm[order]
        last = np.append(ticks[1:] > ticks[:-1], True)  # of several at one tick
        ticks, qpm = ticks[last], qpm[last]
    kept = ticks <= end
    kept[1:] &= qpm[1:] != qpm[:-1]
    return Tempos(ticks[kept].astype(np.int64), qpm[kept])


def _changes(
    rows: Any, names: tuple[str, ...], meaning: Callable[..., Any], fault: str
) -> list[tuple[int, Any]]:
    """Return (tick, what it means) of each row; raises `UntrustedError` for what cannot be."""
    if not rows:
        return []
    columns = rows.numpy()
    ticks = columns["time"].tolist()
    told = list(zip(*(columns[name].tolist() for name in names), strict=True))
    meanings = {each: meaning(*each) for each in dict.fromkeys(told)}
    for tick, each in zip(ticks, told, strict=True):
        if tick < 0 or meanings[each] is None:
            raise UntrustedError(fault.format(*each))
    return [(tick, meanings[each]) for tick, each in zip(ticks, told, strict=True)]


def _key(fifths: int, minor: int) -> Key | None:
    return values.key(fifths, bool(minor)) if minor in (0, 1) else None


def tidy(score: Score) -> Score:
    """Sort the changes by tick; leave out those that change nothing, or come after the end."""
    end = score.end
    score.tempos = _last_of_each(score.tempos, end)
    score.meters = _last_of_each(score.meters, end)
    score.keys = _last_of_each(score.keys, end)
    return score


def _last_of_each(rows: Sequence[tuple[int, Any]], end: int) -> list[tuple[int, Any]]:
    """Return the changes in order: of several at one tick the last, and no repetitions."""
    last = dict(sorted(rows, key=itemgetter(0)))
    if not last:
        return []
    before = [None, *last.values()]
    return [
        (tick, value)
        for (tick, value), former in zip(last.items(), before, strict=False)
        if tick <= end and value != former
    ]
