"""The MIDI reader: bytes -> a Piece of a Score, checked before anything else sees it.

symusic reads first. What it refuses mido tries track by track: bytes out of range are clipped, a
track that breaks off is kept up to there, and each repair is told. Times, tempos, meters, counts
and lengths beyond all music are refused, so that no later step is asked for years of sound.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from nokturn.errors import InputError, LimitError
from nokturn.formats._midi_writer import RECIPE
from nokturn.music.piece import Piece
from nokturn.music.pitch import Key, signature
from nokturn.music.score import NOTE, Notes, Score, Track, in_order
from nokturn.music.time import Meter

MAX_NOTES = 200_000
MAX_TRACKS = 1_024
MAX_SECONDS = 4 * 3600.0
MAX_EVENTS = 1_000_000  # that the patient reading looks at
MAX_TICK = 2**31 - 1
QPM = (1.0, 6000.0)


def read(data: bytes, source: str, strict: bool = False) -> Piece:
    """Read a file.

    Raises
    ------
    InputError
        It is no MIDI, or holds no notes; with ``strict``, it is damaged.
    LimitError
        It holds more notes, tracks or hours than the limits allow.
    """
    repairs: list[str] = []
    try:
        score, texts = _by_symusic(data, source)
    except (RuntimeError, OverflowError, ValueError, MemoryError) as error:
        if strict:
            raise InputError(f"it is damaged: {error}.", source=source) from error
        repairs.append(f"{source}: read patiently, because it is damaged.")
        score, texts = _by_mido(data, source, repairs)
    _checked(score, source, repairs)
    return Piece(score, score.title, source, recipe=_recipe(texts), repairs=repairs)


def _by_symusic(data: bytes, source: str) -> tuple[Score, list[str]]:
    import symusic

    raw: Any = symusic.Score.from_midi(data)
    score = Score(ticks_per_quarter=int(raw.ticks_per_quarter))
    if len(raw.tracks) > MAX_TRACKS:
        raise LimitError(f"{len(raw.tracks)} tracks; {MAX_TRACKS} is the limit.", source=source)
    if raw.note_num() > MAX_NOTES:
        raise LimitError(f"{raw.note_num():,} notes; {MAX_NOTES:,} is the limit.", source=source)
    for track in raw.tracks:
        if not len(track.notes):
            continue
        columns = track.notes.numpy()
        notes = np.zeros(len(track.notes), dtype=NOTE)
        notes["onset"], notes["duration"] = columns["time"], columns["duration"]
        notes["pitch"], notes["velocity"] = columns["pitch"], columns["velocity"]
        pedal = [
            (int(at), down)
            for press in track.pedals
            for at, down in ((press.time, True), (press.time + press.duration, False))
        ]
        name = _clean(track.name)
        score.tracks.append(Track(notes, name, int(track.program), bool(track.is_drum), pedal))
    score.tempos = [(int(t.time), float(t.qpm)) for t in raw.tempos]
    score.meters = [
        (int(m.time), Meter(int(m.numerator), int(m.denominator)))
        for m in raw.time_signatures
        if 1 <= m.numerator <= 255 and m.denominator in (1, 2, 4, 8, 16, 32, 64)
    ]
    score.keys = [
        (int(k.time), _key(int(k.key), int(k.tonality)))
        for k in raw.key_signatures
        if -7 <= k.key <= 7
    ]
    texts = list(_texts(data))
    score.title = texts[0] if texts and not texts[0].startswith(RECIPE) else ""
    score.length = max((int(t.end()) for t in raw.tracks), default=0)
    return score, texts


def _texts(data: bytes) -> Iterator[str]:
    """Yield the title and texts at the start of the first track, whatever stands after them."""
    at = data.find(b"MTrk")
    at = at + 8 if at >= 0 else len(data)
    for _ in range(64):
        if at + 3 >= len(data) or data[at] != 0 or data[at + 1] != 0xFF:
            return
        kind, at = data[at + 2], at + 3
        size = 0
        for _ in range(4):
            if at >= len(data):
                return
            size, more, at = size << 7 | data[at] & 0x7F, data[at] & 0x80, at + 1
            if not more:
                break
        if kind in (1, 3):
            yield _decoded(data[at : at + min(size, 65_536)])
        at += size


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return _clean(text)


def _clean(text: str) -> str:
    """Return a text from a stranger without control characters, 65,536 characters at most."""
    return "".join(c for c in text[:65_536] if c.isprintable()).strip()


def _recipe(texts: list[str]) -> dict[str, Any] | None:
    for text in texts:
        if text.startswith(RECIPE):
            try:
                recipe = json.loads(text[len(RECIPE) :])
            except (ValueError, RecursionError):
                return None
            return recipe if isinstance(recipe, dict) else None
    return None


def _key(fifths: int, minor: int) -> Key:
    """Return the key of a signature."""
    tonic = (4 * fifths + (5 if minor else 0)) % 7
    for alter in (0, 1, -1):
        key = Key(tonic, alter, "minor" if minor else "major")
        if key.alters == signature(fifths):
            return key
    return Key()


def _by_mido(data: bytes, source: str, repairs: list[str]) -> tuple[Score, list[str]]:
    """Read a damaged file message by message, each track as far as it goes."""
    import mido

    ticks = int.from_bytes(data[12:14], "big") if len(data) >= 14 else 0
    if not ticks or ticks & 0x8000:  # none, or frames a second: take a usual grid
        repairs.append(f"{source}: its unit of time is not ticks a quarter; read as 480.")
        ticks = 480
    score = Score(ticks_per_quarter=ticks)
    texts: list[str] = []
    events = 0
    at = data.find(b"MTrk")
    while at >= 0 and len(score.tracks) <= MAX_TRACKS:
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        following = data.find(b"MTrk", at + 8)
        stop = (
            min(at + 8 + size, len(data)) if at + 8 + size in (following, len(data)) else following
        )
        body = data[at + 8 : stop if stop > at else len(data)]
        chunk = b"MThd\0\0\0\6\0\0\0\1" + ticks.to_bytes(2, "big")
        chunk += b"MTrk" + len(body).to_bytes(4, "big") + body
        messages = _messages(mido, chunk, source, repairs)
        events += len(messages)
        if events > MAX_EVENTS:
            raise LimitError(f"more than {MAX_EVENTS:,} events.", source=source)
        _collect(messages, score, texts)
        at = following
    score.tempos.sort(key=lambda pair: pair[0])
    score.meters.sort(key=lambda pair: pair[0])
    score.keys.sort(key=lambda pair: pair[0])
    return score, texts


def _messages(mido: Any, chunk: bytes, source: str, repairs: list[str]) -> list[Any]:
    """Return the messages of one track; where it breaks off, those before."""
    for cut in (0, 1, 2, 3, 4, 8, 16, 64):
        body = chunk[: len(chunk) - cut] if cut else chunk
        body = body[:18] + (len(body) - 22).to_bytes(4, "big") + body[22:]
        try:
            file = mido.MidiFile(file=io.BytesIO(body), clip=True)
            if cut:
                repairs.append(f"{source}: a track breaks off; {cut} bytes left out.")
            return list(file.tracks[0]) if file.tracks else []
        except (OSError, EOFError, ValueError, IndexError, KeyError, ZeroDivisionError):
            continue
        except mido.midifiles.meta.KeySignatureError:
            continue
    repairs.append(f"{source}: a track cannot be read; left out.")
    return []


def _collect(messages: list[Any], score: Score, texts: list[str]) -> None:
    """Turn the messages of a track into notes, one track a channel."""
    now = 0
    name = ""
    programs: dict[int, int] = {}
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    rows: dict[int, list[tuple[int, int, int, int]]] = {}
    for message in messages:
        now += int(message.time)
        kind = message.type
        if kind == "note_on" and message.velocity:
            sounding.setdefault((message.channel, message.note), []).append((now, message.velocity))
        elif kind in ("note_on", "note_off"):
            begun = sounding.get((message.channel, message.note))
            if begun:
                onset, velocity = begun.pop(0)
                row = (onset, max(1, now - onset), message.note, velocity)
                rows.setdefault(message.channel, []).append(row)
        elif kind == "program_change":
            programs.setdefault(message.channel, message.program)
        elif kind == "set_tempo" and message.tempo:
            score.tempos.append((now, 60e6 / message.tempo))
        elif kind == "time_signature" and message.numerator and message.denominator <= 64:
            score.meters.append((now, Meter(message.numerator, message.denominator)))
        elif kind == "track_name":
            name = _clean(message.name)
            texts.append(name)
        elif kind == "text":
            texts.append(_clean(message.text))
    for (channel, pitch), begun in sounding.items():
        rows.setdefault(channel, []).extend((at, max(1, now - at), pitch, v) for at, v in begun)
    for channel, played in sorted(rows.items()):
        score.tracks.append(Track.of(played, name, programs.get(channel, 0), channel == 9))
    score.length = max(score.length, now)


def _checked(score: Score, source: str, repairs: list[str]) -> None:
    """Refuse or mend what no music has."""
    if not 1 <= score.ticks_per_quarter <= 32_767:
        raise InputError(f"{score.ticks_per_quarter} ticks a quarter is no grid.", source=source)
    if len(score.tracks) > MAX_TRACKS or score.note_count > MAX_NOTES:
        raise LimitError(
            f"{score.note_count:,} notes in {len(score.tracks)} tracks; "
            f"{MAX_NOTES:,} and {MAX_TRACKS:,} are the limits.",
            source=source,
        )
    for track in score.tracks:
        track.notes = _sound_notes(track, source, repairs)
        track.pedal = [(t, d) for t, d in track.pedal if 0 <= t <= MAX_TICK]
        track.program = track.program if 0 <= track.program <= 127 else 0
    score.tracks = [track for track in score.tracks if len(track.notes)]
    if not score.tracks:
        raise InputError("there are no notes in it.", "Export it again, with them.", source=source)
    tempos = len(score.tempos)
    score.tempos = [(t, q) for t, q in score.tempos if 0 <= t <= MAX_TICK and QPM[0] <= q <= QPM[1]]
    if len(score.tempos) < tempos:
        repairs.append(f"{source}: {tempos - len(score.tempos)} impossible tempos left out.")
    score.meters = [(t, m) for t, m in score.meters if 0 <= t <= MAX_TICK]
    score.keys = [(t, k) for t, k in score.keys if 0 <= t <= MAX_TICK]
    last = max(track.end for track in score.tracks)
    score.length = min(max(score.length, last), last + 16 * 4 * score.ticks_per_quarter)
    if score.seconds(last) > MAX_SECONDS:
        hours = score.seconds(last) / 3600
        raise LimitError(f"it lasts {hours:,.0f} hours; 4 are the limit.", source=source)


def _sound_notes(track: Track, source: str, repairs: list[str]) -> Notes:
    """Return the notes that can be, in order."""
    notes = track.notes
    possible = (
        (notes["onset"] >= 0)
        & (notes["onset"] <= MAX_TICK)
        & (notes["duration"] >= 0)
        & (notes["duration"] <= MAX_TICK)
        & (notes["pitch"] >= 0)
        & (notes["pitch"] <= 127)
        & (notes["velocity"] > 0)
        & (notes["velocity"] <= 127)
    )
    if not possible.all():
        repairs.append(f"{source}: {int((~possible).sum())} impossible notes left out.")
    kept = notes[possible].copy()
    kept["duration"] = np.maximum(kept["duration"], 1)
    return in_order(kept)
