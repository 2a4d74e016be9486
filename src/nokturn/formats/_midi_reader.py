"""Read MIDI with symusic, and check what it hands back before anything else touches it.

    Score(tpq=384, tracks=1, notes=134)  ->  Score, or why it cannot be trusted

symusic reads a file in 0.1 ms, drops note-ons that are never ended, and believes every number:
tempo 0, meters of 2,147,483,648ths, notes years away. It does not say where a track ends, so the
first track's beginning is walked once more for that, the title and the recipe.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import numpy as np

from nokturn.errors import InputError, LimitError
from nokturn.formats import _midi_values as values
from nokturn.formats._midi_events import END_OF_TRACK, META, Mender
from nokturn.music.pitch import Key
from nokturn.music.score import NOTE, Notes, Score, Track, in_order

WALKED = 20_000  # events of the first track looked at; most first tracks hold a dozen
NAME = re.compile(rb"\xff\x03([\x00-\x7f])")


class UntrustedError(Exception):
    """What symusic read cannot be right; the tolerant reader should look at it."""


def read(data: bytes, source: str) -> Score:
    """Return the score in the data.

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
    _read_changes(found, score, source)
    return score


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
    if (arrays["time"] < 0).any() or (arrays["duration"] < 0).any():
        raise UntrustedError("notes before the beginning")
    if (arrays["pitch"] < 0).any() or (notes["pitch"] > 127).any() or (notes["velocity"] < 0).any():
        raise UntrustedError("pitches out of range")
    np.clip(notes["velocity"], 1, 127, out=notes["velocity"])
    track = Track(in_order(notes), names.get(found.name) or values.clean(found.name))
    track.program, track.drums = min(max(int(found.program), 0), 127), bool(found.is_drum)
    pedals = found.pedals.numpy()
    for start, length in zip(pedals["time"].tolist(), pedals["duration"].tolist(), strict=True):
        if start >= 0 and length > 0:
            track.pedal += [(start, True), (start + length, False)]
    return track


def _read_changes(found: Any, score: Score, source: str) -> None:
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
    for row in found.tempos:
        qpm = values.tempo(row.mspq)
        if qpm is None or row.time < 0:
            raise UntrustedError(f"a tempo of {row.mspq} microseconds")
        score.tempos.append((row.time, qpm))
    for row in found.time_signatures:
        meter = values.meter(row.numerator, row.denominator)
        if meter is None or row.time < 0:
            raise UntrustedError(f"a meter of {row.numerator}/{row.denominator}")
        score.meters.append((row.time, meter))
    for row in found.key_signatures:
        key = values.key(row.key, bool(row.tonality))
        if key is None or row.time < 0 or row.tonality not in (0, 1):
            raise UntrustedError(f"a key of {row.key} sharps")
        score.keys.append((row.time, key))


def tidy(score: Score) -> Score:
    """Sort the changes by tick; leave out those that change nothing, or come after the end."""
    end = score.end
    score.tempos = _last_of_each(score.tempos, end)
    score.meters = _last_of_each(score.meters, end)
    score.keys = _last_of_each(score.keys, end)
    return score


def _last_of_each(rows: list[tuple[int, Any]], end: int) -> list[tuple[int, Any]]:
    """Return the changes in order: of several at one tick the last, and no repetitions."""
    kept: list[tuple[int, Any]] = []
    for tick, value in dict(sorted(rows, key=lambda row: row[0])).items():
        if tick <= end and (not kept or kept[-1][1] != value):
            kept.append((tick, value))
    return kept


def look_at_first_track(data: bytes, score: Score, type_1: bool) -> dict[str, Any] | None:
    """Take title, modes and length from the first track; return the recipe in it, if any."""
    mender = Mender(data, "")
    _, tracks = mender.chunks()
    recipe = None
    for count, event in enumerate(mender.walk(tracks[0])):
        if count > WALKED:
            break
        if event.status < 0xF0:
            if type_1 and event.status < 0xA0:
                break  # the first instrument: its name is no title, its end not the music's
            continue
        if event.status != META:
            continue
        if event.kind == 0x03 and not score.title:
            score.title = values.title(values.text(event.data))
        elif event.kind == 0x01:
            recipe = recipe or values.recipe(event.data)
            _read_mode(event.tick, event.data, score)
        elif event.kind == END_OF_TRACK:
            _read_length(event.tick, score)
    return recipe


def _read_length(tick: int, score: Score) -> None:
    """Take the end mark as the music's end, if it stands within a bar or so of the last note."""
    last = score.end
    if last < tick <= last + 8 * score.ticks_per_quarter:
        score.length = tick


def _read_mode(tick: int, data: bytes, score: Score) -> None:
    words = values.text(data)
    if not words.startswith(values.KEY):
        return
    from nokturn.errors import UsageError

    try:
        named = Key.parse(words[len(values.KEY) :])
    except UsageError:  # somebody else's remark about keys
        return
    score.keys = [
        (at, named if at == tick and key.fifths == named.fifths else key) for at, key in score.keys
    ]
