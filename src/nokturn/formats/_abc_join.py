"""Join the voices of an ABC tune, each read on its own, bar by bar into a Sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from nokturn.formats._abc_voice import VoiceReader
from nokturn.music.pitch import Key
from nokturn.music.sheet import Bar, Event, Sheet, Voice
from nokturn.music.time import COMMON_TIME, exact

Report = Callable[[str], None]


def join(sheet: Sheet, readers: list[VoiceReader], score: str, report: Report) -> Sheet:
    """Return the sheet with its voices and bars.

    Bar lines, repeats and changes are those of the voice that has the most bars; the other voices'
    marks are added where they say more. A voice that is short in a bar gets a hidden rest.
    """
    readers = [reader for reader in readers if reader.bars] or readers[:1]
    if len(readers) == 1 and all(len(bar.voices) == 1 for bar in readers[0].bars):
        sheet.voices, sheet.bars = [replace(readers[0].voice, part=0)], readers[0].bars
        return _begun(sheet)
    lanes = [max((len(bar.voices) for bar in reader.bars), default=1) for reader in readers]
    voices = _placed([reader.voice for reader in readers], score)
    sheet.voices = [
        replace(
            voice, name=voice.name if lane == 0 else "", number=voice.number if not lane else ""
        )
        for voice, count in zip(voices, lanes, strict=True)
        for lane in range(count)
    ]
    frame = max(readers, key=lambda reader: len(reader.bars))
    sheet.bars = []
    for b, lead in enumerate(frame.bars):
        bar = replace(lead, voices=[])
        for reader, count in zip(readers, lanes, strict=True):
            own = reader.bars[b] if b < len(reader.bars) else Bar([[]])
            bar.voices += own.voices + [[]] * (count - len(own.voices))
            _add_marks(bar, own)
        _fill(bar, b, report)
        _leave_absent(bar)
        sheet.bars.append(bar)
    return _begun(sheet)


def _begun(sheet: Sheet) -> Sheet:
    if not sheet.bars:
        sheet.bars = [Bar([[] for _ in sheet.voices])]
    first = sheet.bars[0]
    first.meter = first.meter or COMMON_TIME
    first.keys.setdefault(0, Key(mode="none"))
    return sheet


def _add_marks(bar: Bar, own: Bar) -> None:
    bar.meter = bar.meter or own.meter
    bar.keys = {**own.keys, **bar.keys}
    bar.tempos = {**own.tempos, **bar.tempos}
    bar.repeat_start = bar.repeat_start or own.repeat_start
    bar.repeat_end = max(bar.repeat_end, own.repeat_end)
    bar.ending = bar.ending or own.ending
    bar.ending_stop = bar.ending_stop or own.ending_stop
    bar.label = bar.label or own.label


def _fill(bar: Bar, number: int, report: Report) -> None:
    """Make the voices of a bar equally long by hidden rests."""
    length = bar.length
    for events in bar.voices:
        short = length - sum(event.duration for event in events)
        if events and short > 0:
            if not all(event.hidden or event.rest for event in events):
                report(f"the voices of bar {number + 1} differ in length; a rest is put in")
            events.append(Event(exact(short), hidden=True))


def _leave_absent(bar: Bar) -> None:
    """Take out the hidden whole-bar rests that stand for voices absent from the bar."""
    absent = [len(v) == 1 and v[0].hidden and v[0].rest and v[0].whole_bar for v in bar.voices]
    if not all(absent):
        bar.voices = [[] if gone else v for v, gone in zip(bar.voices, absent, strict=True)]


def _placed(voices: list[Voice], score: str) -> list[Voice]:
    """Return the voices with part and staff as ``%%score`` groups them: {..} shares a part."""
    part, staff = -1, 0
    braced = bracketed = False
    placed = {voice.number: replace(voice, part=-1) for voice in voices}
    for token in re.findall(r"[{}()]|[\w.+-]+", score):
        if token == "{":
            braced, part, staff = True, part + 1, -1
        elif token == "}":
            braced = False
        elif token == "(":
            bracketed = True
            part, staff = (part, staff + 1) if braced else (part + 1, 0)
        elif token == ")":
            bracketed = False
        elif token in placed:
            if not bracketed:
                part, staff = (part, staff + 1) if braced else (part + 1, 0)
            placed[token].part, placed[token].staff = part, staff
    for voice in placed.values():
        if voice.part < 0:
            part += 1
            voice.part = part
    return list(placed.values())
