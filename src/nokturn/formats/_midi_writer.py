"""The MIDI writer: a Score -> the bytes of a type 1 file, the same bytes for the same score.

Track 0 holds title, recipe, tempo, meter and key; every other track one instrument, named, on a
channel of its own while there are enough (drums always on channel 10). Of two notes of one pitch
that overlap on a channel the first is cut, so that every note ends where it should.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from nokturn.music.piece import Piece
from nokturn.music.pitch import MODES, Key
from nokturn.music.score import DEFAULT_QPM, Score, Track
from nokturn.music.time import TICKS_PER_QUARTER, Meter

DRUMS = 9  # channel 10, counted from 0
MELODIC = tuple(channel for channel in range(16) if channel != DRUMS)
RECIPE = "nokturn "
Event = tuple[int, int, bytes]  # tick, order within the tick, message


def write(piece: Piece) -> bytes:
    """Return the bytes of a MIDI file."""
    score = piece.score.resampled(TICKS_PER_QUARTER)
    recipe = json.dumps(piece.recipe, sort_keys=True) if piece.recipe else ""
    end = score.end
    chunks = [_chunk(_conductor(score, piece.title or score.title, recipe), end)]
    melodic = 0
    for track in score.tracks:
        channel = DRUMS if track.drums else MELODIC[melodic % len(MELODIC)]
        melodic += not track.drums
        chunks.append(_chunk(_played(track, channel), end))
    header = b"MThd" + struct.pack(">IHHH", 6, 1, len(chunks), TICKS_PER_QUARTER)
    return header + b"".join(chunks)


def _chunk(events: Iterator[Event], end: int) -> bytes:
    """Return a track chunk; it ends at the tick where the music does."""
    data = bytearray()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        data += _number(tick - now) + message
        now = tick
    data += _number(max(0, end - now)) + b"\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(data)) + bytes(data)


def _number(value: int) -> bytes:
    """Return a number of variable length, seven bits a byte."""
    data = [value & 0x7F]
    while value := value >> 7:
        data.append(value & 0x7F | 0x80)
    return bytes(reversed(data))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _number(len(data)) + data


def _text(text: str) -> bytes:
    return "".join(c for c in text if c.isprintable()).encode("utf-8", errors="replace")


def _conductor(score: Score, title: str, recipe: str) -> Iterator[Event]:
    if title:
        yield 0, 0, _meta(0x03, _text(title))
    if recipe:
        yield 0, 1, _meta(0x01, _text(RECIPE + recipe))
    meters = (
        score.meters
        if score.meters and score.meters[0][0] == 0
        else [(0, Meter(4, 4)), *score.meters]
    )
    for tick, meter in meters:
        if not meter.free and meter.numerator < 256:
            yield tick, 2, _meta(0x58, _meter_bytes(meter))
    for tick, key in score.keys or [(0, Key())]:
        yield tick, 3, _meta(0x59, _key_bytes(key))
    tempos = (
        score.tempos
        if score.tempos and score.tempos[0][0] == 0
        else [(0, DEFAULT_QPM), *score.tempos]
    )
    for tick, qpm in tempos:
        micros = max(1, min(0xFFFFFF, round(60_000_000 / qpm)))
        yield tick, 4, _meta(0x51, micros.to_bytes(3, "big"))


def _meter_bytes(meter: Meter) -> bytes:
    clocks = 36 if meter.compound and meter.denominator == 8 else max(1, 96 // meter.denominator)
    return bytes((meter.numerator, meter.denominator.bit_length() - 1, clocks, 8))


def _key_bytes(key: Key) -> bytes:
    fifths = key.fifths if key.mode in MODES else 0
    fifths = fifths - 12 if fifths > 7 else fifths + 12 if fifths < -7 else fifths
    return struct.pack("bB", fifths, int(key.minor))


def _played(track: Track, channel: int) -> Iterator[Event]:
    yield (
        0,
        0,
        _meta(
            0x03, _text(track.name) or b"Drums" if track.drums else _text(track.name) or b"Melody"
        ),
    )
    if not track.drums:
        yield 0, 1, bytes((0xC0 | channel, track.program & 0x7F))
    for tick, down in track.pedal:
        yield tick, 3, bytes((0xB0 | channel, 64, 127 if down else 0))
    for onset, end, pitch, velocity in _without_overlaps(track):
        yield onset, 4, bytes((0x90 | channel, pitch, velocity))
        yield end, 2, bytes((0x80 | channel, pitch, 64))


def _without_overlaps(track: Track) -> list[tuple[int, int, int, int]]:
    """Return (onset, end, pitch, velocity), each note ending before its pitch sounds again."""
    last: dict[int, int] = {}
    rows: list[tuple[int, int, int, int]] = []
    for onset, duration, pitch, velocity in track.notes.tolist():
        row = (onset, onset + max(1, duration), pitch & 0x7F, max(1, min(127, velocity)))
        if pitch in last:
            before = rows[last[pitch]]
            if before[0] == onset:  # two at once on one channel are one
                rows[last[pitch]] = (onset, max(before[1], row[1]), *before[2:])
                continue
            if before[1] > onset:
                rows[last[pitch]] = (before[0], onset, *before[2:])
        last[pitch] = len(rows)
        rows.append(row)
    return rows
