"""Where the chords of a sheet may change, and what is heard in between.

    4/4  C E G E | D F2 B   ->   two slots, of a half bar each | one: no note begins in the middle

A chord may begin at a bar line, and in the middle of a bar of two or four beats where a note of the
leading voice begins. A pickup has none. Bars are counted by fours from where a section begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nokturn.generation._chord_states import state_of
from nokturn.music import harmony
from nokturn.music.key_finding import find_key
from nokturn.music.perform import perform
from nokturn.music.pitch import MODES, Key
from nokturn.music.sheet import Bar, Event, Sheet
from nokturn.music.time import TICKS_PER_QUARTER, Meter, Ticks

Floats = NDArray[np.float64]
STRESS = 2.0  # how much more a note says that begins on the first beat of a bar
ON_BEAT = 1.4  # and one on another beat


@dataclass(frozen=True)
class Slot:
    """A stretch of a bar that has one chord.

    Attributes
    ----------
    bar, at
        Index of the bar, and ticks from its start.
    place
        0 within a bar; at a bar line 1-4, which bar it begins of a phrase of four.
    key
        That holds there; its tonic is the reference of all.
    notes
        How much of each of the twelve pitch classes is heard, weighted, (12,).
    """

    bar: int
    at: Ticks
    place: int
    key: Key
    notes: Floats


def slots(sheet: Sheet) -> list[Slot]:
    """Return the stretches of a sheet that have one chord each, in order; a pickup has none."""
    lead = lead_voice(sheet)
    keys = list(sheet.keys())
    unnamed = Key() if all(map(_known, keys)) else find_key(perform(sheet, repeats=False))
    row = []
    rows = zip(sheet.bars, sheet.meters(), keys, _places(sheet), strict=True)
    for b, (bar, meter, key, place) in enumerate(rows):
        if b == 0 and len(sheet.bars) > 1 and 2 * bar.length <= meter.bar_ticks:
            continue
        key = key if _known(key) else unnamed
        starts = _starts(bar, meter, lead)
        for at, end in pairwise([*starts, bar.length]):
            heard = _heard(sheet, bar, meter, at, end)
            row.append(Slot(b, at, 0 if at else place, key, heard))
    return row


def _places(sheet: Sheet) -> Iterator[int]:
    """Yield for each bar which of a phrase of four it is, 1-4, counted from the section's start."""
    count = forked = 0
    before = Bar([])
    for bar, meter in zip(sheet.bars, sheet.meters(), strict=True):
        if bar.repeat_start or bar.label or before.line in ("double", "final", "heavy-light"):
            count = 0
        if before.repeat_end and not bar.ending:
            count = 0
        if bar.ending:
            forked = count if 1 in bar.ending else forked
            count = forked
        yield count % 4 + 1
        count += 2 * bar.length > meter.bar_ticks  # a pickup is none
        before = bar


def lead_voice(sheet: Sheet) -> int:
    """Return which voice the chord symbols stand over: the first that is no drum and has notes."""
    sounding = (
        v
        for v, voice in enumerate(sheet.voices)
        if not voice.drums
        and any(e.pitches for bar in sheet.bars for events in bar.voices[v : v + 1] for e in events)
    )
    return next(sounding, 0)


def _starts(bar: Bar, meter: Meter, lead: int) -> list[Ticks]:
    """Return where in a bar a chord may begin: at its start, and in its middle at a note."""
    onsets = [at for at, _ in timed(bar.voices[lead])] if lead < len(bar.voices) else []
    if not onsets or not bar.length:
        return []
    middle = sum(meter.beats[: len(meter.beats) // 2])
    halves = len(meter.beats) % 2 == 0 and middle in onsets and middle < bar.length
    return [0, middle] if halves and middle else [0]


def _heard(sheet: Sheet, bar: Bar, meter: Meter, start: Ticks, end: Ticks) -> Floats:
    """Return the weight of each pitch class in a part of a bar, (12,), in quarter notes."""
    heard = np.zeros(12)
    beats = {sum(meter.beats[:k]) for k in range(len(meter.beats))}
    for voice, events in zip(sheet.voices, bar.voices, strict=False):
        for at, event in timed(events) if not voice.drums else ():
            length = min(at + event.duration, end) - max(at, start)
            if length > 0:
                stress = STRESS if at == 0 else ON_BEAT if at in beats else 1.0
                for pitch in event.pitches:
                    heard[pitch.midi % 12] += stress * float(length) / TICKS_PER_QUARTER
    return heard


def timed(events: list[Event]) -> Iterator[tuple[Ticks, Event]]:
    """Yield events with their ticks from the start of the bar."""
    at: Ticks = 0
    for event in events:
        yield at, event
        at += event.duration


def _known(key: Key) -> bool:
    return key.mode in MODES


def written_states(sheet: Sheet, row: list[Slot]) -> list[int | None]:
    """Return the state of the chord symbol that holds in each stretch; None before the first."""
    symbols = sorted(
        (b, at, state_of(chord))
        for b, bar in enumerate(sheet.bars)
        for voice in bar.voices
        for at, event in timed(voice)
        if event.chord and (chord := harmony.parse(event.chord))
    )
    found: list[int | None] = []
    holding: int | None = None
    for slot in row:
        while symbols and symbols[0][:2] <= (slot.bar, slot.at):
            holding = symbols.pop(0)[2]
        found.append(holding)
    return found
