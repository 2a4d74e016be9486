"""The events of a MIDI file, read byte by byte; what is damaged is mended and noted.

    FF 51 03 07 A1 20 at tick 0  ->  Event(tick=0, status=0xFF, kind=0x51, data=b"\\x07\\xa1\\x20")

Chunks are found again after junk, a track that breaks off keeps what it had, bytes where no event
can begin are stepped over, data bytes out of range are set to 127 (a pitch out of range takes its
note away). It is about a hundred times slower than symusic, so it reads what that refuses, and of
healthy files the first track's beginning only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from mido.messages.specs import SPEC_BY_STATUS

from nokturn.errors import InputError, LimitError

MAX_EVENTS = 1_500_000  # seven for each note allowed; a few seconds of reading
WRONG_LENGTH = "a track's length was wrong"
MAX_MENDED_CHUNKS = 2_000  # junk that spells "MTrk" again and again
META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
END_OF_TRACK = 0x2F


class Event(NamedTuple):
    """One event: channel messages have their status byte, meta events 0xFF and their kind."""

    tick: int
    status: int
    kind: int
    data: bytes


class Header(NamedTuple):
    """What the header chunk says; ``division`` is negative for SMPTE time."""

    type: int
    tracks: int
    division: int


class Mender:
    """Reads chunks and events, and counts what it mended on the way."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data = data
        self.source = source
        self.mended: Counter[str] = Counter()
        self.events = 0

    @property
    def repairs(self) -> list[str]:
        """What was mended, in words, in the order found."""
        return [text + (f" ({n} times)" if n > 1 else "") for text, n in self.mended.items()]

    def chunks(self) -> tuple[Header, list[bytes]]:
        """Return the header and the content of each track chunk.

        Raises `InputError` where there is no track at all.
        """
        begin = self.data.find(b"MThd")
        tracks = list(self.tracks(max(begin, 0)))
        if not tracks:
            raise InputError(
                "there is no track in this MIDI file.", "It may be cut off.", source=self.source
            )
        if begin < 0 or begin + 14 > len(self.data):
            self.mended["the header is missing; 480 ticks per quarter were assumed"] += 1
            return Header(1, len(tracks), 480), tracks
        if begin > 0 and self.data[:4] != b"RIFF":  # RIFF is the wrapping of .rmi files
            self.mended[f"the header came after {begin} other bytes"] += 1
        fields = (
            int.from_bytes(self.data[begin + i : begin + i + 2], "big", signed=i == 12)
            for i in (8, 10, 12)
        )
        header = Header(*fields)
        if header.division == 0:
            self.mended["0 ticks per quarter; 480 were assumed"] += 1
            header = header._replace(division=480)
        if header.tracks != len(tracks):
            self.mended[f"{header.tracks} tracks announced, {len(tracks)} found"] += 1
        return header, tracks

    def tracks(self, at: int = 0) -> Iterator[bytes]:
        """Yield the content of each track chunk from there on."""
        data = self.data
        count = 0
        while at + 8 <= len(data) and count < MAX_MENDED_CHUNKS:
            name = data[at : at + 4]
            length = int.from_bytes(data[at + 4 : at + 8], "big")
            stop = at + 8 + length
            following = data[stop : stop + 4]
            sound = stop == len(data) or (following.isalnum() and len(following) == 4)
            if not sound:
                following_track = data.find(b"MTrk", at + 4)
                if name == b"MTrk":
                    broken = following_track < 0 and stop > len(data)
                    wrong = "the file breaks off within a track" if broken else WRONG_LENGTH
                    self.mended[wrong] += 1
                stop = following_track if following_track > 0 else len(data)
            if name == b"MTrk":
                count += 1
                yield data[at + 8 : stop]
            at = stop

    def walk(self, track: bytes) -> Iterator[Event]:
        """Yield the events of a track up to its end, or to where it breaks off."""
        at, tick, running = 0, 0, 0
        while at < len(track):
            delta, at = number(track, at)
            tick += delta
            if at >= len(track):
                break
            self._count()
            status = track[at]
            if status >= 0x80:
                at += 1
            elif running:
                status = running
            else:
                self.mended["bytes where no event begins were stepped over"] += 1
                at = _next_status(track, at)
                continue
            if status in (META, SYSEX, ESCAPE):
                event, at = self._long(track, at, tick, status)
                if event is None:
                    return
                yield event
                running = 0
                if event.status == META and event.kind == END_OF_TRACK:
                    return
                continue
            length = _data_length(status)
            if length is None:
                self.mended[f"message {status:02X}, which no file may hold, was left out"] += 1
                continue
            data, at = track[at : at + length], at + length
            if status < 0xF0:
                running = status
                if len(data) < length:
                    break
                clean = self._in_range(status, data)
                if clean:
                    yield Event(tick, status, 0, clean)
        self.mended["a track has no end mark"] += 1
        yield Event(tick, META, END_OF_TRACK, b"")

    def _count(self) -> None:
        self.events += 1
        if self.events > MAX_EVENTS:
            raise LimitError(
                f"it holds more than {MAX_EVENTS:,} events.", "Split it.", source=self.source
            )

    def _long(self, track: bytes, at: int, tick: int, status: int) -> tuple[Event | None, int]:
        """Return a meta or system-exclusive event, None where the track ends within it."""
        kind = 0
        if status == META:
            if at >= len(track):
                return None, at
            kind, at = track[at], at + 1
        length, at = number(track, at)
        if at + length > len(track):
            self.mended["a track breaks off within an event"] += 1
            return Event(tick, META, END_OF_TRACK, b""), len(track)
        return Event(tick, status, kind, track[at : at + length]), at + length

    def _in_range(self, status: int, data: bytes) -> bytes:
        if max(data) < 0x80:
            return data
        if status & 0xE0 == 0x80 and data[0] >= 0x80:
            self.mended["a note with a pitch out of range was left out"] += 1
            return b""
        self.mended["a value out of range was set to 127"] += 1
        return bytes(min(value, 127) for value in data)


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length number, of at most four bytes, and where it ends."""
    value = 0
    for at in range(at, min(at + 4, len(data))):  # noqa: B020 - the place goes on from here
        value = value << 7 | data[at] & 0x7F
        if data[at] < 0x80:
            return value, at + 1
    return value, at + 1


def _next_status(data: bytes, at: int) -> int:
    while at < len(data) and data[at] < 0x80:
        at += 1
    return at


def _data_length(status: int) -> int | None:
    """Return how many data bytes follow a status byte; None for one that does not exist."""
    spec = SPEC_BY_STATUS.get(status)
    return int(spec["length"]) - 1 if spec else None
