"""Read what symusic refuses: damaged files, SMPTE time, type 2; note what was mended.

    Type 2 holds independent patterns: a score each.  SMPTE: 25 frames of 40 ticks = 1 s.

Notes pair first on, first off; what still sounds at the end of its track ends there.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from nokturn.formats import _midi_values as values
from nokturn.formats._midi_events import END_OF_TRACK, META, Event, Header, Mender
from nokturn.formats._midi_reader import check_counts, tidy
from nokturn.music.score import Score, Track

DRUM_CHANNEL = 9


@dataclass
class _Channel:
    """What one channel of one track plays."""

    program: int = 0
    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    pedal: list[tuple[int, bool]] = field(default_factory=list)
    sounding: dict[int, deque[tuple[int, int]]] = field(default_factory=lambda: defaultdict(deque))

    def end(self, tick: int, pitch: int) -> None:
        if self.sounding[pitch]:
            onset, velocity = self.sounding[pitch].popleft()
            self.notes.append((onset, max(1, tick - onset), pitch, velocity))


def read_tolerantly(
    data: bytes, source: str
) -> tuple[list[Score], dict[str, Any] | None, list[str]]:
    """Return the scores in damaged data (one, or one a pattern), the recipe, and the repairs.

    Raises `InputError` where there is no track, `LimitError` for too much of anything.
    """
    mender = Mender(data, source)
    header, chunks = mender.chunks()
    check_counts(len(chunks), 0, source)
    scores: list[Score] = []
    recipe: dict[str, Any] | None = None
    count = 0
    for number, chunk in enumerate(chunks):
        if not scores or header.type == 2:
            scores.append(_empty(header))
        score = scores[-1]
        reader = _TrackReader(score, mender, smpte=header.division < 0)
        for event in mender.walk(chunk):
            reader.take(event)
            if reader.begun > values.MAX_NOTES:
                check_counts(0, reader.begun, source)
        recipe = recipe or reader.recipe
        score.tracks += reader.tracks()
        if not score.title and (number == 0 or header.type == 2):
            score.title = values.title(reader.name)
        count += reader.begun
        check_counts(0, count, source)
    kept = [tidy(score) for score in scores if score.note_count]
    return kept or scores[:1], recipe, mender.repairs


def _empty(header: Header) -> Score:
    if header.division > 0:
        return Score(ticks_per_quarter=header.division)
    frames, ticks = -(header.division >> 8), header.division & 0xFF
    score = Score(ticks_per_quarter=max(1, frames * max(1, ticks)))
    # A second is called a quarter at 60: SMPTE files know no beats.
    score.tempos = [(0, 60 * 1000 / 1001 if frames == 29 else 60.0)]
    return score


class _TrackReader:
    """Turns the events of one track into notes and changes."""

    def __init__(self, score: Score, mender: Mender, smpte: bool) -> None:
        self.score = score
        self.tempos = score.tempos = list(score.tempos)  # grows in both
        self.mender = mender
        self.smpte = smpte
        self.name = ""
        self.recipe: dict[str, Any] | None = None
        self.begun = 0
        self.channels: dict[int, _Channel] = defaultdict(_Channel)
        self.last = 0

    def take(self, event: Event) -> None:
        """Take the next event."""
        if event.status == META:
            self._meta(event)
            return
        if event.status >= 0xF0:
            return
        self.last = event.tick
        channel = self.channels[event.status & 15]
        kind, first = event.status & 0xF0, event.data[0]
        if kind == 0x90 and event.data[1]:
            self.begun += 1
            channel.sounding[first].append((event.tick, event.data[1]))
        elif kind in (0x80, 0x90):
            channel.end(event.tick, first)
        elif kind == 0xC0 and not channel.notes:
            channel.program = first
        elif kind == 0xB0 and first == 64:
            down = event.data[1] >= 64
            if down != bool(channel.pedal and channel.pedal[-1][1]):
                channel.pedal.append((event.tick, down))

    def _meta(self, event: Event) -> None:
        data, tick = event.data, event.tick
        if event.kind == 0x03 and not self.name:
            self.name = values.text(data)
        elif event.kind == 0x01:
            self.recipe = self.recipe or values.recipe(data)
        elif event.kind == 0x51 and not self.smpte:
            qpm = values.tempo(int.from_bytes(data[:3], "big")) if len(data) >= 3 else None
            self._change(self.tempos, tick, qpm, "an impossible tempo was left out")
        elif event.kind == 0x58:
            meter = values.meter(data[0], 2 ** min(data[1], 9)) if len(data) >= 2 else None
            self._change(self.score.meters, tick, meter, "an impossible meter was left out")
        elif event.kind == 0x59:
            fifths = int.from_bytes(data[:1], "big", signed=True) if len(data) >= 2 else 99
            key = values.key(fifths, data[1] == 1) if fifths != 99 else None
            self._change(self.score.keys, tick, key, "an impossible key was left out")
        elif event.kind == END_OF_TRACK:
            self._finish()

    def _change(self, rows: list[tuple[int, Any]], tick: int, value: Any, fault: str) -> None:
        if value is None:
            self.mender.mended[fault] += 1
        elif len(rows) < values.MAX_CHANGES:
            rows.append((tick, value))

    def _finish(self) -> None:
        """End what still sounds with the last message: an end mark may stand years away."""
        for channel in self.channels.values():
            for pitch, waiting in channel.sounding.items():
                while waiting:
                    self.mender.mended["a note that is never ended ends with its track"] += 1
                    channel.end(max(self.last, waiting[0][0] + 1), pitch)

    def tracks(self) -> list[Track]:
        """Return a track for each channel that plays."""
        return [
            self._track(number, channel)
            for number, channel in sorted(self.channels.items())
            if channel.notes
        ]

    def _track(self, number: int, channel: _Channel) -> Track:
        track = Track.of(channel.notes, self.name, channel.program, number == DRUM_CHANNEL)
        track.pedal = channel.pedal
        return track
