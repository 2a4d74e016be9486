"""Write a score as a MIDI file that opens right everywhere.

    track 0   title, recipe, tempos, meters, keys          tracks 1..   name, program, notes

Type 1, 480 ticks to the quarter. No two notes of one pitch overlap on a channel, so that every
note-off pairs with the right note-on; of two that begin together the longer is kept. Every track
ends on the same bar line. With more than 15 programs, the rarer ones play on the channel of the
nearest; free meters, and names of modes in other programs, are what a MIDI file cannot hold.
"""

from __future__ import annotations

import io
import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import mido
from mido import Message, MetaMessage

from nokturn.errors import LimitError, UsageError
from nokturn.formats import _midi_values as values
from nokturn.music.key_finding import find_key
from nokturn.music.pitch import MODES, Key
from nokturn.music.score import DEFAULT_QPM, Score, Track
from nokturn.music.time import COMMON_TIME, TICKS_PER_QUARTER, Meter

DRUM_CHANNEL = 9
CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]

# tick, order within the tick (meta, controls, note-offs, note-ons), message
_Row = tuple[int, int, Any]


def write(score: Score, recipe: dict[str, Any] | None = None, title: str = "") -> bytes:
    """Return the bytes of the file; the same score always gives the same bytes."""
    score = score.resampled(TICKS_PER_QUARTER)
    end = bar_line(score.meters, score.end)
    if end > values.MAX_TICK:
        raise LimitError("the music is too long for a MIDI file.", "Write it in parts.")
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_track(_shared(score, title or score.title, recipe), end))
    channels = _channels(score.tracks)
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, (track, channel) in enumerate(zip(score.tracks, channels, strict=True), 1):
        file.tracks.append(_track(_instrument(track, number, channel, taken), end))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def bar_line(meters: list[tuple[int, Meter]], tick: int) -> int:
    """Return the first bar line at or after a tick.

    >>> bar_line([(0, Meter(3, 4))], 1500)
    2880
    """
    begin, meter = 0, COMMON_TIME
    for at, change in meters:
        if at < max(tick, 1) and not change.free:
            begin, meter = at, change
    length = max(1, int(meter.bar_ticks))
    return begin + -(-(tick - begin) // length) * length


def _shared(score: Score, title: str, recipe: dict[str, Any] | None) -> list[_Row]:
    """Return what holds for all tracks; tempo, meter and key stand at tick 0 in any case."""
    rows: list[_Row] = [(0, 0, MetaMessage("track_name", name=values.clean(title)))]
    if recipe is not None:
        words = values.RECIPE + json.dumps(recipe, ensure_ascii=True, sort_keys=True)
        rows.append((0, 0, MetaMessage("text", text=words)))
    rows += [
        (at, 1, _tempo(qpm))
        for at, qpm in _from_start(score.tempos, DEFAULT_QPM)
        if at <= score.end
    ]
    rows += [
        (at, 2, _meter(m))
        for at, m in _from_start(score.meters, COMMON_TIME)
        if _held(m) and at <= score.end
    ]
    for at, key in _from_start(score.keys, score.keys[0][1] if score.keys else find_key(score)):
        if at > score.end:
            continue
        named = key.mode in MODES and key.mode not in ("major", "minor")
        if named and Key.parse(key.name) == key:
            rows.append((at, 3, MetaMessage("text", text=values.KEY + key.name)))
        rows.append((at, 4, _key(key)))
    return rows


def _from_start(rows: Sequence[tuple[int, Any]], default: Any) -> Sequence[tuple[int, Any]]:
    return rows if rows and rows[0][0] <= 0 else [(0, default), *rows]


def _held(meter: Meter) -> bool:
    return values.meter(meter.numerator, meter.denominator) is not None


def _tempo(qpm: float) -> Any:
    return MetaMessage("set_tempo", tempo=min(max(round(60e6 / max(qpm, 1e-3)), 1), 0xFFFFFF))


def _meter(meter: Meter) -> Any:
    beat = 24 * 4 // meter.denominator * (3 if meter.compound else 1)
    return MetaMessage(
        "time_signature",
        numerator=meter.numerator,
        denominator=meter.denominator,
        clocks_per_click=min(max(beat, 1), 255),
    )


def _key(key: Key) -> Any:
    fifths = key.fifths
    while abs(fifths) > 7:  # G# major has eight sharps; A flat major sounds the same
        fifths -= 12 if fifths > 0 else -12
    named = values.key(fifths, key.minor)
    assert named is not None
    return MetaMessage("key_signature", key=named.name.split()[0] + "m" * key.minor)


def _channels(tracks: list[Track]) -> list[int]:
    """Return a channel for each track: its own, else one for each program, else the nearest's."""
    pitched = [track for track in tracks if not track.drums]
    own = len(pitched) <= len(CHANNELS)
    programs = list(dict.fromkeys(track.program for track in pitched))[: len(CHANNELS)]
    channels = []
    count = 0
    for track in tracks:
        if track.drums:
            channels.append(DRUM_CHANNEL)
            continue
        if own:
            channels.append(CHANNELS[count])
            count += 1
            continue
        near = min(programs, key=lambda program: abs(program - track.program))
        channels.append(CHANNELS[programs.index(near)])
    return channels


def _instrument(
    track: Track, number: int, channel: int, taken: dict[tuple[int, int], list[tuple[int, int]]]
) -> list[_Row]:
    name = values.clean(track.name) or ("Drums" if track.drums else f"Track {number}")
    rows: list[_Row] = [(0, 0, MetaMessage("track_name", name=name))]
    if not 0 <= track.program <= 127:
        raise UsageError(f"{track.program} is not a program.", "General MIDI has 0 to 127.")
    rows.append((0, 1, Message("program_change", channel=channel, program=track.program)))
    for tick, down in track.pedal:
        value = 127 if down else 0
        rows.append((tick, 2, Message("control_change", channel=channel, control=64, value=value)))
    for onset, duration, pitch, velocity in _apart(track, channel, taken):
        on = Message("note_on", channel=channel, note=pitch, velocity=min(max(velocity, 1), 127))
        off = Message("note_off", channel=channel, note=pitch, velocity=0)
        rows += [(onset, 4, on), (onset + duration, 3, off)]
    return rows


def _apart(
    track: Track, channel: int, taken: dict[tuple[int, int], list[tuple[int, int]]]
) -> list[tuple[int, int, int, int]]:
    """Return the notes cut so that none overlaps another of its pitch on its channel."""
    longest: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for row in track.notes.tolist():
        onset, duration, pitch, _ = row
        place = (pitch, onset)
        if 0 <= pitch <= 127 and (place not in longest or duration > longest[place][1]):
            longest[place] = row
    kept: list[tuple[int, int, int, int]] = []
    for place in sorted(longest, reverse=True):
        onset, duration, pitch, velocity = longest[place]
        if kept and kept[-1][2] == pitch:
            duration = min(duration, kept[-1][0] - onset)
        kept.append((onset, duration, pitch, velocity))
    return _beside_others(kept[::-1], channel, taken)


def _beside_others(
    notes: list[tuple[int, int, int, int]],
    channel: int,
    taken: dict[tuple[int, int], list[tuple[int, int]]],
) -> list[tuple[int, int, int, int]]:
    """Return the notes less what earlier tracks on the same channel already sound."""
    free = []
    for onset, duration, pitch, velocity in notes:
        others = taken.get((channel, pitch), [])
        at = bisect_right(others, (onset, values.MAX_TICK))
        if at and others[at - 1][1] > onset:
            continue
        end = min(onset + duration, others[at][0]) if at < len(others) else onset + duration
        free.append((onset, end - onset, pitch, velocity))
    for onset, duration, pitch, _ in free:
        taken.setdefault((channel, pitch), []).append((onset, onset + duration))
    for pitch in {note[2] for note in free}:
        taken[channel, pitch].sort()
    return free


def _track(rows: list[_Row], end: int) -> Any:
    """Return rows as a track: in order, each message's time counted from the one before."""
    track = mido.MidiTrack()
    now = 0
    for tick, _, message in sorted(rows, key=lambda row: row[:2]):
        message.time = max(tick - now, 0)
        now = max(tick, now)
        track.append(message)
    track.append(MetaMessage("end_of_track", time=max(end - now, 0)))
    return track
